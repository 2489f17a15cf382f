/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A message: a notice as the JSON that goes out. An alert's way to a receiver has seven stations:
 *
 *   alert_change  slo/alerts      the status of one rule of one SLO has changed in a step
 *   store_change  store/store     that change with names and severity: the history of alerts
 *   notice_alert  notify/notices  an alert that is active now, whenever it changed
 *   notice        notify/notices  what all of a service and severity have to tell in this step
 *   message       here            the notice as JSON, with the SLOs' numbers of that moment
 *   delivery      deliver/queue   the message as it waits for one receiver
 *   recent        deliver/books   what became of that delivery
 *
 * The JSON, which webhooks and commands get as it is:
 *   {"version": 1, "id", "kind": "fire|escalate|joined|left|remind|resolve|test",
 *    "status": "firing|resolved", "severity", "service", "services": 1, "host", "started_at",
 *    "sent_at",
 *    "joined": [the names of SLOs that have begun to fire], "left": [... that fire no more],
 *    "summary", "description": several lines,
 *    "slos": [{"name", "status": "firing|resolved", "started_at", "failing_since", "summary",
 *              "no_requests_since": of an alert about missing data,
 *              "failing": {"seconds", "eligible", "bad", "bad_ratio", "bad_per_second",
 *                          "reasons": {"status": ...}, "worst_exact",
 *                          "worst": [{"route", "method", "status", "grpc_status",
 *                                     "outcome", "bad"}]}, "command",
 *              "objective", "window_seconds", "availability", "burn_rate": {...},
 *              "budget": {... as in the status}, "alerts": [{"name", "since", ...}]}],
 *    "about": {"owner", "purpose", "importance", "mitigation", "runbook"}, "command": "slictl slo NAME"}
 * A message of what concerns the host has the service "sliprobe", the number of services that it
 * concerns, and no SLOs. What is new stands first in the summary and in `slos`. `joined` is told under an open message of
 * the same id, and `left` while other SLOs of it still fire.
 *
 * notify/notice_message makes messages. This module reads them, for the receivers that want other
 * text: a line of the journal, an alert of an Alertmanager.
 */
#ifndef SLIPROBE_NOTIFY_MESSAGE_H
#define SLIPROBE_NOTIFY_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "slo/alerts.h"

enum {
	MESSAGE_ALERT_SECONDS = 240, /* an alert stands so long without being sent again */
	MESSAGE_TEST_SECONDS = 60,
};

/* The member `key`; "" if it is not there or no text. */
const char *message_text(const json_t *message, const char *key);
/* Whether the member `key` is `text`. */
bool message_is(const json_t *message, const char *key, const char *text);

/* The bit of its severity in config_receiver.severities; 0 if it is unknown. */
unsigned int message_severity(const json_t *message);

/* Prints a length of time: "52 min", "3.6 h", "12.0 d". */
void message_print_span(FILE *out, double seconds);

/*
 * The line "PAGE shop: SUMMARY". All kinds but `fire` have a word before the summary: "resolved: ".
 * At most `size` - 1 bytes; control characters become blanks.
 */
void message_line(const json_t *message, char *ret, size_t size);

/*
 * What a message says in several lines: of its first n_slos SLOs (0: of all) which alerts fire, since
 * when and how fast, what most of the bad requests are, and what is left of the budget; about the
 * service; what to do next. NULL when out of memory.
 */
json_t *message_description(const json_t *message, size_t n_slos);

/*
 * The message as a list of alerts for an Alertmanager (POST /api/v2/alerts, OpenAPI 2.0 there), one
 * for each SLO that it has news of; of the kind `left`, for each that has ended. Labels: alertname
 * (SliprobeErrorBudget), slo, service, severity, host. A message without SLOs is one alert, of the
 * alertname SliprobeCoverage, or SliprobeTest if it is a test. One
 * ends MESSAGE_ALERT_SECONDS from now, a test MESSAGE_TEST_SECONDS from now; one of an SLO that
 * fires no more ended when the message was made. NULL when out of memory.
 */
json_t *message_alerts(const json_t *message, double unix_seconds);

#endif
