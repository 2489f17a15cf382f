/* SPDX-License-Identifier: GPL-2.0-only */
/* What the hooks of a loaded skeleton have counted. */
#ifndef SLIPROBE_TESTS_BPF_COUNTING_H
#define SLIPROBE_TESTS_BPF_COUNTING_H

#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "abi.h"

static struct {
	const struct bpf_map *stats, *series, *series_shared, *series_keys;
	const __u32 *series_last;
} counting;

/* Of the skeleton, which is loaded. */
#define COUNT_IN(skel)                                                                             \
	(counting = (typeof(counting)){(skel)->maps.stats, (skel)->maps.series,                    \
				       (skel)->maps.series_shared, (skel)->maps.series_keys,       \
				       &(skel)->bss->series_last})

/* A word of an entry, on all CPUs. */
static inline __u64 sum(const struct bpf_map *map, __u32 index, size_t word)
{
	size_t size = bpf_map__value_size(map);
	bool per_cpu = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY;
	int n = per_cpu ? libbpf_num_possible_cpus() : 1;
	__u64 *values, total = 0;

	assert_true(n > 0);
	values = calloc((size_t)n, size);
	assert_non_null(values);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(map), &index, values), 0);
	for (int cpu = 0; cpu < n; cpu++)
		total += values[(size_t)cpu * size / sizeof(*values) + word];
	free(values);
	return total;
}

static inline __u64 stat(enum statistic index)
{
	return sum(counting.stats, index, 0);
}

static inline __u64 seen(void)
{
	return stat(STAT_SEEN) + stat(STAT_SEEN_RECV);
}

static inline __u64 ended(void)
{
	return stat(STAT_ENDED) + stat(STAT_ENDED_SEND);
}

/* Requests counted so far with that method, outcome and status, of whatever service that was found. */
static inline __u64 counted(enum http_method method, enum outcome outcome, __u16 status)
{
	const size_t words = sizeof(struct series_value) / sizeof(__u64);
	__u64 total = 0;

	for (__u32 id = 1; id <= *counting.series_last; id++) {
		struct series_key key;
		size_t word = id % BLOCK * words;

		assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(counting.series_keys), &id, &key),
				 0);
		if (key.method != method || series_outcome(&key) != outcome || key.status != status)
			continue;
		assert_int_equal(series_role(&key), ROLE_SERVER);
		assert_true(key.service >= SERVICE_FOUND);
		total += sum(counting.series, id / BLOCK, word) +
			 sum(counting.series_shared, id / BLOCK, word);
	}
	return total;
}

#endif
