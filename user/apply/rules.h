/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration in force: what the kernel judges by, and the SLOs counted under it. Putting
 * another one in force never touches what open requests are still judged by: new tables go to free
 * places, one store makes them live, and places are used again only when the walk over all
 * connections has found them unused.
 */
#ifndef SLIPROBE_APPLY_RULES_H
#define SLIPROBE_APPLY_RULES_H

#include <jansson.h>

#include "apply/tracks.h"
#include "base/error.h"
#include "base/ids.h"
#include "config/config.h"
#include "kernel/probe.h"

/* An SLO that every found service has: a track of its own for each. */
struct wildcard {
	const struct config_slo *slo; /* NULL: it has ended */
	char *name; /* with "{service}" in it */
	char *definition;
	uint64_t slice_seconds; /* 0: occurrences */
	double slice_target;
	__u32 criteria;
	__u32 base; /* of its counters: + endpoint id */
	struct track_birth birth;
	unsigned int unused; /* once ended: walks in a row that found nobody judged for it */
};

enum { ENDPOINT_NOT_MET = ENDPOINTS_MAX }; /* known from before the kernel side began */

struct found_track {
	struct track *track;
	__u32 base; /* of its wildcard; 0: none, it is a configured service's that has ended */
	__u32 endpoint;
	unsigned int unused; /* as its wildcard's */
};

struct places;

struct rules {
	struct config config;
	__u32 generation; /* 0: none in force yet */
	struct track **tracks; /* of configured services, in configured order */
	size_t n_tracks;
	struct wildcard *wildcards;
	size_t n_wildcards;
	struct found_track *found;
	size_t n_found;
	/* no more of the configuration, but counted on: see apply/ending */
	struct found_track *ending;
	size_t n_ending;
	__u16 *policies; /* kernel policies in force */
	size_t n_policies;
	__u16 *ports;
	size_t n_ports;
	/* numbers that outlive a configuration */
	struct ids *services;
	struct ids *routes;
	struct places *places;
	__u64 serials; /* last one given to a track */
	/*
	 * Called with a note of what is about to be put in force, from which rules_restore() makes it
	 * again; a failure keeps it from being put in force. May be NULL.
	 */
	int (*keep)(void *context, __u32 generation, const json_t *note);
	void *context;
};

/* Nothing in force. Returns 0 or -ENOMEM. */
int rules_init(struct rules *rules);
void rules_clear(struct rules *rules);

/* Room the configuration's automata need, with spare for later ones. Returns as tables_compile(). */
int rules_room(struct rules *rules, const struct config *config, struct tables_region *ret,
	       struct error *ret_error);

/*
 * Puts `config` in force and takes it over. Returns 0, or -errno and a sentence; then all is as
 * before. A walk must have run just before, between probe_policies_clear() and _read().
 */
int rules_apply(struct rules *rules, struct probe *probe, struct config *config,
		struct error *ret_error);

/*
 * Takes over, into rules with nothing in force, what another agent has put in force in `probe` and
 * noted: all of it ends unless rules_apply(), which must follow, goes on with it. A walk must have
 * run before, as for rules_apply(). Returns 0; -ENOMEM; -EINVAL for a note that is not understood.
 */
int rules_restore(struct rules *rules, struct probe *probe, const json_t *note);

/*
 * Tracks and wildcards that have ended are counted on: at each step after a walk as for
 * rules_apply(), rules_review_ending() finds out which nobody is judged for any more; when what was
 * counted since has been recorded, rules_forget_ended() frees those.
 */
bool rules_any_ending(const struct rules *rules);
void rules_review_ending(struct rules *rules, struct probe *probe);
void rules_forget_ended(struct rules *rules);

/* Makes sure that the found service has its tracks. Returns 0 or -errno. */
int rules_found(struct rules *rules, const char *service, __u32 endpoint);

/* The same for one that was found in former times, until its endpoint is met. */
int rules_found_before(struct rules *rules, const char *name, const char *service,
		       const char *definition);

#endif
