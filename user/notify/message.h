/* SPDX-License-Identifier: GPL-2.0-only */
/* A notification's message (its shape: deliver/deliver) as receivers other than webhooks see it. */
#ifndef SLIPROBE_NOTIFY_MESSAGE_H
#define SLIPROBE_NOTIFY_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "slo/alerts.h"

enum {
	MESSAGE_ALERT_SECONDS = 240, /* how long an alert stands without being sent again */
	MESSAGE_TEST_SECONDS = 60,
};

/* A member that is text, or "". */
const char *message_text(const json_t *message, const char *key);
bool message_is(const json_t *message, const char *key, const char *text);

/* Bit of its severity, as in struct config_receiver; 0 if unknown. */
unsigned int message_severity(const json_t *message);

/* A length of time as people say it: "52 min", "3.6 h", "12.0 d". */
void message_print_span(FILE *out, double seconds);

/*
 * "PAGE shop: SUMMARY", with a word before the summary unless it fires: "resolved: ". One line of
 * at most `size` - 1 bytes: control characters are blanks.
 */
void message_line(const json_t *message, char *ret, size_t size);

/*
 * The alert for an Alertmanager (POST /api/v2/alerts, OpenAPI 2.0 there): labels alertname
 * (SliprobeErrorBudget; SliprobeTest), service, severity, host; it ends MESSAGE_ALERT_SECONDS from
 * now, a test MESSAGE_TEST_SECONDS; a resolved one ended when the message was made. NULL when out of
 * memory.
 */
json_t *message_alert(const json_t *message, double unix_seconds);

#endif
