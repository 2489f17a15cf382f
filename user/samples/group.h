/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events grouped by up to three fields: how many requests each group stands for, how many of them are bad, how long they
 * took. Durations, sizes and times are grouped by ranges (samples/bucket). Pure.
 *
 * Sums are of weights, so that they are those of all requests, not of the samples. p50 and p99 of `total` are the smallest
 * value that at least that share of the weight has at most (the inverse of the weighted distribution).
 *
 * Memory: GROUPS_MAX groups, GROUP_KEYS_BYTES of texts, and 12 bytes for each of GROUP_VALUES_MAX events: 16 MiB at most.
 * What finds no group is in the rest; the quantiles of what finds no room are of the events that came first.
 */
#ifndef SLIPROBE_SAMPLES_GROUP_H
#define SLIPROBE_SAMPLES_GROUP_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "samples/fields.h"

enum {
	GROUP_BY_MAX = 3,
	GROUPS_MAX = 4096,
	GROUP_KEYS_BYTES = 2 << 20,
	GROUP_VALUES_MAX = 1 << 20,
};

struct group_by {
	struct field_ref fields[GROUP_BY_MAX];
	size_t n_fields; /* 0: all is one group */
	double time_step; /* seconds */
};

/* Reads "FIELD[,FIELD[,FIELD]]". Returns 0, or -EINVAL with a sentence. */
int group_by_parse(const char *text, struct group_by *ret, struct error *ret_error);

/* Sums of events. */
struct group_sums {
	uint64_t samples;
	uint64_t bad_samples;
	double requests; /* that they stand for */
	double bad;
};

void group_sums_add(struct group_sums *sums, const struct event *event);

struct groups;

/* Returns 0 or -ENOMEM. *ret is to be freed. */
int groups_new(const struct group_by *by, struct groups **ret);
void groups_free(struct groups *groups);

static inline void groups_freep(struct groups **groups)
{
	groups_free(*groups);
}

/* Takes copies. Returns 0 or -ENOMEM. */
int groups_add(struct groups *groups, const struct event *event);

/*
 * {"by": [...], "groups": [...], "rest": {...} or null, "quantiles_cut": bool}: the first `limit` groups, most bad
 * requests first, then most requests; where the first field is grouped by ranges, in their order. A group is
 *   {"key": {"user_agent": "x", "status": 503}, "samples", "bad_samples", "requests", "bad", "bad_share", "share_of_bad",
 *    "p50_seconds", "p99_seconds", "first", "last", "filter": one that is true of its events}
 * with null in the key for what is not known, and in the quantiles if no event has a total. `rest` sums up the other
 * groups: {"groups", "at_least": there may be more of them, "samples", "bad_samples", "requests", "bad"}.
 * Nothing can be added afterwards. NULL without memory.
 */
json_t *groups_json(struct groups *groups, size_t limit);

#endif
