/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A protocol of a few lines (tests/bpf/lines/) through all layers, in the kernel and on real sockets:
 * hooks, stream, exchange, judge and who know nothing of it but the seam, and count it exactly.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bpf/loaded.h"
#include <bpf/bpf.h>

#include "abi.h"
#include "lines.skel.h"

enum {
	POLICY = 1,
	GENERATION = 1,
	HIST_GROUPS = 1024,
};

static struct lines_bpf *skel;
static int n_cpus;

/* ---- reading ---- */

static __u64 sum(struct bpf_map *map, __u32 index, size_t word)
{
	size_t size = bpf_map__value_size(map);
	bool per_cpu = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY;
	int n = per_cpu ? n_cpus : 1;
	__u64 *values = calloc((size_t)n, size);
	__u64 total = 0;

	assert_non_null(values);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(map), &index, values), 0);
	for (int cpu = 0; cpu < n; cpu++)
		total += values[(size_t)cpu * size / sizeof(*values) + word];
	free(values);
	return total;
}

static __u64 stat(enum statistic index)
{
	return sum(skel->maps.stats, index, 0);
}

static __u64 seen(void)
{
	return stat(STAT_SEEN) + stat(STAT_SEEN_RECV);
}

static __u64 ended(void)
{
	return stat(STAT_ENDED) + stat(STAT_ENDED_SEND);
}

/* Requests counted so far with that method, outcome and status, of whatever service. */
static __u64 counted(enum http_method method, enum outcome outcome, __u16 status)
{
	const size_t words = sizeof(struct series_value) / sizeof(__u64);
	__u64 total = 0;

	for (__u32 id = 1; id <= skel->bss->series_last; id++) {
		struct series_key key;
		size_t word = id % BLOCK * words;

		assert_int_equal(
			bpf_map_lookup_elem(bpf_map__fd(skel->maps.series_keys), &id, &key), 0);
		if (key.method != method || series_outcome(&key) != outcome || key.status != status)
			continue;
		assert_int_equal(series_role(&key), ROLE_SERVER);
		assert_true(key.service >= SERVICE_FOUND);
		total += sum(skel->maps.series, id / BLOCK, word) +
			 sum(skel->maps.series_shared, id / BLOCK, word);
	}
	return total;
}

/* In all rows of the one SLO. */
static __u64 judged_good(void)
{
	__u64 total = 0;

	for (__u32 id = 0; id <= skel->bss->endpoint_last; id++)
		total += sum(skel->maps.slo_good, id, 0) + sum(skel->maps.slo_counts, id, 0);
	return total;
}

static __u64 judged_bad(enum bad_reason reason)
{
	const size_t word = offsetof(struct slo_counts, bad) / sizeof(__u64) + reason;
	__u64 total = 0;

	for (__u32 id = 0; id <= skel->bss->endpoint_last; id++)
		total += sum(skel->maps.slo_counts, id, word);
	return total;
}

/* ---- tests ---- */

TEST(answers_in_any_order)
{
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "?G\n?P\n?G\n", 2);
	assert_int_equal(seen(), 3);
	assert_int_equal(ended(), 0);
	say(pair.server, pair.client, "=2 503 0\n", 256);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 503), 1);
	assert_int_equal(ended(), 1);
	say(pair.server, pair.client, "=1 200 30\nfirst part, ", 256);
	say(pair.server, pair.client, "=9 the second\n\n",
	    256); /* none of its bytes is looked at */
	say(pair.server, pair.client, "end=3 200 0\n", 256);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 200), 2);
	say(pair.client, pair.server, "?P\n", 256);
	say(pair.server, pair.client, "=4 ", 256);
	say(pair.server, pair.client, "200 0", 256);
	assert_int_equal(ended(), 3);
	say(pair.server, pair.client, "\n", 256);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 200), 1);
	hang_up(&pair);
	assert_int_equal(seen(), 4);
	assert_int_equal(ended(), 4);
	assert_int_equal(judged_good(), 3);
	assert_int_equal(judged_bad(BAD_STATUS), 1);
}

TEST(never_answered)
{
	__u64 before = ended();
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "?G\n?G\n", 256);
	say(pair.server, pair.client, "=2 200 0\n", 256);
	hang_up(&pair);
	assert_int_equal(ended(), before + 2);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0), 1);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 200), 3);
}

TEST(not_understood)
{
	__u64 before = ended(), asked = seen();
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "?G\n?P\n", 256);
	say(pair.server, pair.client, "!\n", 256);
	hang_up(&pair);
	assert_int_equal(seen(), asked + 2);
	assert_int_equal(ended(), before);
	assert_int_equal(stat(STAT_LOST + LOST_BAD_RESPONSE), 2);
}

TEST(of_another_protocol)
{
	__u64 asked = seen();
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "GET / HTTP/1.1\r\n\r\n", 256);
	say(pair.server, pair.client, "HTTP/1.1 204 No Content\r\n\r\n", 256);
	say(pair.client, pair.server, "?G\n", 256);
	hang_up(&pair);
	assert_int_equal(seen(), asked);
}

/* ---- the kernel side ---- */

/* All found services are judged by one policy with one SLO: status 200 is good. */
static int configure(void)
{
	struct slo_criteria criteria = {.latency_ns = ~0ULL};
	struct policy policy = {.n_slos = 1, .other_mask = 1};
	struct live live = {.found_policy = POLICY};
	__u32 criteria_at = 0, policy_at = POLICY, live_at = GENERATION % LIVE_SLOTS;
	int r;

	criteria.status[200 / 64] = 1ULL << 200 % 64;
	for (int i = 0; i < HTTP_METHOD_COUNT; i++)
		policy.method_mask[i] = 1;
	r = bpf_map_update_elem(bpf_map__fd(skel->maps.slo_criteria), &criteria_at, &criteria, 0);
	r = r ?: bpf_map_update_elem(bpf_map__fd(skel->maps.policies), &policy_at, &policy, 0);
	r = r ?: bpf_map_update_elem(bpf_map__fd(skel->maps.live), &live_at, &live, 0);
	skel->bss->live_generation = GENERATION;
	return r;
}

static int set_up(void **state)
{
	int r;

	(void)state;
	n_cpus = libbpf_num_possible_cpus();
	skel = lines_bpf__open();
	if (!skel || n_cpus <= 0)
		return -1;
	CHOOSE_PROGRAMS(skel);
	skel->rodata->can_cast = kernel_has("bpf_rdonly_cast", BTF_KIND_FUNC);
	skel->bss->hist_groups = HIST_GROUPS;
	r = bpf_map__set_max_entries(skel->maps.hist, HIST_GROUPS / BLOCK);
	r = r ?: bpf_map__set_max_entries(skel->maps.hist_shared, HIST_GROUPS / BLOCK);
	r = r ?: lines_bpf__load(skel);
	r = r ?: configure();
	r = r ?: lines_bpf__attach(skel);
	if (r)
		fprintf(stderr, "test_lines: %s\n", strerror(-r));
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	lines_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_any_order),
		cmocka_unit_test(never_answered),
		cmocka_unit_test(not_understood),
		cmocka_unit_test(of_another_protocol),
	};

	return cmocka_run_group_tests_name("a test protocol", tests, set_up, tear_down);
}
