/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/2 follower as the kernel runs it: the vectors of the unit test, and connections made at random, through
 * BPF_PROG_TEST_RUN.
 */
#include <errno.h>

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
	};

	return cmocka_run_group_tests_name("http2 in the kernel", tests, set_up, tear_down);
}
