/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SLOs being counted: each has its slots in the kernel and its history here. One whose
 * definition a new configuration leaves as it was goes on with both; a changed definition of what
 * is eligible or good begins anew.
 */
#ifndef SLIPROBE_USER_TRACKS_H
#define SLIPROBE_USER_TRACKS_H

#include <linux/types.h>
#include <stdbool.h>
#include "../include/abi.h"
#include "config.h"
#include "slo.h"

struct track {
	char *name;
	char *service;
	char *definition; /* what two tracks must have in common to count the same events */
	double objective;
	uint64_t window_seconds;
	__u32 counts; /* slot of its counters in the kernel */
	struct slo_counts stepped; /* the counters at the last step */
	struct slo_history *history;
};

/* Returns 0, -ENOMEM or -EINVAL. Takes copies of the strings. */
int track_new(const char *name, const char *service, const char *definition, double objective,
	      uint64_t window_seconds, __u32 counts, struct track **ret);
void track_free(struct track *track);

/* The counters now are `counts`: what came since the last step is history from now on. */
int track_step(struct track *track, double now_seconds, const struct slo_counts *counts);

/* Events in the span until now, of history and of what came since the last step. */
struct slo_events track_events(const struct track *track, double now_seconds, double span_seconds,
			       const struct slo_counts *counts);

/*
 * Text that differs between two SLOs of a service unless they count the same events as good and
 * bad (`service` is the one it is counted for). Lists are taken in their order: the same entries in
 * another order are another definition. NULL when out of memory; to be freed.
 */
char *slo_definition(const struct config_slo *slo, const struct config_service *service);

/* `name` with "{service}" replaced. NULL when out of memory; to be freed. */
char *slo_instance_name(const char *name, const char *service);

#endif
