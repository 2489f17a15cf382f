/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notices.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "notify/notices_open.h"

/* A service with an open notice. Within a step, any service with an active alert. */
struct subject {
	char *service;
	struct open_notice *open[SEVERITY_COUNT]; /* NULL: none */
};

struct notices {
	double remind_seconds;
	double now_seconds; /* of the last step */
	struct subject *subjects; /* by service */
	size_t n;
};

/* The alerts of one service and severity in one step. Silenced ones come last. */
struct standing {
	const struct notice_alert *alerts;
	size_t n;
	size_t n_silenced;
};

struct step {
	struct notices *notices;
	double now_seconds;
	int (*fn)(void *context, const struct notice *notice);
	void *context;
};

/* ---- order ---- */

/* By service, there pages first; of a service and severity, silenced alerts last. */
static int alert_order(const void *a, const void *b)
{
	const struct notice_alert *left = a, *right = b;
	int order = strcmp(left->service, right->service);

	if (!order)
		order = (left->severity < right->severity) - (left->severity > right->severity);
	if (!order)
		order = left->silenced - right->silenced;
	if (!order)
		order = strcmp(left->slo, right->slo);
	return order ? order : strcmp(left->rule, right->rule);
}

static int subject_order(const void *a, const void *b)
{
	return strcmp(((const struct subject *)a)->service, ((const struct subject *)b)->service);
}

static struct subject *subject_find(const struct notices *notices, const char *service)
{
	const struct subject wanted = {.service = (char *)service};

	if (!notices->n)
		return NULL;
	return bsearch(&wanted, notices->subjects, notices->n, sizeof(wanted), subject_order);
}

static bool subject_idle(const struct subject *subject)
{
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		if (subject->open[i])
			return false;
	}
	return true;
}

static void subject_clear(struct subject *subject)
{
	for (int i = 0; i < SEVERITY_COUNT; i++)
		open_notice_free(subject->open[i]);
	free(subject->service);
}

/* Adds the services of the alerts that are not there yet. */
static int subjects_add(struct notices *notices, const struct notice_alert *sorted, size_t n)
{
	const size_t before = notices->n;
	struct subject *grown;

	grown = realloc(notices->subjects, (before + n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	notices->subjects = grown;
	for (size_t i = 0; i < n; i++) {
		const struct subject wanted = {.service = (char *)sorted[i].service};
		char *service;

		if (i && !strcmp(sorted[i - 1].service, wanted.service))
			continue;
		if (before && bsearch(&wanted, grown, before, sizeof(wanted), subject_order))
			continue;
		service = strdup(wanted.service);
		if (!service)
			return -ENOMEM;
		grown[notices->n++] = (struct subject){.service = service};
	}
	return 0;
}

/* Drops services without an open notice. Sorts, as subjects_add() may have failed halfway. */
static void subjects_tidy(struct notices *notices)
{
	size_t n = 0;

	for (size_t i = 0; i < notices->n; i++) {
		if (subject_idle(&notices->subjects[i]))
			subject_clear(&notices->subjects[i]);
		else
			notices->subjects[n++] = notices->subjects[i];
	}
	notices->n = n;
	if (n)
		qsort(notices->subjects, n, sizeof(*notices->subjects), subject_order);
}

/* ---- a step ---- */

static int tell(const struct step *step, const char *service, enum alert_severity severity,
		enum notice_kind kind, const struct open_notice *open,
		const struct alert_list *list)
{
	struct notice notice = {
		.service = service,
		.severity = severity,
		.kind = kind,
		.started_seconds = open->started_seconds,
		.now_seconds = step->now_seconds,
		.alerts = list->alerts,
		.n_alerts = list->n,
	};

	memcpy(notice.id, open->id, sizeof(notice.id));
	return step->fn(step->context, &notice);
}

static int open_notice_new(const struct step *step, struct open_notice **ret)
{
	_cleanup_(open_notice_free_at) struct open_notice *open = calloc(1, sizeof(*open));
	uint64_t random[2];

	if (!open)
		return -ENOMEM;
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return -EAGAIN;
	snprintf(open->id, sizeof(open->id), "%016llx%016llx", (unsigned long long)random[0],
		 (unsigned long long)random[1]);
	open->started_seconds = step->now_seconds;
	*ret = TAKE_PTR(open);
	return 0;
}

static int fire(const struct step *step, struct subject *subject, enum alert_severity severity,
		const struct standing *standing)
{
	_cleanup_(open_notice_free_at) struct open_notice *open = NULL;
	enum notice_kind kind = NOTICE_FIRE;
	int r = open_notice_new(step, &open);

	if (severity == SEVERITY_PAGE && subject->open[SEVERITY_TICKET])
		kind = NOTICE_ESCALATE;
	r = r ?: alert_list_copy(standing->alerts, standing->n, &open->told);
	r = r ?: alert_list_copy(standing->alerts, standing->n, &open->now);
	r = r ?: tell(step, subject->service, severity, kind, open, &open->told);
	if (r)
		return r;
	open->last_seconds = step->now_seconds;
	subject->open[severity] = TAKE_PTR(open);
	return 0;
}

static int resolve(const struct step *step, struct subject *subject, enum alert_severity severity)
{
	struct open_notice *open = subject->open[severity];
	int r = tell(step, subject->service, severity, NOTICE_RESOLVE, open, &open->told);

	if (r)
		return r;
	open_notice_free(open);
	subject->open[severity] = NULL;
	return 0;
}

/* Whether an open notice whose alerts stand has something to tell. */
static bool due(const struct step *step, const struct open_notice *open,
		enum alert_severity severity, const struct alert_list *now)
{
	const double remind_seconds = step->notices->remind_seconds;

	if (open->held)
		return true;
	if (severity == SEVERITY_NOTICE)
		return !alert_list_within(now, &open->told);
	return remind_seconds > 0 && step->now_seconds - open->last_seconds >= remind_seconds;
}

/*
 * Reminds, or fires again: a ticket that no page holds any more, or a notice that others have
 * joined.
 */
static int tell_again(const struct step *step, const struct subject *subject,
		      enum alert_severity severity, struct alert_list *now)
{
	struct open_notice *open = subject->open[severity];
	const enum notice_kind kind =
		open->held || severity == SEVERITY_NOTICE ? NOTICE_FIRE : NOTICE_REMIND;
	_cleanup_(alert_list_clear) struct alert_list told = {};
	int r;

	if (!due(step, open, severity, now))
		return 0;
	r = alert_list_copy(now->alerts, now->n, &told);
	r = r ?: tell(step, subject->service, severity, kind, open, now);
	if (r)
		return r;
	alert_list_swap(&open->told, &told);
	open->held = false;
	open->last_seconds = step->now_seconds;
	return 0;
}

static int judge(const struct step *step, struct subject *subject, enum alert_severity severity,
		 const struct standing *standing, bool hold)
{
	struct open_notice *open = subject->open[severity];
	_cleanup_(alert_list_clear) struct alert_list now = {};
	int r;

	if (!open)
		return standing->n && !hold ? fire(step, subject, severity, standing) : 0;
	if (!standing->n && !standing->n_silenced)
		return resolve(step, subject, severity);
	if (hold)
		open->held = true;
	if (!standing->n)
		return 0;
	r = alert_list_copy(standing->alerts, standing->n, &now);
	if (!r && !hold)
		r = tell_again(step, subject, severity, &now);
	if (!r)
		alert_list_swap(&open->now, &now);
	return r;
}

/* Takes the alerts of a service and severity off the front of the sorted ones. */
static struct standing take(const struct notice_alert **alerts, const struct notice_alert *end,
			    const char *service, enum alert_severity severity)
{
	struct standing standing = {.alerts = *alerts};

	for (; *alerts < end; (*alerts)++) {
		if ((*alerts)->severity != severity || strcmp((*alerts)->service, service) != 0)
			break;
		if ((*alerts)->silenced)
			standing.n_silenced++;
		else
			standing.n++;
	}
	return standing;
}

static int judge_all(const struct step *step, const struct notice_alert *sorted, size_t n)
{
	const struct notice_alert *const end = sorted + n;
	int r = 0;

	for (size_t i = 0; !r && i < step->notices->n; i++) {
		struct subject *subject = &step->notices->subjects[i];
		const struct standing page = take(&sorted, end, subject->service, SEVERITY_PAGE);
		const struct standing ticket =
			take(&sorted, end, subject->service, SEVERITY_TICKET);
		const struct standing notice =
			take(&sorted, end, subject->service, SEVERITY_NOTICE);
		bool hold;

		r = judge(step, subject, SEVERITY_PAGE, &page, false);
		hold = subject->open[SEVERITY_PAGE] && page.n;
		r = r ?: judge(step, subject, SEVERITY_TICKET, &ticket, hold);
		r = r ?: judge(step, subject, SEVERITY_NOTICE, &notice, false);
	}
	return r;
}

int notices_step(struct notices *notices, double now_seconds, const struct notice_alert *active,
		 size_t n, int (*fn)(void *context, const struct notice *notice), void *context)
{
	const struct step step = {notices, now_seconds, fn, context};
	_cleanup_free_ struct notice_alert *sorted = calloc(n + 1, sizeof(*sorted));
	int r;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = active[i];
	qsort(sorted, n, sizeof(*sorted), alert_order);
	notices->now_seconds = now_seconds;
	r = subjects_add(notices, sorted, n);
	if (!r && notices->n) {
		qsort(notices->subjects, notices->n, sizeof(*notices->subjects), subject_order);
		r = judge_all(&step, sorted, n);
	}
	subjects_tidy(notices);
	return r;
}

int notices_each(const struct notices *notices, int (*fn)(void *context, const struct notice *),
		 void *context)
{
	const struct step step = {NULL, notices->now_seconds, fn, context};
	int r = 0;

	for (size_t i = 0; !r && i < notices->n; i++) {
		const struct subject *subject = &notices->subjects[i];

		for (enum alert_severity s = SEVERITY_COUNT; !r && s-- > 0;) {
			if (subject->open[s])
				r = tell(&step, subject->service, s, NOTICE_FIRE, subject->open[s],
					 &subject->open[s]->now);
		}
	}
	return r;
}

/* ---- over restarts ---- */

json_t *notices_save(const struct notices *notices)
{
	json_t *list = json_array();
	int failed = 0;

	for (size_t i = 0; i < notices->n; i++) {
		const struct subject *subject = &notices->subjects[i];

		for (enum alert_severity s = 0; s < SEVERITY_COUNT; s++) {
			if (subject->open[s])
				failed |= json_push(list, open_notice_save(subject->open[s],
									   subject->service, s));
		}
	}
	return json_pack("{s:i, s:f, s:o}", "version", 1, "now", notices->now_seconds, "notices",
			 json_checked(list, failed));
}

static int load_one(struct notices *notices, const json_t *saved)
{
	_cleanup_(open_notice_free_at) struct open_notice *open = NULL;
	struct notice_alert key = {};
	struct subject *subject;
	int r = open_notice_load(saved, &key.service, &key.severity, &open);

	if (r)
		return r;
	subject = subject_find(notices, key.service);
	if (!subject) {
		r = subjects_add(notices, &key, 1);
		if (r)
			return r;
		qsort(notices->subjects, notices->n, sizeof(*notices->subjects), subject_order);
		subject = subject_find(notices, key.service);
	}
	if (!subject || subject->open[key.severity])
		return -EINVAL;
	subject->open[key.severity] = TAKE_PTR(open);
	return 0;
}

static void notices_clear(struct notices *notices)
{
	for (size_t i = 0; i < notices->n; i++)
		subject_clear(&notices->subjects[i]);
	free(notices->subjects);
	notices->subjects = NULL;
	notices->n = 0;
}

int notices_load(struct notices *notices, const json_t *saved)
{
	const json_t *list = json_object_get(saved, "notices");
	const json_t *now = json_object_get(saved, "now");
	const json_t *one;
	size_t i;
	int r = 0;

	if (notices->n || json_integer_value(json_object_get(saved, "version")) != 1 ||
	    !json_is_array(list) || !json_is_number(now))
		return -EINVAL;
	json_array_foreach(list, i, one) {
		r = load_one(notices, one);
		if (r)
			break;
	}
	if (r)
		notices_clear(notices);
	else
		notices->now_seconds = json_number_value(now);
	return r;
}

/* ---- life ---- */

int notices_new(double remind_seconds, struct notices **ret)
{
	struct notices *notices = calloc(1, sizeof(*notices));

	if (!notices)
		return -ENOMEM;
	notices->remind_seconds = remind_seconds;
	*ret = notices;
	return 0;
}

void notices_free(struct notices *notices)
{
	if (!notices)
		return;
	notices_clear(notices);
	free(notices);
}

void notices_set_remind(struct notices *notices, double remind_seconds)
{
	notices->remind_seconds = remind_seconds;
}
