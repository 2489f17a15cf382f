/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration in force: the tables that the kernel judges by, and the SLOs counted under it.
 * Putting another one in force leaves alone what open requests are still judged by: new tables go to
 * free places, one store makes them live, and a place is used again only when a sweep over all
 * connections has found it unused.
 *
 *   apply/plan      plans the change, without touching the kernel
 *   apply/apply     writes what is planned, and makes it live
 *   apply/commit    puts it in force here
 *   apply/ending    tracks that a change ends are counted on until nobody is judged for them
 *   apply/lookups   what services are matched by, and may change on the host
 *   apply/found     tracks of services that are found while it is in force
 *   apply/note      what another agent needs to go on with it
 */
#ifndef SLIPROBE_APPLY_APPLIED_H
#define SLIPROBE_APPLY_APPLIED_H

#include <jansson.h>

#include "apply/lookups.h"
#include "apply/numbers.h"
#include "apply/tracks.h"
#include "base/error.h"
#include "config/config.h"
#include "kernel/policies_in_use.h"
#include "kernel/tables.h"

struct probe;

enum {
	FOUND_LOST_MAX = 2048, /* tracks of found services that are not there */
};

struct in_force {
	struct config config;
	__u32 generation; /* 0: none yet */
	__u16 *policies; /* their numbers in the kernel: one for each service, then that of found ones */
	size_t n_policies;
	struct lookups lookups; /* what services are matched by, as it is on the host */
};

struct applied {
	struct in_force in_force;
	struct numbers numbers;
	struct tracks tracks;
	/*
	 * Persists the note before it takes effect; an error aborts the change. applied_restore()
	 * reads it. May be NULL.
	 */
	int (*persist)(void *context, __u32 generation, const json_t *note);
	void *persist_context;
};

/* Makes one with nothing in force. Returns 0 or -ENOMEM. */
int applied_init(struct applied *applied);
void applied_clear(struct applied *applied);

/*
 * Finds the room to reserve for each generation's automata: what the configuration needs, with spare
 * for later ones. Returns 0, or -errno and a sentence: -EINVAL if it cannot be compiled.
 */
int applied_room(const struct config *config, struct tables_region *ret, struct error *ret_error);

/*
 * Puts `config` in force and takes it over. `in_use`: the policies that a sweep has found in use just
 * before. Returns 0, or -errno and a sentence; then the former configuration stays in force.
 */
int applied_apply(struct applied *applied, struct probe *probe,
		  const struct policies_in_use *in_use, struct config *config,
		  struct error *ret_error);

/* At each step: looks up again what services are matched by. Returns 0 or -errno. */
int applied_look_up(struct applied *applied, struct probe *probe);

/*
 * Takes over what another agent has put in force in `probe` and noted; nothing may be in force here.
 * Everything restored is marked as ending; the applied_apply() that must follow revives what the
 * configuration still has. Returns 0; -EINVAL for a note that is not understood; another -errno.
 */
int applied_restore(struct applied *applied, struct probe *probe,
		    const struct policies_in_use *in_use, const json_t *note);

/*
 * Tracks and wildcards that have ended are counted on. At each step, after a sweep,
 * applied_review_ending() finds those that nobody is judged for any more; applied_forget_ended()
 * frees them, and is called when their last counts have been recorded.
 */
bool applied_any_ending(const struct applied *applied);
void applied_review_ending(struct applied *applied, const struct policies_in_use *in_use);
void applied_forget_ended(struct applied *applied);

/*
 * Makes the tracks of a found service, one for each wildcard, that it lacks. `number`: of its endpoint, whose
 * counters began at 0 when it got its id. Returns 0 or -errno.
 */
int applied_found(struct applied *applied, const char *service, __u32 endpoint, __u32 number);

/* The endpoint has gone, and its counters will be another's: its tracks keep what they have. */
void applied_lost(struct applied *applied, __u32 endpoint);

/*
 * Forgets tracks in force of services that are lost, or not met yet, and of which no alert is active: all whose last
 * event is older than their window, and, if more than FOUND_LOST_MAX stay, those whose last event is the oldest.
 * Should the service be met, its track is loaded from disk. Without memory it forgets none.
 */
void applied_forget_lost(struct applied *applied, double now_seconds);

/*
 * Makes the track of a service known from disk; its kernel slot is bound when applied_found() meets
 * the endpoint. Returns 0 or -errno.
 */
int applied_found_before(struct applied *applied, const char *name, const char *service,
			 const char *definition);

#endif
