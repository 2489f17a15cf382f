/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The versions of services: what they are called, since when they are served, by how many instances, and what was
 * counted of each.
 *
 * The kernel gives out an id for each set of facts that tell versions apart, and counts by that: abi/process. Ids of
 * the same name are one version here. Of a service the VERSIONS_OF_SERVICE that were served last are shown; what
 * others have counted, and processes without an id, is the difference between the service's or SLO's own counters and
 * those: "_older". So the sum over versions is always exact.
 *
 * Memory: at most VERSIONS_MAX versions of at most 800 bytes, the processes of agent/serving, and the history of
 * agent/version_history.
 */
#ifndef SLIPROBE_AGENT_VERSIONS_H
#define SLIPROBE_AGENT_VERSIONS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "agent/serving.h"
#include "agent/version_history.h"
#include "agent/version_name.h"
#include "kernel/probe.h"

#define VERSION_OLDER "_older"

struct file_look;
struct version_counts;

/* A version of a service, by its name. */
struct version_named {
	__u32 service; /* id */
	__u32 number; /* from 1 on: see agent/version_history */
	size_t ids; /* that are called so */
	struct version_name name;
	char build_id[BUILD_ID_TEXT_BYTES];
	char *exe; /* as the kernel tells: any bytes */
	__u64 first_ns, last_ns; /* of CLOCK_MONOTONIC: first seen; a request was last seen */
};

/* An id in use. */
struct version_id {
	__u32 service; /* SERVICE_NONE: it is not */
	struct version_named *named; /* NULL: not named yet */
	__u64 first_ns, last_ns, noted_ns;
	__u64 requests; /* as last read */
	bool asked; /* its script is being looked at */
	bool jar;
	__u64 started_ns; /* of the process whose script is looked at, since 1970 */
	char script[SCRIPT_BYTES];
};

/* An id that nobody has any more. */
struct version_waiting {
	__u32 id, service;
	__u64 since_ns;
};

struct versions {
	struct version_id *ids[VERSIONS_MAX]; /* by id; NULL: not met */
	__u32 last; /* the highest id met */
	struct version_named **named;
	size_t n_named;
	__u32 numbers; /* the last one given out */
	struct version_waiting *waiting;
	size_t n_waiting;
	struct serving_list serving;
	struct version_history history;
	struct file_look *look;
	struct version_counts *stepped; /* at the last step; NULL: there was none */
	__u64 lost; /* of processes, as last seen */
	__u64 serial; /* changes with the names */
	double wall_offset; /* Unix time - CLOCK_MONOTONIC, in seconds, when last looked */
};

/* The change is told with the service's id. */
typedef void (*versions_change_fn)(void *context, const struct serving_change *change,
				   double at_unix);

/* Returns NULL when out of memory. */
struct versions *versions_new(void);
void versions_free(struct versions *versions);

/*
 * Takes up what the kernel has told since, and calls back with the changes. Waits for at most 20 ms for a script to be
 * looked at. Returns 0 or -errno.
 */
int versions_refresh(struct versions *versions, struct probe *probe, versions_change_fn fn,
		     void *context);

/*
 * A step, after versions_refresh(): takes what was counted since the last one into the history, as of `now`, seconds of
 * any clock that only goes forward; and takes ids back. Returns 0 or -errno.
 */
int versions_step(struct versions *versions, struct probe *probe, double now);

/* The found service is no more: its ids are given back at once. Returns 0 or -errno. */
int versions_forget(struct versions *versions, struct probe *probe, __u32 service);

/* The version's name; NULL: it is not known. */
const char *versions_name(const struct versions *versions, __u32 id);

double versions_unix(const struct versions *versions, __u64 monotonic_ns);

/* ---- reading ---- */

/* What was counted, as of one reading: in any order. */
struct version_counts {
	__u64 requests[VERSIONS_MAX]; /* by id */
	struct version_slo_count {
		__u32 slo, version;
		__u64 good, bad;
	} * slos; /* by slo, then version */
	size_t n_slos, room;
};

int version_counts_read(struct probe *probe, struct version_counts **ret);
void version_counts_free(struct version_counts *counts);

struct version_row {
	const struct version_named *named;
	size_t instances;
	__u64 requests, good, bad;
};

/*
 * The versions of the service, that which was served last first, at most VERSIONS_OF_SERVICE. slo: index of the
 * counters of one of its SLOs, for `good` and `bad`; SLO_COUNTS_MAX: none. Returns how many.
 */
size_t versions_rows(const struct versions *versions, const struct version_counts *counts,
		     __u32 service, __u32 slo, struct version_row ret[VERSIONS_OF_SERVICE]);

/*
 * Good and bad by version of the SLO whose counters are at index `slo`, of the steps that ended in (from, until], on
 * the clock of versions_step(). As far back as the history goes (agent/version_history), and this agent runs. What no
 * version is known of is not in them. Returns how many of `ret`, at most `max`.
 */
struct version_sum {
	const char *version;
	__u64 good, bad;
};

size_t versions_sums(const struct versions *versions, __u32 slo, double from, double until,
		     struct version_sum *ret, size_t max);

#endif
