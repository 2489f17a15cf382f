/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places in the kernel's tables that are given out one by one, and which of them are free:
 *
 *   policies       numbers of the policies that requests are judged by
 *   slots          of slo_criteria, and of slo_counts (and slo_good) for an SLO of a configured service: 0 up to
 *                  SLO_CRITERIA_MAX
 *   bases          of slo_counts for a wildcard: the b-th has ENDPOINTS_MAX counters from
 *                  SLO_CRITERIA_MAX + b * ENDPOINTS_MAX on, one for each endpoint
 *
 * A policy is used again only when a sweep has found no connection judged by it, a slot or a base
 * when no such policy refers to it.
 */
#ifndef SLIPROBE_APPLY_PLACES_H
#define SLIPROBE_APPLY_PLACES_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi.h"

/* The slots and bases that a policy refers to, while anything may be judged by it. */
struct policy_refs {
	__u32 n;
	struct policy_slo slos[POLICY_SLOS_MAX];
};

struct places {
	struct policy_refs *policies[POLICIES_MAX]; /* NULL: free; 0 is never given out */
	bool slots[SLO_CRITERIA_MAX]; /* true: in use. Found anew by places_review() */
	bool bases[SLO_WILDCARDS_MAX]; /* true: in use, as slots */
};

void places_free(struct places *places);

/* Takes a free slot. Returns 0 or -ENOSPC. */
int places_take_slot(struct places *places, __u32 *ret);
/* Takes a free base; *ret is the first of its counters. Returns 0 or -ENOSPC. */
int places_take_base(struct places *places, __u32 *ret);

/* The number of the base whose first counter is at `base`. */
__u32 places_base_number(__u32 base);

/* The references of a policy. NULL when out of memory; to be freed. */
struct policy_refs *policy_refs_new(const struct policy *policy);

/* True if a policy counts there: at a track's slot, or from a wildcard's base on. */
bool places_judged_for(const struct places *places, __u32 counts);

#endif
