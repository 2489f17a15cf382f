/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parser, the automata and the histogram as the kernel runs them: the vectors of the unit test
 * through BPF_PROG_TEST_RUN, against what they expect and against the same code in user space.
 */
#include <errno.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/vectors/http1_user.h"
#include "abi.h"
#include "parser.skel.h"

static struct parser_bpf *skel;
static struct splits splits;

static void run_program(struct bpf_program *program)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);
	int r = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);

	if (r)
		fail_msg("BPF_PROG_TEST_RUN: %s", strerror(-r));
	assert_int_equal(opts.retval, 0);
	assert_int_equal(skel->bss->copies_failed, 0);
}

static void run_in_kernel(const struct http1_vector *vector, bool ready, struct http1_run *ret)
{
	memcpy(skel->bss->piece_end, splits.end, splits.n * sizeof(splits.end[0]));
	skel->bss->n_pieces = splits.n;
	vector_run_init(vector, ready, &skel->bss->run);
	run_program(skel->progs.parse);
	*ret = skel->bss->run;
}

static void run_in_user_space(const struct http1_vector *vector, bool ready, struct http1_run *ret)
{
	__u32 begin = 0;

	vector_run_init(vector, ready, ret);
	for (__u32 i = 0; i < splits.n; i++) {
		http1_run_feed(ret, skel->bss->input + begin, splits.end[i] - begin);
		begin = splits.end[i];
	}
	http1_run_finish(ret);
}

static void check_vector(const struct http1_vector *vector, __u32 last_plan)
{
	size_t len = vector_bytes(vector, skel->bss->input);
	struct http1_run here, there;

	for (__u32 plan = 0; plan < last_plan && splits_plan((__u32)len, plan, &splits); plan++) {
		run_in_kernel(vector, !(plan & 1), &there);
		run_in_user_space(vector, plan & 1, &here);
		if (!vector_check(vector, &there))
			fail_msg("\"%s\", plan %u, %u pieces, first one of %u bytes", vector->name,
				 plan, splits.n, splits.n ? splits.end[0] : 0);
		if (!runs_same(&here, &there))
			fail_msg("\"%s\", plan %u: kernel and user space differ", vector->name,
				 plan);
	}
}

TEST(vectors_whole_and_in_pieces)
{
	for (size_t i = 0; i < N_HTTP1_VECTORS; i++)
		check_vector(&http1_vectors[i], 2 + PLANS_RANDOM);
}

TEST(vectors_split_at_each_position)
{
	for (size_t i = 0; i < N_HTTP1_VECTORS; i++)
		check_vector(&http1_vectors[i], ~0U);
}

/* A known value and its neighbours, for each bound: the kernel's bucket is the user side's. */
TEST(histogram_buckets)
{
	enum { ROOM = sizeof(skel->bss->hist_ns) / sizeof(skel->bss->hist_ns[0]) };

	for (int shift = -1; shift <= 1; shift++) {
		skel->bss->n_hist = HIST_BOUNDS + 3;
		assert_true(skel->bss->n_hist <= ROOM);
		for (int i = 0; i < HIST_BOUNDS; i++)
			skel->bss->hist_ns[i] = hist_bound_ns[i] + (__u64)shift;
		skel->bss->hist_ns[HIST_BOUNDS] = 0;
		skel->bss->hist_ns[HIST_BOUNDS + 1] = 1ULL << 63;
		skel->bss->hist_ns[HIST_BOUNDS + 2] = ~0ULL;
		memset(skel->bss->hist_buckets, 0xff, sizeof(skel->bss->hist_buckets));
		run_program(skel->progs.bucket);
		for (unsigned int i = 0; i < HIST_BOUNDS; i++) {
			assert_int_equal(skel->bss->hist_buckets[i], shift > 0 ? i + 1 : i);
			assert_int_equal(skel->bss->hist_buckets[i],
					 hist_bucket(skel->bss->hist_ns[i]));
		}
		assert_int_equal(skel->bss->hist_buckets[HIST_BOUNDS], 0);
		assert_int_equal(skel->bss->hist_buckets[HIST_BOUNDS + 1], HIST_BUCKETS - 1);
		assert_int_equal(skel->bss->hist_buckets[HIST_BOUNDS + 2], HIST_BUCKETS - 1);
		assert_int_equal(skel->bss->hist_buckets[HIST_BOUNDS + 3], ~0U);
	}
}

static int fill_map(struct bpf_map *map, const void *values, size_t n, size_t size)
{
	for (__u32 i = 0; i < n; i++) {
		int r = bpf_map__update_elem(map, &i, sizeof(i), (const char *)values + i * size,
					     size, BPF_ANY);

		if (r) {
			fprintf(stderr, "%s[%u]: %s\n", bpf_map__name(map), i, strerror(-r));
			return r;
		}
	}
	return 0;
}

static int fill_maps(void)
{
	const struct vector_automata *a = &vector_automata;
	size_t n_accepts = a->paths.n_sets + a->agents.n_sets - 1;
	int r = 0;

	for (__u32 i = 0; i < n_accepts && !r; i++) {
		struct accept accept = {.value = i};

		r = bpf_map__update_elem(skel->maps.accepts, &i, sizeof(i), &accept, sizeof(accept),
					 BPF_ANY);
	}
	if (!r)
		r = fill_map(skel->maps.dfa_states, a->states, a->n_states, sizeof(*a->states));
	if (!r)
		r = fill_map(skel->maps.dfa_cells, a->cells, a->n_cells, sizeof(*a->cells));
	return r;
}

static int set_up(void **state)
{
	const struct vector_automata *a = &vector_automata;
	int r;

	(void)state;
	if (!vector_automata_init())
		return -1;
	skel = parser_bpf__open();
	if (!skel) {
		fprintf(stderr, "parser: open: %s\n", strerror(errno));
		return -1;
	}
	bpf_map__set_max_entries(skel->maps.dfa_states, (__u32)a->n_states);
	bpf_map__set_max_entries(skel->maps.dfa_cells, (__u32)a->n_cells);
	bpf_map__set_max_entries(skel->maps.accepts,
				 (__u32)(a->paths.n_sets + a->agents.n_sets - 1));
	r = parser_bpf__load(skel);
	if (r) {
		fprintf(stderr, "parser: load: %s\n", strerror(-r));
		return -1;
	}
	return fill_maps();
}

static int tear_down(void **state)
{
	(void)state;
	parser_bpf__destroy(skel);
	vector_automata_clear();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_whole_and_in_pieces),
		cmocka_unit_test(vectors_split_at_each_position),
		cmocka_unit_test(histogram_buckets),
	};

	return cmocka_run_group_tests_name("parser in the kernel", tests, set_up, tear_down);
}
