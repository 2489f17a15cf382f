/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What putting a configuration in force and noting it (user/rules_note.c) share.
 */
#ifndef SLIPROBE_USER_RULES_PRIVATE_H
#define SLIPROBE_USER_RULES_PRIVATE_H

#include <jansson.h>

#include "rules.h"
#include "tables.h"

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
	struct config_error *error;
	__u32 generation;
	struct tables_slo *slos;
	size_t n_slos;
	struct track **tracks;
	bool *fresh; /* tracks[i] is new: dropped if the change fails */
	size_t n_tracks;
	struct track **leaving; /* room for all there are */
	struct wildcard *wildcards;
	size_t n_wildcards;
	struct tables tables;
	__u16 *policies;
	struct policy_refs **refs;
	__u16 *ports;
};

/* The note on the rules that the change will have put in force. NULL when out of memory. */
json_t *rules_note(const struct change *change);

/* Policies that are in use or live and of which nothing is known yet. Returns 0 or -errno. */
int places_restore(struct rules *rules, struct probe *probe);

void wildcards_free(struct wildcard *wildcards, size_t n);

#endif
