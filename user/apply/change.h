/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of the configuration in force, in three acts: apply/plan collects all that the kernel
 * needs, without touching it; apply/apply writes that, where nothing is judged by it yet, and makes
 * it live; apply/commit puts it in force here.
 */
#ifndef SLIPROBE_APPLY_CHANGE_H
#define SLIPROBE_APPLY_CHANGE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "apply/applied.h"
#include "apply/tables_input.h"
#include "kernel/tables.h"

struct policy_refs;

struct change {
	struct applied *applied;
	struct config *config;
	struct tables_change write;
	struct tables_slo *slos;
	size_t n_slos;
	struct track **tracks; /* of configured services, in configured order */
	bool *fresh; /* tracks[i] is new: freed if the change is dropped */
	size_t n_tracks;
	struct wildcard *wildcards; /* has room for those of `applied`, too */
	size_t n_wildcards;
	struct policy_refs **refs; /* of each policy of write.tables */
	struct lookups lookups; /* of write.tables */
};

/* Adds the counters of an SLO that begins to what is written. */
void change_add_counters(struct change *change, const struct new_counters *counters);

/* True if the track is one of the change's. */
bool change_has_track(const struct change *change, const struct track *track);

/* Frees all that the change holds, but no track. */
void change_clear(struct change *change);

/* Gives the change up: the former configuration stays in force. */
void change_drop(struct change *change);

#endif
