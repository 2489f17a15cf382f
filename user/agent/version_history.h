/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Good and bad by version and SLO, by steps, as long as there is room: VERSION_HISTORY_MAX entries of 16 bytes for
 * configured services, and as many for found ones, 4 MiB in all; an entry for each step, SLO and version with
 * requests. Of 15 SLOs with one version each that is a day of steps of 10 s.
 */
#ifndef SLIPROBE_AGENT_VERSION_HISTORY_H
#define SLIPROBE_AGENT_VERSION_HISTORY_H

#include <linux/types.h>
#include <stddef.h>

enum { VERSION_HISTORY_MAX = 1 << 17 };

struct version_entry {
	__u32 at; /* seconds since `from` */
	__u16 slo; /* index of its counters */
	__u16 version; /* number */
	__u32 good, bad;
};

struct version_ring {
	struct version_entry *list; /* grows up to VERSION_HISTORY_MAX; then the oldest goes */
	size_t n, room, first;
};

struct version_history {
	double from; /* the first step */
	struct version_ring configured, found;
};

void version_history_clear(struct version_history *history);

/* A step that ends at `now` has counted. Without memory it is left out. */
void version_history_add(struct version_history *history, double now, __u32 slo, __u32 version,
			 __u64 good, __u64 bad);

/* Calls back with what there is of the SLO in (from, until], oldest first. */
void version_history_each(const struct version_history *history, __u32 slo, double from,
			  double until,
			  void (*fn)(void *context, __u32 version, __u64 good, __u64 bad),
			  void *context);

/* The SLO's counters are another one's from now on. */
void version_history_forget(struct version_history *history, __u32 slo);

#endif
