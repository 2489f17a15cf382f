/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/2 follower as the kernel runs it: the vectors of the unit test, and connections made at random, through
 * BPF_PROG_TEST_RUN.
 */
#include <errno.h>
#include <time.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/vectors/http2_user.h"
#include "http2.skel.h"

enum {
	PIECES_WHOLE = 0,
};

static struct http2_bpf *skel;
static struct traffic traffic;

static void run_program(struct bpf_program *program)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);
	int r = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);

	if (r)
		fail_msg("BPF_PROG_TEST_RUN: %s", strerror(-r));
	assert_int_equal(opts.retval, 0);
	assert_int_equal(skel->bss->copies_failed, 0);
}

static void decide(__u32 paths, __u32 agents)
{
	skel->bss->path_start = paths;
	skel->bss->agent_start = agents;
	run_program(skel->progs.redecide);
}

/* The bytes up to `end`, in pieces of up to `most`. */
static void follow(__u32 begin, __u32 end, __u32 most)
{
	__u32 n = 0;

	while (begin < end) {
		begin = most && end - begin > most ? begin + most : end;
		skel->bss->piece_end[n++] = begin;
	}
	skel->bss->n_pieces = n;
	run_program(skel->progs.follow);
}

static void check_vector(const struct http2_vector *vector, __u32 most)
{
	__u32 len = vector_bytes(vector, skel->bss->input);

	vector_run_init(vector, &skel->bss->run);
	skel->bss->next = 0;
	follow(0, len, most);
	if (!vector_check(vector, &skel->bss->run))
		fail_msg("\"%s\", pieces of %u", vector->name, most);
}

TEST(vectors_whole_and_in_pieces)
{
	static const __u32 pieces[] = {PIECES_WHOLE, 1, 2, 3, 5, 7, 11, 31};

	for (size_t i = 0; i < N_HTTP2_VECTORS; i++)
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++)
			check_vector(&http2_vectors[i], pieces[j]);
}

/* How many blocks referred to what is hidden. */
static __u32 check_traffic(__u32 most, bool widens, bool exact)
{
	__u32 begin = 0, hidden = 0;

	http2_run_init(&skel->bss->run, traffic.plan.side, widens);
	memcpy(skel->bss->input, traffic.bytes, traffic.n_bytes);
	skel->bss->next = 0;
	for (__u32 i = 0; i < traffic.n_segments; i++) {
		const struct traffic_segment *segment = &traffic.segments[i];

		decide(segment->starts.paths, segment->starts.agents);
		follow(begin, segment->end, most);
		begin = segment->end;
	}
	if (!traffic_check(&traffic, &skel->bss->run, exact, &hidden))
		fail_msg("pieces of %u", most);
	return hidden;
}

static __u32 check_pieces(bool widens, bool exact)
{
	static const __u32 pieces[] = {1, 7, 1400, 4000};
	__u32 hidden = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		hidden += check_traffic(pieces[i], widens, exact);
	return hidden;
}

static __u32 check_many(struct traffic_plan plan, __u32 n, bool widens, bool exact)
{
	__u32 hidden = 0;

	for (__u32 i = 0; i < n; i++, plan.seed++) {
		plan.side = i & 1 ? HTTP2_RESPONSES : HTTP2_REQUESTS;
		traffic_make(&traffic, &plan);
		hidden += check_pieces(widens, exact);
	}
	traffic_clear(&traffic);
	return hidden;
}

/* Emulated machines have less time. */
static __u32 connections(void)
{
	return getenv("SLIPROBE_IN_VM") ? 4 : 20;
}

TEST(traffic_with_tables_of_the_usual_size)
{
	struct traffic_plan plan = {.seed = 10000, .blocks = 200, .room = HTTP2_TABLE_BYTES};

	assert_int_equal(check_many(plan, connections(), false, true), 0);
	plan.resizes = true;
	assert_int_equal(check_many(plan, connections(), false, true), 0);
}

TEST(traffic_with_large_tables)
{
	struct traffic_plan plan = {
		.seed = 11000, .blocks = 400, .room = HTTP2_WIDE_BYTES, .resizes = true};

	assert_int_not_equal(check_many(plan, connections(), false, false), 0);
	assert_int_equal(check_many(plan, connections(), true, false), 0);
}

/* How many connections. */
static __u32 check_recording(const char *arguments)
{
	FILE *file = recording_open(arguments);
	__u32 n = 0;

	assert_non_null(file);
	while (recorded_next(file, 40000 + n, &traffic)) {
		bool large = traffic.plan.room > HTTP2_TABLE_BYTES;

		assert_int_equal(check_pieces(large, !large), 0);
		n++;
	}
	traffic_clear(&traffic);
	assert_true(feof(file));
	assert_int_equal(pclose(file), 0);
	return n;
}

TEST(blocks_of_python_hpack)
{
	char arguments[64];

	(void)snprintf(arguments, sizeof(arguments), "hpack 2 %u", connections());
	assert_int_equal(check_recording(arguments), connections());
}

/* A checkout of github.com/http2jp/hpack-test-case. */
TEST(blocks_of_the_public_corpus)
{
	const char *directory = getenv("SLIPROBE_HPACK_CORPUS");
	char arguments[256];

	if (!directory) {
		print_message("skipped: SLIPROBE_HPACK_CORPUS names no corpus\n");
		skip();
	}
	(void)snprintf(arguments, sizeof(arguments), "corpus '%s'", directory);
	assert_true(check_recording(arguments) > 300);
}

/* Frames are found where they begin, and nowhere else. */
TEST(frames_are_told_from_other_bytes)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	__u32 found = 0;

	traffic_make(&traffic, &(struct traffic_plan){.seed = 1,
						      .side = HTTP2_RESPONSES,
						      .blocks = 20,
						      .room = HTTP2_TABLE_BYTES,
						      .plain = true});
	skel->bss->run.side = HTTP2_RESPONSES;
	skel->bss->piece_end[0] = 1000;
	for (__u32 at = 0; at < 1000; at++) {
		memcpy(skel->bss->input, traffic.bytes + at, 1000);
		run_program(skel->progs.look);
		assert_int_equal(skel->bss->frames,
				 http2_frames_at(traffic.bytes + at, 0, 1000, HTTP2_RESPONSES));
		found += skel->bss->frames > 1;
	}
	assert_in_range(found, 5, 100);
	memcpy(skel->bss->input, text, sizeof(text));
	run_program(skel->progs.look);
	assert_int_equal(skel->bss->frames, 0);
}

/* ---- cost ---- */

/* Header blocks of python-hpack, as they are at the beginning of a connection, and later. */
static const struct cost {
	const char *name;
	enum http2_side side;
	const char *block;
} costs[] = {
	{"a GET of eight fields, the first one", HTTP2_REQUESTS,
	 "8287418c44e7ad72f91d35d055c87a7f448d60c92d28602265a6d8ac76251f7aced07f66"
	 "a281b0dae053fafc087ed4ce6aadf2a7979c89c6bfb521aeba0bc8b1e632586d975765c5"
	 "3facd8f7e8cff4a506ea5531149d4ffda97a7b0f49580880b81702e05370e51d8661b65d"
	 "5d973f5397497ca589d34d1f43aeba0c41a4c7a98f33a69a3fdf9a68508d9bd9abfa5242"
	 "cb40d25fa523b34089f2b585ed6950958d278c6a5146ec81290037da8db67f"},
	{"a GET of eight fields, its path and id new", HTTP2_REQUESTS,
	 "8287c3148e60c92d28602265a6d8ac76250effc1c0bf1f2f8c6a5146ec81290037da8db6"
	 "5d"},
	{"a GET of eight fields, all indexed", HTTP2_REQUESTS, "8287c3c2c1c0bfbe"},
	{"a gRPC request of nine fields, the first one", HTTP2_REQUESTS,
	 "838644956272d141fc1eca245f15852a4b631b87eb1968a0ff41929ac29525b172f91d35"
	 "d055c87a6e3600361f5f8b1d75d0620d263d4c4d65644082497f864d833505b11f408e9a"
	 "cac8b0c842d6958b510f21aa9b913485a9264fafa5242cb40d25fa526f66af7aa49acac8"
	 "b57e9339ea602bb615c2a4d6564588c09f5c0b814fea83556f9fb5093a5358bfbf40899a"
	 "cac8b24d494f6a7f837df7e9"},
	{"a gRPC request of nine fields, its timeout new", HTTP2_REQUESTS,
	 "8386c4c3c2c1c0bf1f2f847df7e977"},
	{"a gRPC response, the first one", HTTP2_RESPONSES,
	 "885f8b1d75d0620d263d4c4d6564408e9acac8b0c842d6958b510f21aa9b913485a9264f"
	 "afa5242cb40d25fa526f66af"},
	{"a gRPC response, all indexed", HTTP2_RESPONSES, "88bfbe"},
	{"gRPC trailers, the first ones", HTTP2_RESPONSES,
	 "40889acac8b21234da8f810740899acac8b5254207317f80"},
	{"gRPC trailers, all indexed", HTTP2_RESPONSES, "bf7e80"},
};

static double measured_ns(const struct cost *cost, __u32 len)
{
	struct timespec begin, end;

	http2_run_init(&skel->bss->run, cost->side, false);
	http2_join(&skel->bss->run.conn.side[cost->side]);
	decide(HTTP2_TEST_PATHS, HTTP2_TEST_AGENTS);
	skel->bss->piece_end[0] = len;
	skel->bss->rounds = 10;
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	run_program(skel->progs.measure);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
}

/* Says it; the shortest of many tries is the one that nothing else has slowed down. */
TEST(what_header_blocks_cost)
{
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		const struct cost *cost = &costs[i];
		struct http2_frame frame = BLOCK(1, cost->block);
		size_t n = frame_bytes(&frame, skel->bss->input);
		__u32 blocks = (__u32)(4000 / n);
		double best = 1e12;

		for (__u32 j = 1; j < blocks; j++)
			memcpy(skel->bss->input + j * n, skel->bss->input, n);
		for (__u32 j = 0; j < 10 * connections(); j++) {
			double ns = measured_ns(cost, blocks * (__u32)n);

			best = ns < best ? ns : best;
			assert_int_equal(skel->bss->n_events, 10 * blocks);
		}
		print_message("%6.0f ns: %s\n", best / (10 * blocks), cost->name);
	}
}

static int fill_maps(void)
{
	for (__u32 state = 0; state < HTTP2_TEST_STATES; state++) {
		struct dfa_state value = {.base = state * 256};
		int r = bpf_map__update_elem(skel->maps.dfa_states, &state, sizeof(state), &value,
					     sizeof(value), BPF_ANY);

		for (__u32 c = 0; c < 256 && !r; c++) {
			struct dfa_cell cell = {.check = state, .next = http2_test_next[state][c]};
			__u32 index = value.base + c;

			r = bpf_map__update_elem(skel->maps.dfa_cells, &index, sizeof(index), &cell,
						 sizeof(cell), BPF_ANY);
		}
		if (r)
			return r;
	}
	return 0;
}

static int set_up(void **state)
{
	int r;

	(void)state;
	http2_test_automaton_init();
	skel = http2_bpf__open();
	if (!skel) {
		fprintf(stderr, "http2: open: %s\n", strerror(errno));
		return -1;
	}
	bpf_map__set_max_entries(skel->maps.dfa_states, HTTP2_TEST_STATES);
	bpf_map__set_max_entries(skel->maps.dfa_cells, HTTP2_TEST_STATES * 256);
	r = http2_bpf__load(skel);
	if (r) {
		fprintf(stderr, "http2: load: %s\n", strerror(-r));
		return -1;
	}
	return fill_maps();
}

static int tear_down(void **state)
{
	(void)state;
	http2_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_whole_and_in_pieces),
		cmocka_unit_test(traffic_with_tables_of_the_usual_size),
		cmocka_unit_test(traffic_with_large_tables),
		cmocka_unit_test(blocks_of_python_hpack),
		cmocka_unit_test(blocks_of_the_public_corpus),
		cmocka_unit_test(frames_are_told_from_other_bytes),
		cmocka_unit_test(what_header_blocks_cost),
	};

	return cmocka_run_group_tests_name("http2 in the kernel", tests, set_up, tear_down);
}
