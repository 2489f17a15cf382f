/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What services were asked, and how fast they answered, over the last weeks: cells (slo/cells) of
 * each step, each minute and each hour that had requests. The newest are in memory, up to 16 MiB;
 * all are on disk, as long as it can be written (store/store has how long). Counts are exact. Only
 * in the middle of a span it is not known when its requests ended.
 *
 * A step in which more than 4096 routes and methods were asked keeps the busiest by name; the others
 * are counted under their service's route "_other", method "_OTHER".
 *
 * Times are seconds on the agent's axis (slo/timeline). A minute or hour has the steps that end in
 * it. Functions return 0 or -errno: -ENOMEM where nothing else is said.
 */
#ifndef SLIPROBE_RECORD_TRAFFIC_H
#define SLIPROBE_RECORD_TRAFFIC_H

#include "store/store.h"

enum { TRAFFIC_KEYS_A_STEP = 4096 };

struct traffic;

int traffic_new(struct traffic **ret);
void traffic_free(struct traffic *traffic);

/* The number of a key, for cells. */
int traffic_key(struct traffic *traffic, const struct store_traffic_key *key, uint32_t *ret);
/* By number; valid until the next step. */
const struct store_traffic_key *traffic_keys(const struct traffic *traffic);

/*
 * A step: the kernel's counters at its end, settled, which are emptied. instance: the kernel
 * instance that they are of; another one than before has begun at 0.
 */
int traffic_step(struct traffic *traffic, const char *instance, double from_seconds,
		 double to_seconds, struct cells *counters);

/* A step in which nothing has come. */
int traffic_pass(struct traffic *traffic, double to_seconds);

/* The service's counters have begun at 0 since the last step. */
void traffic_end(struct traffic *traffic, const char *service);

/* What has come since the last step, by the settled counters of now. The caller clears *ret. */
int traffic_since_step(const struct traffic *traffic, const struct cells *counters,
		       struct cells *ret);

#endif
