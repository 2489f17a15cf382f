/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notices: what the active alerts of a service and severity have to tell, whatever number of SLOs
 * and windows stand behind it. Pure, but for ids, which are random: time is an argument, and
 * sending is the work of deliver/deliver. notify/message has the way from an alert to a receiver.
 *
 * A step is given all active alerts. For each service and severity:
 *
 *   the notice is  and                                           it tells
 *   closed         an alert is active                            fire, or escalate
 *   open           its last message is remind_seconds old        remind
 *   open           of severity notice, and an alert has joined   fire, with the same id
 *   open           no alert is active any more                   resolve
 *   held           no page holds it any more                     fire, with the same id
 *
 * A page escalates if a ticket of its service is open. As long as that page stands it holds tickets
 * of the service back. An open ticket is held: it tells nothing but its resolve. A closed one stays
 * closed, and fires after the page.
 * A notice of severity notice (half a budget is spent, or more) may stand for weeks: no remind.
 * A silenced alert fires nothing, reminds of nothing and, if it is a page, holds nothing back. It
 * keeps its notice open: the resolve comes when the alert itself ends.
 *
 * A step judges services in the order of their names, and a service's page before its ticket before
 * its notice. The order of the alerts that it is given changes nothing.
 */
#ifndef SLIPROBE_NOTIFY_NOTICES_H
#define SLIPROBE_NOTIFY_NOTICES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "slo/alerts.h"

struct notices;

/* One active alert. A notice that keeps it copies the strings. */
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
	double started_seconds; /* of the first fire */
	double now_seconds;
	/* those that are active and not silenced; of a resolve, those of the last message */
	const struct notice_alert *alerts;
	size_t n_alerts;
};

int notices_new(double remind_seconds, struct notices **ret);
void notices_free(struct notices *notices);
void notices_set_remind(struct notices *notices, double remind_seconds);

/*
 * Any two alerts differ in service, severity, SLO or rule. Calls fn for each notice that is due. A
 * return of fn other than 0 ends the step and is returned; that notice comes again in the next
 * step. Returns 0, -ENOMEM, or -EAGAIN if the kernel has no random numbers yet.
 */
int notices_step(struct notices *notices, double now_seconds, const struct notice_alert *active,
		 size_t n, int (*fn)(void *context, const struct notice *notice), void *context);

/*
 * Calls fn for each open notice, as a fire: with the alerts and the time of the last step, or, if
 * it is silenced, with the alerts before the silence. A return of fn other than 0 ends it, and is
 * returned.
 */
int notices_each(const struct notices *notices, int (*fn)(void *context, const struct notice *),
		 void *context);

/* The whole state, for the next agent. NULL when out of memory. */
json_t *notices_save(const struct notices *notices);
/* Into notices of which none is open. Returns 0, or -ENOMEM or -EINVAL: then none is. */
int notices_load(struct notices *notices, const json_t *saved);

#endif
