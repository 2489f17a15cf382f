/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's parts, shared by the files agent*.c.
 */
#ifndef SLIPROBE_AGENT_PRIVATE_H
#define SLIPROBE_AGENT_PRIVATE_H

#include <sys/utsname.h>

#include "agent/agent.h"
#include "agent/axis.h"
#include "agent/services.h"
#include "apply/applied.h"
#include "base/error.h"
#include "deliver/deliver.h"
#include "kernel/pins.h"
#include "notify/notices.h"
#include "notify/silences.h"
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
	/* alerts */
	struct notices *notices;
	struct deliver *deliver;
	struct silences silences;
	struct notice_alert *active; /* at the last step; its texts are the tracks' */
	size_t n_active;
	char *notices_kept; /* their state as it was last recorded */
	bool settled; /* a delivery has left its queue, which is not written yet */
};

/* The kernel's counters of the track; of one that has none, as they last were. */
int agent_counts(struct agent *agent, const struct track *track, struct slo_counts *ret);

/* Ends what is unanswered, and checks the counters against what is in flight. */
int agent_sweep(struct agent *agent, struct policies_in_use *ret_in_use);

/* Services that the kernel has found since the last time, their SLOs, and their records. */
int agent_discover(struct agent *agent);

/* Reads the records of tracks that are new. */
int agent_recall(struct agent *agent);
/* Makes the tracks of found services that were there before this kernel side. */
int agent_recall_found(struct agent *agent, double now_seconds);
/* What was counted becomes history, and is recorded: a step without judging. */
int agent_take(struct agent *agent, double now_seconds);

/* Evaluates all alerts and queues what is to be sent. */
int agent_judge(struct agent *agent, double now_seconds);

struct alert_subject agent_subject(struct agent *agent, const struct track *track,
				   double now_seconds);

void agent_snapshot_store(const struct agent *agent, struct snapshot_store *ret);
int agent_snapshot_slo(struct agent *agent, const struct track *track, struct snapshot_slo *ret);

/* Of a configured service, else NULL. */
const struct config_about *agent_about(const struct agent *agent, const char *service);

/* Alerts' life: what is recorded of notices, deliveries and silences. */
int agent_alerts_start(struct agent *agent);
int agent_alerts_configure(struct agent *agent);
void agent_alerts_stop(struct agent *agent);

/* True if that severity of the track's alerts is kept quiet now. */
bool agent_silenced(const struct agent *agent, const struct track *track,
		    enum alert_severity severity, double now_seconds, bool *ret_excluded);

#endif
