/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From active alerts to notifications: one for a service and severity, whatever number of SLOs and
 * windows stand behind it. Pure but for the ids, which are random: time is an argument, sending is
 * another's work (deliver/deliver).
 *
 * At each step it is told all active alerts. For each service and severity:
 *   fire      the first alert became active
 *   escalate  a page, while a ticket of the same service is open: the ticket is then held back until
 *             the page resolves, and fires again (as `fire`) if it still stands then. So is a ticket
 *             that begins under a page: it fires when the page has resolved. A ticket held back is
 *             still open if it had fired, and resolves when it ends.
 *   remind    still active `remind_seconds` after the last message
 *   resolve   no alert is active any more (sent only if a fire was sent)
 * Of severity `notice` (a budget is half spent, then more) nothing is reminded of, it may stand for
 * weeks; but when an alert joins that was not told of, it fires again, with the same id.
 * Silenced alerts count as not active for what is sent: a notice that is silenced while firing is
 * neither reminded nor resolved before the silence ends; ended meanwhile, its resolve is sent. A page
 * that is silenced holds no ticket back.
 *
 * A step judges services in the order of their names, a service's page before its ticket; the order
 * of the alerts that it is told changes nothing.
 */
#ifndef SLIPROBE_NOTIFY_NOTICES_H
#define SLIPROBE_NOTIFY_NOTICES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "slo/alerts.h"

struct notices;

/* One active alert. Strings are copied where kept. */
struct notice_alert {
	const char *service;
	const char *slo;
	const char *rule;
	enum alert_severity severity;
	bool silenced;
};

enum notice_kind {
	NOTICE_FIRE,
	NOTICE_ESCALATE,
	NOTICE_REMIND,
	NOTICE_RESOLVE,
	NOTICE_KIND_COUNT,
};

struct notice {
	char id[40]; /* the same from fire to resolve; unique across restarts */
	const char *service;
	enum alert_severity severity;
	enum notice_kind kind;
	double started_seconds; /* fire */
	double now_seconds;
	/* all that is active (and not silenced) now; for resolve: what was at the last message */
	const struct notice_alert *alerts;
	size_t n_alerts;
};

int notices_new(double remind_seconds, struct notices **ret);
void notices_free(struct notices *notices);
void notices_set_remind(struct notices *notices, double remind_seconds);

/*
 * Alerts must differ in service, severity, SLO and rule. Calls fn for each message that is due; its return other than 0 ends the step, is returned, and
 * leaves that notice as if the step had not been: it comes again. Returns 0, -ENOMEM, or
 * -EAGAIN if the kernel has no random numbers yet.
 */
int notices_step(struct notices *notices, double now_seconds, const struct notice_alert *active,
		 size_t n, int (*fn)(void *context, const struct notice *notice), void *context);

/*
 * Each notice that is open (fired and not resolved), e.g. to refresh it at an Alertmanager: of the
 * kind `fire`, with the alerts that stood behind it at the last step (before a silence, if it is
 * silenced), and that step's time. Ends as notices_step() if fn does not return 0.
 */
int notices_each(const struct notices *notices, int (*fn)(void *context, const struct notice *),
		 void *context);

/* The whole state, to be kept over restarts. NULL when out of memory. */
json_t *notices_save(const struct notices *notices);
/* Into an empty one. Returns 0, -ENOMEM, or -EINVAL (nothing was taken). */
int notices_load(struct notices *notices, const json_t *saved);

#endif
