/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The events that are kept: in memory until the step's end, and in `samples.db` beside history. A disk that is full,
 * slow or broken costs events, and counts them; it never fails a caller.
 */
#ifndef SLIPROBE_SAMPLES_EVENTS_H
#define SLIPROBE_SAMPLES_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/sample.h"
#include "samples/event.h"
#include "samples/names.h"

struct events;

/* dir: the state directory, as a path that is in reach. Returns 0 or -ENOMEM: that of the database is no failure. */
int events_open(const char *dir, struct events **ret);
/* Writes what is to be written, first. */
void events_close(struct events *events);

/*
 * A sample, its head included, of `bytes`; it may be cut or nonsense. `names`: what its ids mean. boot_seconds: the Unix
 * time of CLOCK_MONOTONIC's 0.
 */
void events_take(struct events *events, const struct names *names, const struct sample *sample,
		 size_t bytes, double boot_seconds);

/* Some times a second: writes a batch, and prunes what is too old or too much by `names`, if that is due. */
void events_step(struct events *events, const struct names *names, double now);

struct events_state {
	uint64_t lost; /* that could not be written */
	uint64_t kept; /* events in the database now */
	uint64_t bytes; /* of the database */
	double oldest; /* Unix seconds; NAN: there is none */
	const char *why; /* nothing is written; NULL: it is */
};

void events_state(const struct events *events, struct events_state *ret);

/* Which events are read: those in [since, until), with an id above `after`. */
struct events_range {
	double since, until; /* Unix seconds */
	int64_t after;
	bool backwards; /* the newest first */
	const char *service; /* NULL: all */
	const char *eligible_for; /* an SLO; NULL: all */
};

/*
 * Calls each() for each event, which is valid until it returns, in the order of time; those in memory included. It stops
 * when that returns false. Returns 0 or -errno.
 */
int events_read(struct events *events, const struct events_range *range,
		bool (*each)(void *context, const struct event *event), void *context);

#endif
