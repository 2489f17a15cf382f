/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the counted series of all services from the kernel, with histograms and exact threshold
 * counts. Reading order is the reverse of the kernel's writing order, so that under traffic a
 * histogram never holds more than its series.
 */
#ifndef SLIPROBE_AGENT_COLLECT_H
#define SLIPROBE_AGENT_COLLECT_H

#include "abi.h"
#include "base/ids.h"
#include "kernel/probe.h"
#include "report/snapshot.h"

struct collected {
	__u32 id; /* of kernel/probe */
	struct series_key key;
	struct snapshot_series *series; /* taken by whoever sets it NULL */
};

struct collection {
	struct collected *list; /* sorted by service, then route name, method, outcome, status */
	size_t n;
	struct snapshot_octave *octaves; /* of all histograms; taken as series are */
	__u64 requests; /* of all */
};

/*
 * Without `details` the series have no histograms and thresholds, which are most of what there is to
 * read. Returns 0 or -errno. The caller releases *ret with collection_clear().
 */
int collection_read(struct probe *probe, const struct ids *routes, bool details,
		    struct collection *ret);
/* The index of the first series of that service, or of a later one. */
size_t collection_find(const struct collection *collection, __u32 service);

void collection_clear(struct collection *collection);

#endif
