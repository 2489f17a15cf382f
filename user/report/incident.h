/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record of an incident: an SLO whose budget burned so that a page or a ticket fired. What was true of it then is
 * kept, as the samples and the finer history are gone when it is looked at. Pure.
 *
 * Times are Unix seconds; NAN: not known, or not yet.
 *
 * Bounds: INCIDENT_ALERTS_MAX and so on of each list; texts of others are cut to INCIDENT_TEXT_BYTES. A record takes at
 * most some 64 KiB, usually 4.
 */
#ifndef SLIPROBE_REPORT_INCIDENT_H
#define SLIPROBE_REPORT_INCIDENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "slo/alert_rule.h"

enum {
	INCIDENT_ALERTS_MAX = 32, /* spans of alerts */
	INCIDENT_CHANGES_MAX = 40,
	INCIDENT_NOTIFIED_MAX = 64,
	INCIDENT_SILENCES_MAX = 16,
	INCIDENT_FINDINGS_MAX = 5, /* of each explanation */
	INCIDENT_TEXT_BYTES = 400,
};

enum incident_end {
	INCIDENT_OPEN,
	INCIDENT_RECOVERED, /* no page or ticket of its burn fires any more */
	INCIDENT_DROPPED, /* the SLO is not judged any more, or by another definition */
};

/* Which are asked for: all that were open at some time of [since, until]. */
struct incidents_query {
	const char *slo; /* NULL: of any */
	double since_unix; /* NAN: no bound */
	double until_unix;
	size_t limit;
};

/* Which changes on the host are asked for. */
struct changes_query {
	const char *service; /* and those of no service; NULL: of all */
	double since_unix; /* NAN: no bound */
	double until_unix;
	size_t limit; /* the newest */
};

struct incident_record {
	uint64_t number; /* from 1 on; grows, and is never given twice */
	char *slo;
	char *service;
	bool found; /* the service is none of the configuration's */
	enum alert_severity severity; /* the highest that fired */
	enum incident_end end;
	double started; /* the beginning of the first bad step of the burn, see slo/burning */
	double detected; /* the first page or ticket fired */
	double resolved;
	double started_axis; /* `started`, or if that is not known the beginning of what the alert judged; on the axis */
	double objective;
	double window_seconds;
	/* from `started` on: requests; of the budget of the window */
	uint64_t eligible, bad;
	double spent_ratio;
	json_t *reasons; /* {word: count} of the bad ones; or null */
	json_t *alerts; /* [{"name", "severity", "at", "until"}] */
	json_t *changes; /* agent/timeline's, oldest first */
	json_t *notified; /* [{"at", "receiver", "kind", "severity", "result", "attempts", "error"}] */
	json_t *silences; /* [{"id", "from", "until", "comment", "by"}] */
	json_t *about; /* of the service when it fired; or null */
	json_t *at_detection; /* what explain found, see incident_explained(); or null */
	json_t *at_resolution;
	bool explained; /* at_detection is not from before it */
	unsigned int tries; /* to have at_resolution; not kept */
};

/* With empty lists. Returns 0 or -ENOMEM. */
int incident_record_init(struct incident_record *record, const char *slo, const char *service);
void incident_record_clear(struct incident_record *record);

/*
 * A span of an alert begins, or ends; an alert that has one that goes on begins none. Returns whether something has
 * changed.
 */
bool incident_alert_begins(struct incident_record *record, const char *alert,
			   enum alert_severity severity, double at);
bool incident_alert_ends(struct incident_record *record, const char *alert, double at);

/* Whether a span of that alert goes on. */
bool incident_alert_goes_on(const struct incident_record *record, const char *alert);

/*
 * Notes an attempt to tell a receiver, with its result: "sent", "waiting", "given up". One of the same receiver, kind
 * and message is replaced. The newest stay, and the first. error: or NULL.
 */
void incident_told(struct incident_record *record, const char *receiver, const json_t *message,
		   const char *result, unsigned int attempts, const char *error, double at);

/* Notes a silence that kept it quiet, in the JSON of notify/silences. Returns whether it is new. */
bool incident_silenced(struct incident_record *record, const json_t *silence);

/*
 * What is kept of an answer of explain: {"at", "onset", "kind", "sentence", "enough", "bad", "good", "findings":
 * [{"where": [{"dimension", "value"}], "bad_share", "good_share", "excess", "exact"}]}. Its texts come from requests:
 * what may be shown of them. NULL if it is no object, or when out of memory.
 */
json_t *incident_explained(const json_t *answer, double at);

/*
 * For the socket. A brief one has no lists but `alerts`, and of explanations the last sentence. NULL when out of
 * memory.
 */
json_t *incident_json(const struct incident_record *record, bool brief);

/* For the next agent. */
json_t *incident_save(const struct incident_record *record);
/* Into a zeroed one. Returns 0; -EINVAL, -ENOMEM: it is cleared. */
int incident_load(const json_t *saved, struct incident_record *ret);

#endif
