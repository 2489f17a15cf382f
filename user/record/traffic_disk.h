/* SPDX-License-Identifier: GPL-2.0-only */
/* Traffic (record/traffic) is loaded from disk, and written to it. */
#ifndef SLIPROBE_RECORD_TRAFFIC_DISK_H
#define SLIPROBE_RECORD_TRAFFIC_DISK_H

#include "record/traffic.h"

/*
 * Takes up where the disk's agent left off. instance: the kernel instance whose counters are on
 * disk. Returns 0 or -errno.
 */
int traffic_load(struct traffic *traffic, struct store *store, const char *instance);
/* In a transaction: puts what is not on disk. They count as that until traffic_written(). */
int traffic_put(struct traffic *traffic, struct store *store);
void traffic_written(struct traffic *traffic);
/* Nothing is on disk. */
void traffic_forget(struct traffic *traffic);

#endif
