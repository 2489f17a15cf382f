/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/notice_message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

static const struct snapshot_slo *slo_of(const struct notice_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n_slos; i++) {
		if (!strcmp(facts->slos[i].name, name))
			return &facts->slos[i];
	}
	return NULL;
}

static const struct snapshot_alert *active(const struct snapshot_slo *slo, const char *rule)
{
	for (size_t i = 0; slo && i < slo->n_alerts; i++) {
		if (!strcmp(slo->alerts[i].name, rule))
			return &slo->alerts[i];
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

/* The highest burn rate that an alert of the notice has found. */
static double worst_burn(const struct notice *notice, const struct snapshot_slo *slo)
{
	double worst = NAN;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct snapshot_alert *alert = active(slo, notice->alerts[i].rule);

		if (!alert || strcmp(notice->alerts[i].slo, slo->name) != 0 ||
		    !alert->reading.burn_long.known)
			continue;
		worst = fmax(worst, alert->reading.burn_long.value);
	}
	return worst;
}

/* Whether the SLO of alert i fires no more. */
static bool has_ended(const struct notice *notice, size_t i)
{
	return notice->kind == NOTICE_RESOLVE ||
	       (notice->kind == NOTICE_LEFT && i < notice->n_news);
}

static void print_slo(FILE *out, const struct notice *notice, size_t first,
		      const struct snapshot_slo *slo)
{
	const bool ended = has_ended(notice, first);
	struct slo_budget budget;
	const char *before = " (";

	fputs(notice->alerts[first].slo, out);
	for (size_t i = first; i < notice->n_alerts; i++) {
		if (strcmp(notice->alerts[i].slo, notice->alerts[first].slo) != 0)
			continue;
		fprintf(out, "%s%s", before, notice->alerts[i].rule);
		before = ", ";
	}
	fputc(')', out);
	if (!slo)
		return;
	budget = snapshot_slo_budget(slo);
	if (!ended && !isnan(worst_burn(notice, slo)))
		fprintf(out, ": burns %.3g times the budgeted rate", worst_burn(notice, slo));
	if (budget.remaining_ratio.known)
		fprintf(out, ", %.1f %% of the budget left", 100 * budget.remaining_ratio.value);
	if (ended || !budget.exhausted_in_seconds.known)
		return;
	if (budget.exhausted_in_seconds.value <= 0) {
		fputs(", exhausted", out);
		return;
	}
	fputs(", exhausted in ", out);
	message_print_span(out, budget.exhausted_in_seconds.value);
}

/* The text in the stream's buffer as JSON. Closes and frees. NULL when out of memory. */
static json_t *printed(FILE *out, char **text)
{
	_cleanup_free_ char *clean = NULL;

	if (fclose(out))
		return NULL;
	clean = utf8_clean(*text);
	return clean ? json_string(clean) : NULL;
}

static json_t *summary_of(const struct notice *notice, size_t first, const struct snapshot_slo *slo)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	print_slo(out, notice, first, slo);
	return printed(out, &text);
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

/* What joined or left in full, the others by name. */
static json_t *summary(const struct notice *notice, const struct notice_facts *facts)
{
	const bool news = notice->kind == NOTICE_JOINED || notice->kind == NOTICE_LEFT;
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out;
	const char *before = "", *before_other = "; still firing: ";

	if (notice->of_host)
		return summary_of_host(notice, facts);
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (size_t i = 0; i < notice->n_alerts; i++) {
		if (named_before(notice, i))
			continue;
		if (news && i >= notice->n_news) {
			fprintf(out, "%s%s", before_other, notice->alerts[i].slo);
			before_other = ", ";
			continue;
		}
		fputs(before, out);
		print_slo(out, notice, i, slo_of(facts, notice->alerts[i].slo));
		before = "; ";
	}
	return printed(out, &text);
}

static json_t *alerts_of(const struct notice *notice, const char *slo_name,
			 const struct snapshot_slo *slo)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_alerts; i++) {
		const struct snapshot_alert *alert = active(slo, notice->alerts[i].rule);

		if (strcmp(notice->alerts[i].slo, slo_name) != 0)
			continue;
		failed |= json_push(array, alert ? json_alert(alert) :
						   json_pack("{s:s, s:s, s:s}", "name",
							     notice->alerts[i].rule, "severity",
							     alert_severity_name(notice->severity),
							     "state", "inactive"));
	}
	return json_checked(array, failed);
}

/* Quoted for a shell, as the name of a process may have any character. */
static json_t *command(const char *name)
{
	static const char quote[] = "'\\''";
	_cleanup_free_ char *quoted = name ? malloc(strlen(quote) * strlen(name) + 1) : NULL;
	char *to = quoted;

	if (!name)
		return json_string("slictl status");
	if (!quoted)
		return NULL;
	for (const char *c = name; *c; c++) {
		if (*c == '\'')
			to = stpcpy(to, quote);
		else
			*to++ = *c;
	}
	*to = '\0';
	return json_sprintf("slictl slo '%s'", quoted);
}

static json_t *time_json(double unix_seconds)
{
	char text[32];

	calendar_rfc3339(unix_seconds, text);
	return json_string(text);
}

/* The SLO of alert i. */
static json_t *slo_json(const struct notice *notice, size_t i, const struct snapshot_slo *slo,
			double wall_offset_seconds)
{
	const struct notice_alert *alert = &notice->alerts[i];
	json_t *object = slo ? json_slo_value(slo) : json_pack("{s:s}", "name", alert->slo);
	int failed = !object;

	failed |= json_put(object, "status",
			   json_string(has_ended(notice, i) ? "resolved" : "firing"));
	failed |= json_put(object, "started_at",
			   time_json(alert->started_seconds + wall_offset_seconds));
	failed |= json_put(object, "summary", summary_of(notice, i, slo));
	failed |= json_put(object, "command", command(alert->slo));
	failed |= json_put(object, "alerts", alerts_of(notice, alert->slo, slo));
	return json_checked(object, failed);
}

static json_t *slos_of(const struct notice *notice, const struct notice_facts *facts)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_alerts && !notice->of_host; i++) {
		if (!named_before(notice, i))
			failed |= json_push(array, slo_json(notice, i,
							    slo_of(facts, notice->alerts[i].slo),
							    facts->wall_offset_seconds));
	}
	return json_checked(array, failed);
}

/* The names of the SLOs that are news. */
static json_t *news_of(const struct notice *notice)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < notice->n_news && !notice->of_host; i++) {
		if (!named_before(notice, i))
			failed |= json_push(array, json_string(notice->alerts[i].slo));
	}
	return json_checked(array, failed);
}

json_t *notice_message(const struct notice *notice, const struct notice_facts *facts)
{
	const double wall_offset_seconds = facts->wall_offset_seconds;
	const bool has_slo = notice->n_alerts && !notice->of_host;
	const bool ended = notice->kind == NOTICE_LEFT || notice->kind == NOTICE_RESOLVE;
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	return json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o}",
		"version", 1, "id", notice->id, "kind", kinds[notice->kind], "status",
		notice->kind == NOTICE_RESOLVE ? "resolved" : "firing", "severity",
		alert_severity_name(notice->severity), "service", notice->service, "services",
		(json_int_t)notice_services(notice), "host", host, "started_at",
		time_json(notice->started_seconds + wall_offset_seconds), "sent_at",
		time_json(notice->now_seconds + wall_offset_seconds), "joined",
		ended ? json_array() : news_of(notice), "left",
		ended ? news_of(notice) : json_array(), "summary", summary(notice, facts), "slos",
		slos_of(notice, facts), "about", json_about(facts->about), "command",
		command(has_slo ? notice->alerts[0].slo : NULL));
}

json_t *notice_message_test(enum alert_severity severity, double unix_seconds)
{
	char now[32], host[65] = "";

	calendar_rfc3339(unix_seconds, now);
	gethostname(host, sizeof(host) - 1);
	return json_pack("{s:i, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:n, s:s}",
			 "version", 1, "id", json_sprintf("test-%.6f", unix_seconds), "kind",
			 "test", "status", "firing", "severity", alert_severity_name(severity),
			 "service", "sliprobe", "host", host, "started_at", now, "sent_at", now,
			 "summary", "a test: nothing is wrong", "slos", "about", "command",
			 "slictl alerts");
}
