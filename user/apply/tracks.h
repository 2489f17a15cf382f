/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracks that are counted, in lists: those of configured services, those of found services, and
 * those that have ended. The tracks of found services are made from wildcards.
 */
#ifndef SLIPROBE_APPLY_TRACKS_H
#define SLIPROBE_APPLY_TRACKS_H

#include <linux/types.h>
#include <stddef.h>

#include "apply/track.h"
#include "config/config.h"

/* An SLO that every found service has: a track of its own for each. */
struct wildcard {
	const struct config_slo *slo; /* NULL: it has ended */
	char *name; /* with "{service}" in it */
	char *definition;
	uint64_t slice_seconds; /* 0: occurrences */
	double slice_target;
	__u32 criteria; /* its slot */
	__u32 base; /* of its counters: those of an endpoint are at base + the endpoint's id */
	struct track_birth birth;
	/* sweeps in a row that found nobody judged for it, once it has ended */
	unsigned int unused_sweeps;
};

enum {
	BASE_NONE = 0, /* no wildcard's: the track is a configured service's */
	/* its service is known from disk, and not found since the kernel side began */
	ENDPOINT_NOT_MET = ENDPOINTS_MAX,
};

struct track_entry {
	struct track *track;
	__u32 base; /* of its wildcard, or BASE_NONE */
	__u32 endpoint; /* of a found service: its id, or ENDPOINT_NOT_MET */
	/* sweeps in a row that found nobody judged for it, once it has ended */
	unsigned int unused_sweeps;
};

struct tracks {
	struct track **configured; /* of configured services, in configured order */
	size_t n_configured;
	struct track_entry *found; /* of found services */
	size_t n_found;
	struct track_entry *ending; /* of former configurations, counted on: see apply/ending */
	size_t n_ending;
	struct wildcard *wildcards; /* those in force, then those that have ended */
	size_t n_wildcards;
};

/* Which tracks: one of these, or both. */
enum {
	TRACKS_IN_FORCE = 1,
	TRACKS_ENDED = 2,
};

/*
 * The next track of those asked for, NULL behind the last: configured services' first, in configured
 * order, then found services', then the ended ones. *at is 0 at first; no list may change meanwhile.
 */
struct track *tracks_next(const struct tracks *tracks, unsigned int which, size_t *at);
size_t tracks_count(const struct tracks *tracks, unsigned int which);

/* The track in force of that name; NULL if there is none. */
struct track *tracks_named(const struct tracks *tracks, const char *name);

void tracks_clear(struct tracks *tracks);

/* The wildcard whose counters begin at `base`; NULL if there is none. */
struct wildcard *wildcard_at(struct wildcard *wildcards, size_t n, __u32 base);
void wildcard_clear(struct wildcard *wildcard);
void wildcards_free(struct wildcard *wildcards, size_t n);

#endif
