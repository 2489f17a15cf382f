/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What putting a configuration in force and noting it (apply/note) share.
 */
#ifndef SLIPROBE_APPLY_PRIVATE_H
#define SLIPROBE_APPLY_PRIVATE_H

#include <jansson.h>

#include "apply/compile.h"
#include "apply/rules.h"
#include "base/error.h"

/* What a kernel policy refers to, for as long as anything may be judged by it. */
struct policy_refs {
	__u32 n;
	struct policy_slo slos[POLICY_SLOS_MAX];
};

struct places {
	struct policy_refs *policies[POLICIES_MAX]; /* NULL: free */
	bool criteria[SLO_CRITERIA_MAX]; /* in use; made anew for each configuration */
	bool bases[SLO_WILDCARDS_MAX];
};

/* A configuration being put in force. */
struct change {
	struct rules *rules;
	struct probe *probe;
	const struct config *config;
	struct error *error;
	__u32 generation;
	struct tables_slo *slos;
	size_t n_slos;
	struct track **tracks;
	bool *fresh; /* tracks[i] is new: dropped if the change fails */
	size_t n_tracks;
	struct wildcard *wildcards;
	size_t n_wildcards;
	struct tables tables;
	__u16 *policies;
	struct policy_refs **refs;
	__u16 *ports;
};

struct track_birth rules_born(struct rules *rules);
int rules_add_wildcard(struct change *change, struct tables_slo *slo);

/* ---- apply/note ---- */

/* Notes the rules that the change will have put in force. Returns 0 or -errno. */
int rules_write_note(const struct change *change);
/* Notes the rules that are in force. */
void rules_note_again(struct rules *rules);

/* ---- apply/places ---- */

/* Frees the policies nothing is judged by any more, and finds what the others refer to. */
void places_review(struct rules *rules, struct probe *probe);
/* Policies that are in use or live and of which nothing is known yet. Returns 0 or -errno. */
int places_restore(struct rules *rules, struct probe *probe);
/* The first free one of `n`, taken. Returns 0 or -ENOSPC. */
int places_take(bool *places, __u32 n, __u32 *ret);
/* NULL when out of memory; to be freed. */
struct policy_refs *places_refs(const struct policy *policy);
/* True if a policy counts there: a track's slot, or a wildcard's base. */
bool places_judged_for(const struct places *places, __u32 counts);

/* ---- apply/ending ---- */

bool rules_goes_on(const struct change *change, const struct track *track);
/* Makes room for rules_end(). Returns 0 or -ENOMEM. */
int rules_reserve_ending(struct rules *rules);
/* What the change has no more begins to end, what it has again does not end. */
void rules_end(struct rules *rules, struct change *change);

/* NULL if there is none. */
struct wildcard *wildcard_at(struct wildcard *wildcards, size_t n, __u32 base);
void wildcards_free(struct wildcard *wildcards, size_t n);

#endif
