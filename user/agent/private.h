/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's parts, shared by the files agent*.c.
 */
#ifndef SLIPROBE_AGENT_PRIVATE_H
#define SLIPROBE_AGENT_PRIVATE_H

#include <sys/utsname.h>

#include "agent/agent.h"
#include "agent/alerting.h"
#include "agent/axis.h"
#include "agent/services.h"
#include "apply/applied.h"
#include "base/error.h"
#include "kernel/pins.h"
#include "record/record.h"

enum { INSTANCE_BYTES = 33 };

struct agent {
	char *config_file;
	struct probe *probe;
	struct applied applied;
	struct services services;
	struct utsname kernel;
	char started_at[32];
	__u64 reloads;
	bool consistent;
	/* over restarts */
	struct record *record;
	struct pins *pins; /* NULL: the kernel side ends with this process */
	struct error unpinned; /* why */
	char instance[INSTANCE_BYTES]; /* of the kernel side: drawn when it is loaded */
	double attached_boottime;
	bool adopted;
	struct axis axis;
	struct alerting alerting;
};

/* The kernel's counters of the track; of one that has none, as they last were. */
int agent_counts(struct agent *agent, const struct track *track, struct slo_counts *ret);

/* Ends what is unanswered, and checks the counters against what is in flight. */
int agent_sweep(struct agent *agent, struct policies_in_use *ret_in_use);

/* Services that the kernel has found since the last time, their SLOs, and their records. */
int agent_discover(struct agent *agent);

/* Reads the records of tracks that are new. */
int agent_recall(struct agent *agent);
/* Re-creates tracks of discovered services from disk. */
int agent_recall_found(struct agent *agent, double now_seconds);
/* Turns what was counted into history and writes it down. No alert is judged. Returns 0 or -errno. */
int agent_take(struct agent *agent, double now_seconds);

void agent_snapshot_store(const struct agent *agent, struct snapshot_store *ret);
int agent_snapshot_slo(struct agent *agent, const struct track *track, struct snapshot_slo *ret);
/* Facts for the messages of agent/alerting. */
int agent_facts(void *agent, const struct track *track, struct snapshot_slo *ret);

#endif
