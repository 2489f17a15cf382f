/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent: a configuration in force, the kernel side judging by it, and the history of what was
 * counted, on disk too. Driven from outside: nothing here waits but for the disk.
 */
#ifndef SLIPROBE_AGENT_AGENT_H
#define SLIPROBE_AGENT_AGENT_H

#include <jansson.h>

#include "agent/facts.h"
#include "base/asker.h"
#include "base/elsewhere.h"
#include "base/error.h"
#include "base/loop.h"
#include "config/config.h"
#include "kernel/probe.h"
#include "notify/silences.h"
#include "report/incident.h"
#include "report/period_query.h"
#include "report/reload.h"
#include "report/snapshot.h"
#include "report/snapshot_alerts.h"
#include "report/snapshot_history.h"
#include "report/snapshot_rows.h"

struct agent;
struct sampler;
struct tls_helper;

struct agent_options {
	const char *config_file; /* NULL: the built-in configuration */
	const char *state_dir;
	const char *socket; /* where its status socket is, for the commands in messages */
	enum probe_hook hook;
	struct tls_helper
		*tls_helper; /* attaches to TLS libraries; NULL: nobody does. The agent ends it */
	struct sampler *sampler; /* keeps samples, and outlives the agent; NULL: nobody does */
};

/*
 * Loads the programs and applies the configuration, which is the agent's after success. Counting
 * begins before this returns. Returns 0, or -errno and one sentence in ret_error.
 */
int agent_new(const struct agent_options *options, struct config *config, struct agent **ret,
	      struct error *ret_error);
void agent_free(struct agent *agent);

/*
 * The last step, before agent_free(). keep: the kernel side goes on counting, for the next agent
 * with this state directory to take over; else it is removed. Returns whether it goes on.
 */
bool agent_stop(struct agent *agent, bool keep);

/* Removes what an agent that was killed has left counting. Returns 0, or -errno and why. */
int agent_remove(const char *state_dir, struct error *ret_error);

/*
 * Reads the configuration file again and applies it. The old one stays in force on failure, and the
 * agent's facts say so. *ret says what has changed; reload_clear() after use. Returns 0, or -errno and why.
 */
int agent_reload(struct agent *agent, const struct asker *by, struct reload *ret,
		 struct error *ret_error);

/* Whether the kernel's counters can be read: 0 or -errno. Takes no time. */
int agent_ready(struct agent *agent);

/* Turns what was counted since the last step into history: so late. Returns 0 or -errno. */
int agent_step(struct agent *agent, double late_seconds);

/*
 * Brings the agent up to date with the kernel: ends what is unanswered, meets new services, reads
 * the series (with histograms and thresholds if `series`). The caller releases *ret with
 * facts_clear(). Returns 0 or -errno.
 */
int agent_refresh(struct agent *agent, bool series, struct facts *ret);

/*
 * The agent at this moment, read without changing it. *ret points into it until its next call. Each
 * returns 0 or -errno. agent_snapshot() moves what it needs from the facts of agent_refresh().
 */
int agent_snapshot(const struct agent *agent, struct facts *facts, struct snapshot *ret);

/* Adds spans of time to a snapshot that was just taken, with series. */
int agent_snapshot_periods(struct agent *agent, const struct period_query *query,
			   struct snapshot *snapshot);

/* -ENOENT: there is neither an SLO nor a service of this name. snapshot: just taken, with series. */
int agent_snapshot_rows(struct agent *agent, const struct rows_query *query,
			const struct snapshot *snapshot, struct snapshot_rows *ret);

int agent_snapshot_alerts(struct agent *agent, struct snapshot_alerts *ret);
/* -ENOENT: there is no such SLO. */
int agent_snapshot_history(struct agent *agent, const char *slo, struct snapshot_history *ret);
/* Under its `which`th former definition, the last one first: 1. -ENOENT: it has not so many. */
int agent_snapshot_former(struct agent *agent, const char *slo, size_t which,
			  struct snapshot_history *ret);

/* {"incidents": [...]}, newest first, see report/incident. */
int agent_incidents(struct agent *agent, const struct incidents_query *query, json_t **ret);
/* -ENOENT: there is none of that number. */
int agent_incident(struct agent *agent, uint64_t number, json_t **ret);
/* {"changes": [...]}, oldest first, see agent/timeline. */
int agent_changes(struct agent *agent, const struct changes_query *query, json_t **ret);

/*
 * Silences alerts as the JSON text says: {"slo", "service", "severity", "for_seconds", "comment",
 * "exclude", "all", "force"}, from now on, or from the time "from" (RFC 3339), or in "in_seconds". Returns 0,
 * or -errno and why: -ENOSPC if there are too many.
 */
int agent_silence(struct agent *agent, const struct asker *by, const char *text, size_t len,
		  struct silence_made *ret, struct error *ret_error);
/* Returns 0 or -ENOENT. */
int agent_unsilence(struct agent *agent, const struct asker *by, const char *id);

/*
 * Sends a test message of the severity in the JSON text to all receivers that want it. Returns their
 * number, or -errno and why: -ENOENT if none is configured; -EBUSY if one has enough of tests.
 */
int agent_notify_test(struct agent *agent, const struct asker *by, const char *text, size_t len,
		      struct error *ret_error);

/*
 * Asks for samples (samples/question): takes no time, `done` is called with the answer later. Returns 0; or -errno and
 * why not: -EINVAL for what is wrong with the question; -ENOENT.
 */
int agent_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
	      struct error *ret_error);

/* Notes in the journal that `by` has asked for `what`, and may not. */
void agent_refused(struct agent *agent, const struct asker *by, const char *what);

/* Its part of the event loop: deliveries. Steps are the caller's to make. */
struct loop_part agent_part(struct agent *agent);
/* The process that attaches to TLS libraries, and what the kernel side wants of it. */
struct loop_part agent_helper_part(struct agent *agent);
struct loop_part agent_wanted_part(struct agent *agent);

const struct config *agent_config(const struct agent *agent);
const char *agent_hook(const struct agent *agent);
const char *agent_hook_reason(const struct agent *agent);

#endif
