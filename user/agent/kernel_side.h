/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side in the agent's hands: programs and maps, the place where they stay while no agent
 * runs, and what is known of them. It is loaded and attached, or taken over (agent/takeover).
 */
#ifndef SLIPROBE_AGENT_KERNEL_SIDE_H
#define SLIPROBE_AGENT_KERNEL_SIDE_H

#include <jansson.h>

#include "apply/applied.h"
#include "apply/note.h"
#include "base/error.h"
#include "kernel/pins.h"
#include "kernel/probe.h"

enum {
	KERNEL_INSTANCE_BYTES = 33,
	KERNEL_BUILD_BYTES = 17,
};

struct kernel_side {
	struct probe *probe; /* NULL: nothing is loaded */
	struct pins *pins; /* NULL: counting ends with this process */
	struct error unpinned; /* why; "": it does not */
	json_t *note; /* on the generation in force, or on the one that is about to be */
	__u32 noted; /* that generation */
	char instance[KERNEL_INSTANCE_BYTES]; /* drawn when the programs are loaded */
	double attached_boottime_seconds;
	bool taken_over;
	bool swept_all; /* the last sweep met all open requests */
	bool consistent; /* the last sweep found as many requests as the counters say */
};

/*
 * Takes the place of `state_dir`; says why if it cannot. Returns 0, or -EBUSY with a sentence: another agent has
 * it.
 */
int kernel_side_open(struct kernel_side *kernel, const char *state_dir, struct error *ret_error);
/* Closes the programs and unlocks the place. Pinned programs count on. */
void kernel_side_close(struct kernel_side *kernel);

/* True if a former agent has left something in the place. */
bool kernel_side_left(const struct kernel_side *kernel);
/*
 * True if a former agent has left its note, but nothing else: what counted for it was removed. The note is forgotten
 * then.
 */
bool kernel_side_was_removed(struct kernel_side *kernel);

/*
 * Looks whether pins and note are there, and makes them again if not; says so, or that it cannot. To be called at
 * each step but the last.
 */
void kernel_side_look(struct kernel_side *kernel);
/* Whether the kernel goes on counting without this process; if not, kernel->unpinned has why. */
bool kernel_side_is_pinned(const struct kernel_side *kernel);

/* Loads the programs. Returns as probe_open(). */
int kernel_side_load(struct kernel_side *kernel, enum probe_hook hook,
		     const struct tables_region *room, bool tls, struct error *ret_error);
/*
 * Attaches them: to be called when a configuration is in force, which the first request then finds.
 * Pins them, if there is a place. Returns as probe_attach().
 */
int kernel_side_attach(struct kernel_side *kernel, struct error *ret_error);

/*
 * Opens the programs that a former agent has left, which count on, and reads the note on the live
 * generation: NULL if there is none that can be read. Returns 0, or -errno and one sentence.
 */
int kernel_side_find(struct kernel_side *kernel, json_t **ret_note, struct error *ret_error);
/* Takes the instance and its beginning from the note. Returns as note_open(). */
int kernel_side_recall(struct kernel_side *kernel, const json_t *note, const json_t **ret_body);
/* Removes the programs, pins and notes. */
void kernel_side_discard(struct kernel_side *kernel);

/* The name of this build of the programs. */
void kernel_side_build(char ret[static KERNEL_BUILD_BYTES]);

/* Nothing is in force in `applied`; what comes in force is noted. Returns 0 or -ENOMEM. */
int kernel_side_begin(struct kernel_side *kernel, struct applied *applied);

/* Puts the configuration in force. Returns as applied_apply(). */
int kernel_side_apply(struct kernel_side *kernel, const struct policies_in_use *in_use,
		      struct applied *applied, struct config *config, struct error *ret_error);
/*
 * Ends requests that are unanswered for so long, and compares those in flight with the counters.
 * ret_in_use: as of probe_sweep(), or NULL. Returns 0 or -errno.
 */
int kernel_side_sweep(struct kernel_side *kernel, __u64 unanswered_ns,
		      struct policies_in_use *ret_in_use);

/* The kernel's counters of the track. Of a track without: as they last were. Returns 0 or -errno. */
int kernel_side_counts(const struct kernel_side *kernel, const struct track *track,
		       struct slo_counts *ret);

#endif
