/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/message.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/json_status.h"
#include "base/json_values.h"

const char *message_text(const json_t *message, const char *key)
{
	const char *text = json_string_value(json_object_get(message, key));

	return text ? text : "";
}

bool message_is(const json_t *message, const char *key, const char *text)
{
	return !strcmp(message_text(message, key), text);
}

unsigned int message_severity(const json_t *message)
{
	enum alert_severity severity;

	return alert_severity_find(message_text(message, "severity"), &severity) ? 1U << severity :
										   0;
}

void message_line(const json_t *message, char *ret, size_t size)
{
	static const struct {
		const char *kind;
		const char *word;
	} words[] = {
		{"escalate", "escalated: "}, {"joined", "joined: "},	{"left", "left: "},
		{"remind", "reminder: "},    {"resolve", "resolved: "}, {"test", "test: "},
	};
	const char *word = "", *explanation;
	char severity[16];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (message_is(message, "kind", words[i].kind))
			word = words[i].word;
	}
	snprintf(severity, sizeof(severity), "%s", message_text(message, "severity"));
	for (char *at = severity; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	explanation =
		message_text(json_array_get(json_object_get(message, "slos"), 0), "explanation");
	snprintf(ret, size, "%s %s: %s%s%s%s", severity, message_text(message, "service"), word,
		 message_text(message, "summary"), *explanation ? "; " : "", explanation);
	for (char *at = ret; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	}
}

void message_print_span(FILE *out, double seconds)
{
	if (seconds < 7200)
		fprintf(out, "%.0f min", seconds / 60);
	else if (seconds < 2 * 86400)
		fprintf(out, "%.1f h", seconds / 3600);
	else
		fprintf(out, "%.1f d", seconds / 86400);
}

/* ---- Alertmanager ---- */

static void print_alerts(FILE *out, const json_t *alerts)
{
	for (size_t i = 0; i < json_array_size(alerts); i++)
		fprintf(out, "%s %s", i ? "," : ":",
			message_text(json_array_get(alerts, i), "name"));
}

static void print_burn(FILE *out, json_t *burn_rate)
{
	const char *before = "; burn rate ";
	const char *window;
	json_t *value;

	json_object_foreach(burn_rate, window, value) {
		if (!json_is_number(value))
			continue;
		fprintf(out, "%s%.3g (%s)", before, json_number_value(value), window);
		before = ", ";
	}
}

static void print_budget(FILE *out, const json_t *budget)
{
	const json_t *left = json_object_get(budget, "remaining_ratio");
	const json_t *gone = json_object_get(budget, "exhausted_in_seconds");

	if (json_is_number(left))
		fprintf(out, "; %.1f %% of the budget left", 100 * json_number_value(left));
	if (!json_is_number(gone))
		return;
	if (json_number_value(gone) <= 0) {
		fputs("; exhausted", out);
		return;
	}
	fputs("; exhausted in ", out);
	message_print_span(out, json_number_value(gone));
}

static void print_about(FILE *out, const json_t *about)
{
	static const char *const keys[][2] = {
		{"owner", "Owner"},
		{"purpose", "Purpose"},
		{"importance", "Importance"},
		{"mitigation", "Mitigation"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *text = message_text(about, keys[i][0]);

		if (*text)
			fprintf(out, "%s: %s\n", keys[i][1], text);
	}
}

/* "2026-02-28 12:00:00 UTC" */
static void print_time(FILE *out, const char *rfc3339)
{
	fputs(format_unix(format_parse_time(rfc3339)).text, out);
	fputs(" UTC", out);
}

static void print_worst(FILE *out, const json_t *failing)
{
	const json_t *worst = json_object_get(failing, "worst");
	json_int_t others = json_integer_value(json_object_get(failing, "bad"));
	const char *before = "Most bad: ";
	char text[JSON_STATUS_BYTES];

	if (!json_is_array(worst))
		return;
	for (size_t i = 0; i < json_array_size(worst); i++) {
		const json_t *one = json_array_get(worst, i);
		const char *status = json_status_text(one, text);
		const json_int_t bad = json_integer_value(json_object_get(one, "bad"));

		fprintf(out, "%s%lld %s %s", before, (long long)bad, message_text(one, "method"),
			message_text(one, "route"));
		fprintf(out, " %s",
			message_is(one, "outcome", "complete") && status ?
				status :
				message_text(one, "outcome"));
		others -= bad;
		before = ", ";
	}
	if (!json_array_size(worst))
		return;
	if (!json_is_true(json_object_get(failing, "worst_exact")))
		fputs("; some of them may be excluded", out);
	else if (others > 0)
		fprintf(out, "; %lld others", (long long)others);
	fputc('\n', out);
}

static void print_reasons(FILE *out, json_t *reasons)
{
	const char *before = ": ", *reason;
	json_t *bad;

	json_object_foreach(reasons, reason, bad) {
		if (!json_integer_value(bad))
			continue;
		fprintf(out, "%s%lld by %s", before, (long long)json_integer_value(bad), reason);
		before = ", ";
	}
}

static void print_failing(FILE *out, const json_t *slo)
{
	const json_t *failing = json_object_get(slo, "failing");
	const char *since = message_text(slo, "failing_since");
	const char *silent = message_text(slo, "no_requests_since");
	const double seconds = json_number_value(json_object_get(failing, "seconds"));
	const double rate = json_number_value(json_object_get(failing, "bad_per_second"));

	if (message_is(slo, "status", "resolved"))
		return;
	if (*silent) {
		fputs("No request since ", out);
		print_time(out, silent);
		fputc('\n', out);
	} else if (*since) {
		fputs("Failing since ", out);
		print_time(out, since);
		fputc('\n', out);
	}
	if (!json_is_object(failing))
		return;
	fprintf(out, "%lld of %lld requests were bad in the last %s, %s",
		(long long)json_integer_value(json_object_get(failing, "bad")),
		(long long)json_integer_value(json_object_get(failing, "eligible")),
		format_span(seconds).text, format_rate(rate).text);
	print_reasons(out, json_object_get(failing, "reasons"));
	fputc('\n', out);
	print_worst(out, failing);
}

static void print_left(FILE *out, const json_t *slo)
{
	const json_t *budget = json_object_get(slo, "budget");
	const json_t *allowed = json_object_get(budget, "allowed");
	const json_t *ratio = json_object_get(budget, "remaining_ratio");
	const json_t *minutes = json_object_get(budget, "remaining_minutes");
	const bool sliced = message_is(slo, "budgeting", "timeslices");
	const bool about = json_is_true(json_object_get(budget, "projected"));

	if (!json_is_number(allowed) || !json_is_number(ratio))
		return;
	fprintf(out, "Budget left: %.12g of ",
		floor(json_number_value(allowed) * json_number_value(ratio) + 1e-6));
	if (about)
		fprintf(out, "about %s", format_about(json_number_value(allowed)).text);
	else
		fprintf(out, "%.6g", json_number_value(allowed));
	fprintf(out, " bad %s", sliced ? "slices" : "requests");
	if (json_is_number(minutes))
		fprintf(out, ", %.3g min of full outage", json_number_value(minutes));
	fputc('\n', out);
}

/* The rules that fired, the burn rates, the rest of the budget and its end; since when and how. */
static void print_slo(FILE *out, const json_t *slo)
{
	fputs(message_text(slo, "name"), out);
	print_alerts(out, json_object_get(slo, "alerts"));
	print_burn(out, json_object_get(slo, "burn_rate"));
	print_budget(out, json_object_get(slo, "budget"));
	fputc('\n', out);
	if (*message_text(slo, "description"))
		fprintf(out, "%s\n", message_text(slo, "description"));
	if (*message_text(slo, "explanation"))
		fprintf(out, "%s\n", message_text(slo, "explanation"));
	print_failing(out, slo);
	print_left(out, slo);
}

static char *printed(FILE *out, char **text)
{
	const bool failed = ferror(out);

	if (!fclose(out) && !failed)
		return *text;
	free(*text);
	return NULL;
}

/* slo: or NULL */
static char *describe(const json_t *message, const json_t *slo)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (slo)
		print_slo(out, slo);
	print_about(out, json_object_get(message, "about"));
	return printed(out, &text);
}

json_t *message_description(const json_t *message, size_t n_slos)
{
	const json_t *slos = json_object_get(message, "slos");
	const json_t *about = json_object_get(message, "about");
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (!n_slos)
		n_slos = json_array_size(slos);
	if (!n_slos)
		fprintf(out, "%s\n", message_text(message, "summary"));
	for (size_t i = 0; i < n_slos && i < json_array_size(slos); i++)
		print_slo(out, json_array_get(slos, i));
	print_about(out, about);
	if (*message_text(about, "runbook"))
		fprintf(out, "Runbook: %s\n", message_text(about, "runbook"));
	fprintf(out, "Look: %s\n", message_text(message, "command"));
	text = printed(out, &text);
	return text ? json_string(text) : NULL;
}

/* An Alertmanager refuses empty annotations. */
static int annotate(json_t *annotations, const char *key, const char *text)
{
	return *text ? json_put(annotations, key, json_string(text)) : 0;
}

/* The text of the SLO, or if it has none, of the message. */
static const char *either(const json_t *slo, const json_t *message, const char *key)
{
	const char *text = message_text(slo, key);

	return *text ? text : message_text(message, key);
}

static json_t *annotations_json(const json_t *message, const json_t *slo)
{
	_cleanup_free_ char *description = describe(message, slo);
	const json_t *about = json_object_get(message, "about");
	json_t *annotations = json_object();
	int failed = !description || !annotations;

	if (!failed) {
		failed |= annotate(annotations, "summary", either(slo, message, "summary"));
		failed |= annotate(annotations, "description", description);
		failed |= annotate(annotations, "runbook_url", message_text(about, "runbook"));
		failed |= annotate(annotations, "command", either(slo, message, "command"));
	}
	return json_checked(annotations, failed);
}

static bool has_ended(const json_t *message, const json_t *slo)
{
	return message_is(message, "status", "resolved") || message_is(slo, "status", "resolved");
}

/* Those of the SLO's owner are none of ours. */
static json_t *labels_json(const json_t *message, const json_t *slo, const char *name)
{
	json_t *labels =
		json_pack("{s:s, s:s*, s:s, s:s, s:s}", "alertname", name, "slo",
			  slo ? message_text(slo, "name") : NULL, "service",
			  message_text(message, "service"), "severity",
			  message_text(message, "severity"), "host", message_text(message, "host"));
	json_t *of_slo = json_object_get(slo, "labels");

	return json_checked(labels, of_slo && json_object_update_missing(labels, of_slo));
}

/* slo: NULL if it has none */
static json_t *alert_json(const json_t *message, const json_t *slo, double unix_seconds)
{
	const bool test = message_is(message, "kind", "test");
	const char *starts_at = either(slo, message, "started_at");
	const char *ends_at = message_text(message, "sent_at");
	json_t *annotations = annotations_json(message, slo);
	const char *name = test ? "SliprobeTest" : slo ? "SliprobeErrorBudget" : "SliprobeCoverage";
	char later[32];

	if (!annotations)
		return NULL;
	calendar_rfc3339(unix_seconds + (test ? MESSAGE_TEST_SECONDS : MESSAGE_ALERT_SECONDS),
			 later);
	if (!has_ended(message, slo))
		ends_at = later;
	/* an end before the start is refused; a clock that was set back makes one */
	if (strcmp(ends_at, starts_at) < 0)
		ends_at = starts_at;
	return json_pack("{s:o, s:o, s:s*, s:s}", "labels", labels_json(message, slo, name),
			 "annotations", annotations, "startsAt", *starts_at ? starts_at : NULL,
			 "endsAt", ends_at);
}

json_t *message_alerts(const json_t *message, double unix_seconds)
{
	const bool left = message_is(message, "kind", "left");
	const json_t *slos = json_object_get(message, "slos");
	json_t *list = json_array();
	int failed = !list;

	if (!json_array_size(slos))
		failed |= json_push(list, alert_json(message, NULL, unix_seconds));
	for (size_t i = 0; i < json_array_size(slos); i++) {
		const json_t *slo = json_array_get(slos, i);

		if (!left || has_ended(message, slo))
			failed |= json_push(list, alert_json(message, slo, unix_seconds));
	}
	return json_checked(list, failed);
}
