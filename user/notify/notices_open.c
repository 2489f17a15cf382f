/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notices_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"

/* ---- the alerts behind it ---- */

static const char *put_string(char **at, const char *text)
{
	const char *start = *at;

	*at = stpcpy(*at, text) + 1;
	return start;
}

int alert_list_copy(const struct notice_alert *alerts, size_t n, struct alert_list *ret)
{
	_cleanup_free_ struct notice_alert *copies = calloc(n + 1, sizeof(*copies));
	char *strings, *at;
	size_t bytes = 1;

	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		bytes += strlen(alerts[i].service) + strlen(alerts[i].slo) +
			 strlen(alerts[i].rule) + 3;
	strings = malloc(bytes);
	if (!strings)
		return -ENOMEM;
	at = strings;
	for (size_t i = 0; i < n; i++) {
		copies[i] = alerts[i];
		copies[i].service = put_string(&at, alerts[i].service);
		copies[i].slo = put_string(&at, alerts[i].slo);
		copies[i].rule = put_string(&at, alerts[i].rule);
	}
	*ret = (struct alert_list){TAKE_PTR(copies), n, strings};
	return 0;
}

void alert_list_swap(struct alert_list *a, struct alert_list *b)
{
	const struct alert_list old = *a;

	*a = *b;
	*b = old;
}

static bool alert_list_has(const struct alert_list *list, const struct notice_alert *alert)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!strcmp(list->alerts[i].slo, alert->slo) &&
		    !strcmp(list->alerts[i].rule, alert->rule))
			return true;
	}
	return false;
}

bool alert_list_within(const struct alert_list *list, const struct alert_list *all)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!alert_list_has(all, &list->alerts[i]))
			return false;
	}
	return true;
}

void alert_list_clear(struct alert_list *list)
{
	free(list->alerts);
	free(list->strings);
	*list = (struct alert_list){};
}

static json_t *alert_list_save(const struct alert_list *list)
{
	json_t *array = json_array();
	int failed = !array;

	for (size_t i = 0; i < list->n; i++) {
		const struct notice_alert *alert = &list->alerts[i];

		failed |=
			json_push(array, json_pack("{s:s*, s:s, s:s, s:b, s:f}", "service",
						   alert->of_host ? alert->service : NULL, "slo",
						   alert->slo, "rule", alert->rule, "held",
						   alert->held, "started", alert->started_seconds));
	}
	return json_checked(array, failed);
}

/* `like` has what older agents did not write of each alert, being the same for all. */
static int alert_list_load(const json_t *saved, const struct notice_alert *like,
			   struct alert_list *ret)
{
	const size_t n = json_array_size(saved);
	_cleanup_free_ struct notice_alert *alerts = calloc(n + 1, sizeof(*alerts));

	if (!alerts)
		return -ENOMEM;
	if (!n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_array_get(saved, i);
		int held = like->held;

		alerts[i] = *like;
		if (json_unpack(one, "{s?s, s:s, s:s, s?b, s?F}", "service", &alerts[i].service,
				"slo", &alerts[i].slo, "rule", &alerts[i].rule, "held", &held,
				"started", &alerts[i].started_seconds))
			return -EINVAL;
		alerts[i].held = held;
	}
	return alert_list_copy(alerts, n, ret);
}

/* ---- the notice ---- */

void open_notice_free(struct open_notice *open)
{
	if (!open)
		return;
	alert_list_clear(&open->told);
	alert_list_clear(&open->now);
	free(open);
}

void open_notice_free_at(struct open_notice **open)
{
	open_notice_free(*open);
}

json_t *open_notice_save(const struct open_notice *open, const char *service,
			 enum alert_severity severity)
{
	json_t *told = alert_list_save(&open->told), *now = alert_list_save(&open->now);
	bool held = open->told.n;

	for (size_t i = 0; i < open->told.n; i++)
		held &= open->told.alerts[i].held;
	if (!told || !now) {
		json_decref(told);
		json_decref(now);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:f, s:f, s:b, s:o, s:o}", "id", open->id, "service",
			 service, "severity", alert_severity_name(severity), "started",
			 open->started_seconds, "last", open->last_seconds, "held", held, "told",
			 told, "now", now);
}

int open_notice_load(const json_t *saved, const char **ret_service,
		     enum alert_severity *ret_severity, struct open_notice **ret)
{
	_cleanup_(open_notice_free_at) struct open_notice *open = calloc(1, sizeof(*open));
	struct notice_alert like = {};
	const char *id, *severity_name;
	const json_t *told, *now;
	int held, r;

	if (!open)
		return -ENOMEM;
	if (json_unpack((json_t *)saved, "{s:s, s:s, s:s, s:F, s:F, s:b, s:o, s:o}", "id", &id,
			"service", &like.service, "severity", &severity_name, "started",
			&open->started_seconds, "last", &open->last_seconds, "held", &held, "told",
			&told, "now", &now))
		return -EINVAL;
	if (!*id || strlen(id) >= sizeof(open->id))
		return -EINVAL;
	like.of_host = !*like.service;
	like.held = held;
	like.started_seconds = open->started_seconds;
	r = alert_severity_find(severity_name, &like.severity) ? 0 : -EINVAL;
	r = r ?: alert_list_load(told, &like, &open->told);
	r = r ?: alert_list_load(now, &like, &open->now);
	if (r)
		return r;
	memcpy(open->id, id, strlen(id) + 1);
	*ret_service = like.service;
	*ret_severity = like.severity;
	*ret = TAKE_PTR(open);
	return 0;
}
