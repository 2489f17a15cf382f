/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The alerts of one moment: those that are active, their notices and receivers, and their last
 * changes. Plain data, rendered by json_alerts().
 */
#ifndef SLIPROBE_REPORT_SNAPSHOT_ALERTS_H
#define SLIPROBE_REPORT_SNAPSHOT_ALERTS_H

#include <jansson.h>

#include "report/snapshot.h"

struct snapshot_active {
	const char *slo;
	const char *service;
	uint64_t incident; /* its SLO's that is open; 0: none */
	struct snapshot_alert alert;
};

/* An alert behind a notice. */
struct snapshot_behind {
	char *slo;
	char *alert;
};

/* A notice that is open: fired and not resolved. */
struct snapshot_notice {
	char id[40];
	char *service;
	size_t n_services; /* behind it: more than one only if it concerns the host */
	enum alert_severity severity;
	double started_unix;
	struct snapshot_behind *alerts;
	size_t n_alerts;
};

/* An alert went from one state to another. The texts are those of that time. */
struct snapshot_change {
	double at_unix;
	char *slo;
	char *service;
	char *alert;
	char *severity;
	char *from;
	char *to;
	double started_unix;
	struct maybe budget_spent_ratio; /* at that time */
};

struct snapshot_alerts {
	struct snapshot_active *active;
	size_t n_active;
	struct snapshot_notice *notices;
	size_t n_notices;
	struct snapshot_change *changes; /* newest first */
	size_t n_changes;
	/*
	 * In the JSON that deliver_report(), silence_json() and maintenance_report() document: a
	 * receiver's books and a silence are kept on disk in it, too.
	 */
	json_t *receivers;
	json_t *silences;
	json_t *maintenance;
	struct snapshot_store store;
};

/*
 * Frees what the snapshot owns and zeroes it: the arrays, the JSON, and every pointer to non-const
 * char in them. Names that are `const` belong to the configuration.
 */
void snapshot_alerts_clear(struct snapshot_alerts *alerts);

#endif
