/* SPDX-License-Identifier: GPL-2.0-only */
/* What groups are made of: for samples/group and its part that renders them. */
#ifndef SLIPROBE_SAMPLES_GROUP_JSON_H
#define SLIPROBE_SAMPLES_GROUP_JSON_H

#include <stdint.h>

#include "samples/group.h"

struct group {
	char *key; /* see group_part() */
	size_t key_len;
	uint64_t hash;
	double numbers
		[GROUP_BY_MAX]; /* of one of its events: its range is that of all; NAN: not known */
	struct group_sums sums;
	double first, last; /* Unix seconds */
	double p50, p99; /* see groups_find_quantiles() */
};

struct group_value {
	uint32_t group;
	float seconds;
	float weight;
};

struct groups {
	struct group_by by;
	struct group *groups;
	size_t n;
	int *places; /* by hash; -1: free */
	size_t keys_bytes;
	struct group_value *values;
	size_t n_values;
	size_t values_room;
	bool values_cut;
	struct group_sums all;
	struct group_sums beyond; /* what found no group */
};

/* The text of the key's field i; NULL: not known. */
const char *group_part(const struct group *group, size_t i);

/* Sorts the values, and sets p50 and p99 of each group. */
void groups_find_quantiles(struct groups *groups);

#endif
