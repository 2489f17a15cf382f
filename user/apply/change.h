/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of the configuration in force, in three acts: change_plan() collects all that the kernel
 * needs, without touching it; apply/apply writes that, where nothing is judged by it yet, and makes
 * it live; change_commit() puts it in force here.
 */
#ifndef SLIPROBE_APPLY_CHANGE_H
#define SLIPROBE_APPLY_CHANGE_H

#include "apply/applied.h"
#include "apply/compile.h"
#include "apply/places.h"
#include "base/error.h"
#include "kernel/tables.h"

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
	__u16 *ports; /* of write.tables */
};

/*
 * Plans to put `config` in force, in the region that is free. On failure, which is -errno and a
 * sentence, the former one stays in force. *ret ends with change_commit() or change_drop().
 */
int change_plan(struct applied *applied, const struct policies_in_use *in_use,
		const struct tables_region *region, struct config *config, struct change *ret,
		struct error *ret_error);

/* Puts the change in force and takes its configuration over. Cannot fail: all room is reserved. */
void change_commit(struct change *change);

/* Gives the change up: the former configuration stays in force. */
void change_drop(struct change *change);

/* ---- used by change_plan() and change_commit() ---- */

/* Plans the wildcard of an SLO for service "*" (apply/found). Returns 0 or -errno. */
int change_add_wildcard(struct change *change, struct tables_slo *slo, struct error *error);

/* Adds the counters of an SLO that begins to what is written (apply/change). */
void change_add_counters(struct change *change, const struct new_counters *counters);

/* True if the track is one of the change's. */
bool change_has_track(const struct change *change, const struct track *track);

/* Makes room for change_end() (apply/ending). Returns 0 or -ENOMEM. */
int change_reserve_ending(struct change *change);

/*
 * Ends the tracks and wildcards that the change no longer has; those that were ending and are the
 * change's again go on.
 */
void change_end(struct change *change);

#endif
