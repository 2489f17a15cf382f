/* SPDX-License-Identifier: GPL-2.0-only */
/* The facts that are read from the kernel at once for a snapshot. */
#ifndef SLIPROBE_AGENT_FACTS_H
#define SLIPROBE_AGENT_FACTS_H

#include "abi.h"
#include "agent/blind.h"
#include "agent/collect.h"
#include "agent/quic.h"
#include "base/ids.h"
#include "kernel/probe.h"
#include "report/snapshot.h"

struct facts {
	bool series; /* asked for: with histograms and thresholds */
	struct collection collection;
	__u64 stats[STAT_COUNT]; /* read after the series */
	__u64 hook_misses;
	bool consistent; /* the counters agree with each other */
	struct blind_listeners blind;
	struct quic_ports quic;
};

/* The caller releases *ret with facts_clear(). Returns 0 or -errno. */
int facts_read(struct probe *probe, const struct ids *routes, bool series, struct facts *ret);
void facts_clear(struct facts *facts);

#endif
