/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What putting a configuration in force and noting it (apply/note) share.
 */
#ifndef SLIPROBE_APPLY_PRIVATE_H
#define SLIPROBE_APPLY_PRIVATE_H

#include <jansson.h>

#include "apply/applied.h"
#include "apply/compile.h"
#include "apply/places.h"
#include "base/error.h"

/* A configuration being put in force. */
struct change {
	struct applied *applied;
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

int applied_add_wildcard(struct change *change, struct tables_slo *slo);

/* ---- apply/note ---- */

/* Notes what the change will have put in force. Returns 0 or -errno. */
int applied_write_note(const struct change *change);
/* Notes what is in force. */
void applied_note_again(struct applied *applied);

/* ---- apply/ending ---- */

bool applied_goes_on(const struct change *change, const struct track *track);
/* Makes room for applied_end(). Returns 0 or -ENOMEM. */
int applied_reserve_ending(struct applied *applied);
/* What the change has no more begins to end, what it has again does not end. */
void applied_end(struct applied *applied, struct change *change);

#endif
