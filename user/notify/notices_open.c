/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notices_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- the alerts behind it ---- */

static const char *put_string(char **at, const char *text)
{
	const char *start = *at;

	*at = stpcpy(*at, text) + 1;
	return start;
}

int behind_copy(const struct notice_alert *alerts, size_t n, struct behind *ret)
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
	*ret = (struct behind){TAKE_PTR(copies), n, strings};
	return 0;
}

void behind_swap(struct behind *a, struct behind *b)
{
	const struct behind old = *a;

	*a = *b;
	*b = old;
}

static bool behind_has(const struct behind *behind, const struct notice_alert *alert)
{
	for (size_t i = 0; i < behind->n; i++) {
		if (!strcmp(behind->alerts[i].slo, alert->slo) &&
		    !strcmp(behind->alerts[i].rule, alert->rule))
			return true;
	}
	return false;
}

bool behind_within(const struct behind *behind, const struct behind *all)
{
	for (size_t i = 0; i < behind->n; i++) {
		if (!behind_has(all, &behind->alerts[i]))
			return false;
	}
	return true;
}

void behind_clear(struct behind *behind)
{
	free(behind->alerts);
	free(behind->strings);
	*behind = (struct behind){};
}

static json_t *behind_save(const struct behind *behind)
{
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 0; i < behind->n; i++)
		failed |= json_array_append_new(list, json_pack("{s:s, s:s}", "slo",
								behind->alerts[i].slo, "rule",
								behind->alerts[i].rule));
	if (!failed)
		return list;
	json_decref(list);
	return NULL;
}

static int behind_load(const json_t *saved, const char *service, enum alert_severity severity,
		       struct behind *ret)
{
	const size_t n = json_array_size(saved);
	_cleanup_free_ struct notice_alert *alerts = calloc(n + 1, sizeof(*alerts));

	if (!alerts)
		return -ENOMEM;
	if (!n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(saved, i);

		alerts[i] = (struct notice_alert){
			.service = service,
			.slo = json_string_value(json_object_get(one, "slo")),
			.rule = json_string_value(json_object_get(one, "rule")),
			.severity = severity,
		};
		if (!alerts[i].slo || !alerts[i].rule)
			return -EINVAL;
	}
	return behind_copy(alerts, n, ret);
}

/* ---- the notice ---- */

void open_notice_free(struct open_notice *open)
{
	if (!open)
		return;
	behind_clear(&open->told);
	behind_clear(&open->now);
	free(open);
}

void open_notice_free_at(struct open_notice **open)
{
	open_notice_free(*open);
}

json_t *open_notice_save(const struct open_notice *open, const char *service,
			 enum alert_severity severity)
{
	json_t *told = behind_save(&open->told), *now = behind_save(&open->now);

	if (!told || !now) {
		json_decref(told);
		json_decref(now);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:f, s:f, s:b, s:o, s:o}", "id", open->id, "service",
			 service, "severity", alert_severity_name(severity), "started",
			 open->started_seconds, "last", open->last_seconds, "held", open->held,
			 "told", told, "now", now);
}

int open_notice_load(const json_t *saved, const char **ret_service,
		     enum alert_severity *ret_severity, struct open_notice **ret)
{
	_cleanup_(open_notice_free_at) struct open_notice *open = calloc(1, sizeof(*open));
	const char *id, *service, *severity_name;
	enum alert_severity severity = SEVERITY_NOTICE;
	const json_t *told, *now;
	int held, r;

	if (!open)
		return -ENOMEM;
	if (json_unpack((json_t *)saved, "{s:s, s:s, s:s, s:F, s:F, s:b, s:o, s:o}", "id", &id,
			"service", &service, "severity", &severity_name, "started",
			&open->started_seconds, "last", &open->last_seconds, "held", &held, "told",
			&told, "now", &now))
		return -EINVAL;
	if (!*id || strlen(id) >= sizeof(open->id) || !*service)
		return -EINVAL;
	r = alert_severity_find(severity_name, &severity) ? 0 : -EINVAL;
	r = r ?: behind_load(told, service, severity, &open->told);
	r = r ?: behind_load(now, service, severity, &open->now);
	if (r)
		return r;
	memcpy(open->id, id, strlen(id) + 1);
	open->held = held;
	*ret_service = service;
	*ret_severity = severity;
	*ret = TAKE_PTR(open);
	return 0;
}
