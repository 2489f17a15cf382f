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
 *   open           an SLO has begun to fire                      joined
 *   open           an SLO that was told fires no more            left
 *   open           its last message is remind_seconds old        remind
 *   open           of severity notice: another alert of an SLO   fire, with the same id
 *   open           no SLO that was told fires any more           resolve
 *   held           no page holds it any more                     fire, with the same id
 *
 * So each SLO is told once when it begins and once when it ends, whatever number of its alerts come
 * and go between. What is new stands first in a message: notice.n_news.
 *
 * A page escalates if a ticket of its service is open. As long as the page of an SLO stands it
 * holds tickets of that SLO back. A ticket that was told is held: it tells nothing but its end, and
 * fires or joins again after the page. One that was not is told after the page.
 * A notice of severity notice (half a budget is spent, or more) may stand for weeks: no remind.
 * A silenced alert fires nothing, joins nothing, reminds of nothing and, if it is a page, holds
 * nothing back. An SLO that was told and is silenced then stays told: its end is told when the
 * alert itself ends.
 *
 * What concerns the agent or the host, and so each SLO alike, is one notice a severity, whatever
 * number of services stand behind it: SLOs do not join or leave it. It is judged first, like a
 * service whose name is empty.
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

/* Stands for the name of a service in a notice that concerns the host. */
#define NOTICE_OF_HOST "sliprobe"

struct notices;

/* One active alert. A notice that keeps it copies the strings. */
struct notice_alert {
	const char *service;
	const char *slo;
	const char *rule;
	enum alert_severity severity;
	bool silenced;
	bool of_host; /* it concerns the host, not its service alone */
	/* notices set these; in the alerts of a step they mean nothing */
	bool held; /* a page of its SLO holds it back */
	double started_seconds; /* when its SLO was first told of */
};

enum notice_kind {
	NOTICE_FIRE,
	NOTICE_ESCALATE,
	NOTICE_JOINED,
	NOTICE_LEFT,
	NOTICE_REMIND,
	NOTICE_RESOLVE,
	NOTICE_KIND_COUNT,
};

struct notice {
	char id[40]; /* the same from fire to resolve; unique across restarts */
	const char *service; /* NOTICE_OF_HOST, if it concerns the host */
	bool of_host;
	enum alert_severity severity;
	enum notice_kind kind;
	double started_seconds; /* of the first fire */
	double now_seconds;
	/*
	 * The news first: of joined, the alerts of SLOs that have begun; of left, of SLOs that have
	 * ended, as last told; of fire and escalate, all; of resolve, all as last told. Then the
	 * others that are active, not silenced and not held back. All of an SLO stand together.
	 */
	const struct notice_alert *alerts;
	size_t n_alerts;
	size_t n_news;
};

/* The number of services behind it: one, unless it concerns the host. */
size_t notice_services(const struct notice *notice);

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
 * Calls fn for each open notice, as a fire: with the time of the last step, and the alerts of each
 * SLO that was told of and has not ended. Those of an SLO that is silenced or held back are as they
 * were before. A return of fn other than 0 ends it, and is returned.
 */
int notices_each(const struct notices *notices, int (*fn)(void *context, const struct notice *),
		 void *context);

/* The whole state, for the next agent. NULL when out of memory. */
json_t *notices_save(const struct notices *notices);
/* Into notices of which none is open. Returns 0, or -ENOMEM or -EINVAL: then none is. */
int notices_load(struct notices *notices, const json_t *saved);

#endif
