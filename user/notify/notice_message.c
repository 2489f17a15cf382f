/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notice_message.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/json_values.h"
#include "base/utf8.h"
#include "notify/message.h"
#include "report/json.h"

static const char *const kinds[NOTICE_KIND_COUNT] = {
	[NOTICE_FIRE] = "fire", [NOTICE_ESCALATE] = "escalate", [NOTICE_JOINED] = "joined",
	[NOTICE_LEFT] = "left", [NOTICE_REMIND] = "remind",	[NOTICE_RESOLVE] = "resolve",
};

static const struct notice_slo *slo_of(const struct notice_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_slos; i++) {
		if (!strcmp(facts->slos[i].now.name, name))
			return &facts->slos[i];
	}
	return NULL;
}

/* True if an alert of the SLO came before alert i. */
static bool named_before(const struct notice *notice, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (!strcmp(notice->alerts[k].slo, notice->alerts[i].slo))
			return true;
	}
	return false;
}

static json_t *summary_of_host(const struct notice *notice, const struct notice_facts *facts)
{
	const size_t n = notice_services(notice);
	const char *plural = format_plural(n);

	if (notice->kind == NOTICE_RESOLVE)
		return json_sprintf("enough is counted again; %zu service%s lacked requests", n,
				    plural);
	if (!facts->uncounted_seconds.known)
		return json_sprintf(
			"requests were not counted for too long: %zu service%s lack them", n,
			plural);
	return json_sprintf(
		"requests were not counted for %s of the last %s: %zu service%s lack them",
		format_span(facts->uncounted_seconds.value).text,
		format_span(facts->judged_seconds).text, n, plural);
}

/* Of how many SLOs the message has news. */
static size_t n_news(const struct notice *notice)
{
	size_t n = 0;

	for (size_t i = 0; i < notice->n_news && !notice->of_host; i++)
		n += !named_before(notice, i);
	return n;
}

/* What is new in full, the others by name. A reminder has no news, and tells all in full. */
static json_t *summary(const struct notice *notice, const struct notice_facts *facts,
		       const json_t *slos)
{
	const bool news = notice->kind == NOTICE_JOINED || notice->kind == NOTICE_LEFT;
	const size_t n_full = news ? n_news(notice) : json_array_size(slos);
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out;

	if (notice->of_host)
		return summary_of_host(notice, facts);
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (size_t i = 0; i < n_full; i++)
		fprintf(out, "%s%s", i ? "; " : "",
			message_text(json_array_get(slos, i), "summary"));
	for (size_t i = n_full; i < json_array_size(slos); i++)
		fprintf(out, "%s%s", i > n_full ? ", " : "; still firing: ",
			message_text(json_array_get(slos, i), "name"));
	return fclose(out) ? NULL : json_string(text);
}

static json_t *time_json(double unix_seconds)
{
	char text[32];

	calendar_rfc3339(unix_seconds, text);
	return json_string(text);
}

static json_t *slos_of(const struct notice *notice, const struct notice_facts *facts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_alerts && !notice->of_host; i++) {
		if (!named_before(notice, i))
			failed |= json_push(
				array,
				notice_slo_json(notice, i, slo_of(facts, notice->alerts[i].slo),
						facts->wall_offset_seconds, facts->socket));
	}
	return json_checked(array, failed);
}

/* The names of the first `n` SLOs. */
static json_t *names(const json_t *slos, size_t n)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= json_push(array,
				    json_incref(json_object_get(json_array_get(slos, i), "name")));
	return json_checked(array, failed);
}

static int put_times(json_t *object, const struct notice *notice, double wall_offset_seconds)
{
	int failed = json_put(object, "started_at",
			      time_json(notice->started_seconds + wall_offset_seconds));

	return failed |
	       json_put(object, "sent_at", time_json(notice->now_seconds + wall_offset_seconds));
}

static int put_slos(json_t *object, const struct notice *notice, const struct notice_facts *facts)
{
	const bool ended = notice->kind == NOTICE_LEFT || notice->kind == NOTICE_RESOLVE;
	const size_t n = n_news(notice);
	json_t *slos = slos_of(notice, facts);
	int failed = !slos;

	failed |= json_put(object, "joined", names(slos, ended ? 0 : n));
	failed |= json_put(object, "left", names(slos, ended ? n : 0));
	failed |= json_put(object, "summary", summary(notice, facts, slos));
	failed |= json_put(object, "slos", slos);
	return failed;
}

json_t *notice_message(const struct notice *notice, const struct notice_facts *facts)
{
	const char *status = notice->kind == NOTICE_RESOLVE ? "resolved" : "firing";
	const bool has_slo = notice->n_alerts && !notice->of_host;
	json_t *object = json_object();
	char host[65] = "";
	int failed = 0;

	gethostname(host, sizeof(host) - 1);
	failed |= json_put(object, "version", json_integer(1));
	failed |= json_put(object, "id", json_string(notice->id));
	failed |= json_put(object, "kind", json_string(kinds[notice->kind]));
	failed |= json_put(object, "status", json_string(status));
	failed |= json_put(object, "severity", json_string(alert_severity_name(notice->severity)));
	failed |= json_put(object, "service", json_string(notice->service));
	failed |= json_put(object, "services", json_count(notice_services(notice)));
	failed |= json_put(object, "host", json_string(host));
	failed |= put_times(object, notice, facts->wall_offset_seconds);
	failed |= put_slos(object, notice, facts);
	failed |= json_put(object, "about", json_about(facts->about));
	failed |= json_put(object, "command",
			   notice_command(has_slo ? notice->alerts[0].slo : NULL, facts->socket));
	failed |= json_put(object, "description", message_description(object, n_news(notice)));
	return json_checked(object, failed);
}

json_t *notice_message_test(enum alert_severity severity, double unix_seconds, const char *socket)
{
	char now[32], host[65] = "";

	calendar_rfc3339(unix_seconds, now);
	gethostname(host, sizeof(host) - 1);
	return json_pack("{s:i, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:n, s:o}",
			 "version", 1, "id", json_sprintf("test-%.6f", unix_seconds), "kind",
			 "test", "status", "firing", "severity", alert_severity_name(severity),
			 "service", "sliprobe", "host", host, "started_at", now, "sent_at", now,
			 "summary", "a test: nothing is wrong", "slos", "about", "command",
			 notice_command(NULL, socket));
}
