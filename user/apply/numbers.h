/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that outlive a configuration: those of services and routes in the kernel's tables, those
 * of places there, and the serial numbers of counters.
 */
#ifndef SLIPROBE_APPLY_NUMBERS_H
#define SLIPROBE_APPLY_NUMBERS_H

#include <linux/types.h>

#include "apply/tables_input.h"
#include "apply/track.h"
#include "base/ids.h"

struct places;

struct numbers {
	struct ids *services;
	struct ids *routes;
	struct places *places; /* which numbers of the kernel's tables are free: apply/places */
	__u64 serials; /* the last one given to a track or wildcard */
};

/* Makes them with none given out. Returns 0 or -ENOMEM. */
int numbers_init(struct numbers *numbers);
void numbers_clear(struct numbers *numbers);

/* The ids of services and routes, as the compiler asks for them. */
struct tables_ids numbers_ids(struct numbers *numbers);

/* The birth of counters that begin now. */
struct track_birth numbers_birth(struct numbers *numbers);

#endif
