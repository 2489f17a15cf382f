/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notices_news.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* The first alert of the other one's SLO. Those that concern the host are as of one SLO. */
static const struct notice_alert *of_slo(const struct notice_alert *alerts, size_t n,
					 const struct notice_alert *other)
{
	for (size_t i = 0; i < n; i++) {
		if (other->of_host || !strcmp(alerts[i].slo, other->slo))
			return &alerts[i];
	}
	return NULL;
}

static const struct notice_alert *told_of(const struct open_notice *open,
					  const struct notice_alert *alert)
{
	return of_slo(open->told.alerts, open->told.n, alert);
}

static bool joins(const struct open_notice *open, const struct notice_alert *alert)
{
	const struct notice_alert *told = told_of(open, alert);

	return !told || told->held;
}

static bool stands(const struct standing *standing, const struct notice_alert *alert)
{
	return of_slo(standing->alerts, standing->n, alert);
}

/* No alert of it may be told, but one is active. */
static bool is_quiet(const struct standing *standing, const struct notice_alert *alert)
{
	return !stands(standing, alert) &&
	       of_slo(standing->alerts + standing->n, standing->n_quiet, alert);
}

static bool has_ended(const struct standing *standing, const struct notice_alert *alert)
{
	return !of_slo(standing->alerts, standing->n + standing->n_quiet, alert);
}

bool news_goes_on(const struct open_notice *open, const struct standing *standing)
{
	for (size_t i = 0; i < open->told.n; i++) {
		if (!has_ended(standing, &open->told.alerts[i]))
			return true;
	}
	return false;
}

bool news_all_held(const struct open_notice *open)
{
	for (size_t i = 0; i < open->told.n; i++) {
		if (!open->told.alerts[i].held)
			return false;
	}
	return true;
}

void news_mark_held(struct open_notice *open, const struct standing *standing)
{
	for (size_t i = 0; i < open->told.n; i++) {
		struct notice_alert *told = &open->told.alerts[i];
		const struct notice_alert *quiet =
			of_slo(standing->alerts + standing->n, standing->n_quiet, told);

		if (quiet && quiet->held)
			told->held = true;
	}
}

/* ---- lists ---- */

void news_clear(struct news *news)
{
	alert_list_clear(&news->list);
}

static int news_new(const struct open_notice *open, const struct standing *standing,
		    struct news *ret)
{
	const size_t max = open->told.n + open->now.n + standing->n;
	struct notice_alert *alerts = calloc(max + 1, sizeof(*alerts));

	if (!alerts)
		return -ENOMEM;
	*ret = (struct news){.list.alerts = alerts};
	return 0;
}

static void put(struct news *news, const struct open_notice *open, const struct notice_alert *alert,
		double now_seconds)
{
	const struct notice_alert *told = told_of(open, alert);
	struct notice_alert *added = &news->list.alerts[news->list.n++];

	*added = *alert;
	added->started_seconds = told ? told->started_seconds : now_seconds;
}

static void put_standing(struct news *news, const struct open_notice *open,
			 const struct standing *standing, double now_seconds, bool joining)
{
	for (size_t i = 0; i < standing->n; i++) {
		if (joins(open, &standing->alerts[i]) == joining)
			put(news, open, &standing->alerts[i], now_seconds);
	}
}

int news_joined(const struct open_notice *open, const struct standing *standing, double now_seconds,
		struct news *ret)
{
	int r = news_new(open, standing, ret);

	if (r)
		return r;
	put_standing(ret, open, standing, now_seconds, true);
	ret->n_news = ret->list.n;
	put_standing(ret, open, standing, now_seconds, false);
	return 0;
}

int news_left(const struct open_notice *open, const struct standing *standing, double now_seconds,
	      struct news *ret)
{
	int r = news_new(open, standing, ret);

	if (r)
		return r;
	for (size_t i = 0; i < open->told.n; i++) {
		if (has_ended(standing, &open->told.alerts[i]))
			put(ret, open, &open->told.alerts[i], now_seconds);
	}
	ret->n_news = ret->list.n;
	for (size_t i = 0; i < standing->n; i++)
		put(ret, open, &standing->alerts[i], now_seconds);
	return 0;
}

int news_standing(const struct open_notice *open, const struct standing *standing,
		  double now_seconds, struct news *ret)
{
	int r = news_new(open, standing, ret);

	for (size_t i = 0; !r && i < standing->n; i++)
		put(ret, open, &standing->alerts[i], now_seconds);
	return r;
}

int news_next(const struct open_notice *open, const struct alert_list *before,
	      const struct standing *standing, double now_seconds, bool keep_ended,
	      struct alert_list *ret)
{
	_cleanup_(alert_list_clear) struct alert_list next = {};
	struct news news;
	int r = news_standing(open, standing, now_seconds, &news);

	if (r)
		return r;
	next = news.list;
	for (size_t i = 0; i < before->n; i++) {
		const struct notice_alert *alert = &before->alerts[i];

		if (is_quiet(standing, alert) || (keep_ended && has_ended(standing, alert)))
			next.alerts[next.n++] = *alert;
	}
	return alert_list_copy(next.alerts, next.n, ret);
}
