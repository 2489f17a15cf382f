/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's parts, for the files of this room that join them. Each part has a header of its own. */
#ifndef SLIPROBE_AGENT_PARTS_H
#define SLIPROBE_AGENT_PARTS_H

#include <sys/utsname.h>

#include "agent/alerting.h"
#include "agent/axis.h"
#include "agent/explaining.h"
#include "agent/incidents.h"
#include "agent/journal.h"
#include "agent/kernel_side.h"
#include "agent/quotas.h"
#include "agent/retire.h"
#include "agent/reload.h"
#include "agent/sampling.h"
#include "agent/services.h"
#include "agent/timeline.h"
#include "agent/tls.h"
#include "agent/versions.h"
#include "apply/applied.h"
#include "record/record.h"

/* Whether steps keep their time. */
struct steps_kept {
	uint64_t n; /* since the start */
	double late_seconds; /* the last one, */
	double late_max_seconds; /* and that which was the latest */
};

struct agent {
	char *config_file; /* NULL: the built-in configuration */
	struct utsname host;
	char started_at[32]; /* RFC 3339 */
	struct reloads reloads;
	struct steps_kept steps;
	struct journal journal;
	struct kernel_side kernel;
	struct axis axis;
	struct applied applied;
	struct services services;
	struct retire retire;
	struct quotas quotas;
	__u64 folded; /* requests without a series of their own, when it was last told whose */
	struct record *record;
	struct timeline_changes timeline;
	struct incidents incidents;
	struct explaining explaining;
	struct versions *versions; /* NULL until the kernel side counts */
	struct alerting alerting;
	struct sampling sampling;
	struct agent_tls tls;
	__u64 ended; /* requests in all, when the histograms were last read, */
	char ended_of[KERNEL_INSTANCE_BYTES]; /* of this kernel instance; "": not yet */
};

#endif
