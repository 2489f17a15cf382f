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
#include "notify/notices_news.h"
#include "notify/notices_open.h"

/*
 * A service with an open notice, or the host. Within a step, any service with an active alert.
 */
struct subject {
	char *service; /* "": the host */
	struct open_notice *open[SEVERITY_COUNT]; /* NULL: none */
};

struct notices {
	double remind_seconds;
	double now_seconds; /* of the last step */
	struct subject *subjects; /* by service */
	size_t n;
};

struct step {
	struct notices *notices;
	double now_seconds;
	int (*fn)(void *context, const struct notice *notice);
	void *context;
};

/* ---- order ---- */

static bool is_quiet(const struct notice_alert *alert)
{
	return alert->silenced || alert->held;
}

/* "" for what concerns the host. */
static const char *subject_name(const struct notice_alert *alert)
{
	return alert->of_host ? "" : alert->service;
}

/* By service, there pages first; of a service and severity, quiet alerts last. */
static int alert_order(const void *a, const void *b)
{
	const struct notice_alert *left = a, *right = b;
	int order = strcmp(subject_name(left), subject_name(right));

	if (!order)
		order = (left->severity < right->severity) - (left->severity > right->severity);
	if (!order)
		order = is_quiet(left) - is_quiet(right);
	if (!order)
		order = strcmp(left->service, right->service);
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
		const struct subject wanted = {.service = (char *)subject_name(&sorted[i])};
		char *service;

		if (i && !strcmp(subject_name(&sorted[i - 1]), wanted.service))
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
		const struct alert_list *list, size_t n_news)
{
	struct notice notice = {
		.service = *service ? service : NOTICE_OF_HOST,
		.of_host = !*service,
		.severity = severity,
		.kind = kind,
		.started_seconds = open->started_seconds,
		.now_seconds = step->now_seconds,
		.alerts = list->alerts,
		.n_alerts = list->n,
		.n_news = n_news,
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
	r = r ?: news_next(open, &open->told, standing, step->now_seconds, false, &open->told);
	r = r ?: news_next(open, &open->now, standing, step->now_seconds, false, &open->now);
	r = r ?: tell(step, subject->service, severity, kind, open, &open->told, open->told.n);
	if (r)
		return r;
	open->last_seconds = step->now_seconds;
	subject->open[severity] = TAKE_PTR(open);
	return 0;
}

static int resolve(const struct step *step, struct subject *subject, enum alert_severity severity)
{
	struct open_notice *open = subject->open[severity];
	int r = tell(step, subject->service, severity, NOTICE_RESOLVE, open, &open->told,
		     open->told.n);

	if (r)
		return r;
	open_notice_free(open);
	subject->open[severity] = NULL;
	return 0;
}

/* An open notice in a step. */
struct judged {
	const struct step *step;
	const char *service;
	enum alert_severity severity;
	struct open_notice *open;
	const struct standing *standing;
};

/* Tells it, and keeps what is told by it. */
static int tell_again(const struct judged *judged, enum notice_kind kind, const struct news *news,
		      bool keep_ended)
{
	struct open_notice *open = judged->open;
	const double now_seconds = judged->step->now_seconds;
	_cleanup_(alert_list_clear) struct alert_list told = {};
	_cleanup_(alert_list_clear) struct alert_list now = {};
	int r = news_next(open, &open->told, judged->standing, now_seconds, keep_ended, &told);

	r = r ?: news_next(open, &open->now, judged->standing, now_seconds, keep_ended, &now);
	if (!r)
		r = tell(judged->step, judged->service, judged->severity, kind, open, &news->list,
			 news->n_news);
	if (r)
		return r;
	alert_list_swap(&open->told, &told);
	alert_list_swap(&open->now, &now);
	open->last_seconds = now_seconds;
	return 0;
}

static int tell_joined(const struct judged *judged)
{
	const enum notice_kind kind = news_all_held(judged->open) ? NOTICE_FIRE : NOTICE_JOINED;
	_cleanup_(news_clear) struct news news = {};
	int r = news_joined(judged->open, judged->standing, judged->step->now_seconds, &news);

	return r || !news.n_news ? r : tell_again(judged, kind, &news, true);
}

static int tell_left(const struct judged *judged)
{
	_cleanup_(news_clear) struct news news = {};
	int r = news_left(judged->open, judged->standing, judged->step->now_seconds, &news);

	return r || !news.n_news ? r : tell_again(judged, NOTICE_LEFT, &news, false);
}

/* A reminder, or another threshold of a budget. */
static int tell_standing(const struct judged *judged)
{
	const struct open_notice *open = judged->open;
	const double remind_seconds = judged->step->notices->remind_seconds;
	const double silent_seconds = judged->step->now_seconds - open->last_seconds;
	_cleanup_(news_clear) struct news news = {};
	enum notice_kind kind;
	bool due;
	int r = news_standing(open, judged->standing, judged->step->now_seconds, &news);

	if (r || !news.list.n)
		return r;
	if (judged->severity == SEVERITY_NOTICE)
		due = !alert_list_within(&news.list, &open->told);
	else
		due = remind_seconds > 0 && silent_seconds >= remind_seconds;
	if (!due)
		return 0;
	kind = judged->severity == SEVERITY_NOTICE ? NOTICE_FIRE : NOTICE_REMIND;
	return tell_again(judged, kind, &news, false);
}

static int judge(const struct step *step, struct subject *subject, enum alert_severity severity,
		 const struct standing *standing)
{
	struct open_notice *open = subject->open[severity];
	const struct judged judged = {step, subject->service, severity, open, standing};
	_cleanup_(alert_list_clear) struct alert_list now = {};
	int r;

	if (!open)
		return standing->n ? fire(step, subject, severity, standing) : 0;
	if (!standing->n && !news_goes_on(open, standing))
		return resolve(step, subject, severity);
	r = tell_joined(&judged);
	r = r ?: tell_left(&judged);
	r = r ?: tell_standing(&judged);
	if (r)
		return r;
	news_mark_held(open, standing);
	r = news_next(open, &open->now, standing, step->now_seconds, false, &now);
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
		if ((*alerts)->severity != severity || strcmp(subject_name(*alerts), service) != 0)
			break;
		if (is_quiet(*alerts))
			standing.n_quiet++;
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

		for (enum alert_severity s = SEVERITY_COUNT; !r && s-- > 0;) {
			const struct standing standing = take(&sorted, end, subject->service, s);

			r = judge(step, subject, s, &standing);
		}
	}
	return r;
}

/* Sorts. Tickets of an SLO are held back by its page, which stands before them. */
static void sort(struct notice_alert *alerts, size_t n)
{
	size_t page = 0;

	qsort(alerts, n, sizeof(*alerts), alert_order);
	for (size_t i = 0; i < n; i++) {
		struct notice_alert *alert = &alerts[i];

		if (strcmp(subject_name(&alerts[page]), subject_name(alert)) != 0)
			page = i;
		for (size_t k = page; alert->severity == SEVERITY_TICKET && k < i &&
				      alerts[k].severity == SEVERITY_PAGE;
		     k++)
			alert->held |= !alerts[k].silenced &&
				       (alert->of_host || !strcmp(alerts[k].slo, alert->slo));
	}
	qsort(alerts, n, sizeof(*alerts), alert_order);
}

int notices_step(struct notices *notices, double now_seconds, const struct notice_alert *active,
		 size_t n, int (*fn)(void *context, const struct notice *notice), void *context)
{
	const struct step step = {notices, now_seconds, fn, context};
	_cleanup_free_ struct notice_alert *sorted = calloc(n + 1, sizeof(*sorted));
	int r;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		sorted[i] = active[i];
		sorted[i].held = false;
	}
	sort(sorted, n);
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
					 &subject->open[s]->now, subject->open[s]->now.n);
		}
	}
	return r;
}

size_t notice_services(const struct notice *notice)
{
	size_t n = 0;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		size_t k = 0;

		while (strcmp(notice->alerts[k].service, notice->alerts[i].service) != 0)
			k++;
		n += k == i;
	}
	return n;
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
	key.of_host = !*key.service;
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
