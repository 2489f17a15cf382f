/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_incidents.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/alert.h"
#include "ctl/incident_story.h"
#include "ctl/json.h"
#include "ctl/rows.h"

/* ---- the list ---- */

static void add_severity(struct ctl_table *table, const json_t *object, const char *key)
{
	const char *severity = ctl_string(object, key);
	const bool open = !strcmp(ctl_string(object, "state") ?: "", "open");

	ctl_table_add(table, severity, open ? ctl_severity_colour(severity) : CTL_PLAIN);
}

static const struct ctl_as as_severity = {add_severity, false};

/* How long it took from its start until it was resolved; "open". */
static void add_length(struct ctl_table *table, const json_t *object, const char *key)
{
	const double from = format_parse_time(ctl_string(object, "started_at"));
	const double detected = format_parse_time(ctl_string(object, "detected_at"));
	const double to = format_parse_time(ctl_string(object, key));
	const bool open = !strcmp(ctl_string(object, "state") ?: "", "open");

	ctl_table_add(table, open ? "open" : format_span(to - (isnan(from) ? detected : from)).text,
		      open ? CTL_WARN : CTL_PLAIN);
}

static const struct ctl_as as_length = {add_length, true};

static void print_sentences(const json_t *list, FILE *out)
{
	json_t *incident;
	size_t i;
	bool first = true;

	json_array_foreach(list, i, incident) {
		const char *sentence = ctl_string(incident, "sentence");

		if (!sentence)
			continue;
		fprintf(out, "%s  %s: ", first ? "\n" : "", ctl_count(incident, "number").text);
		format_write_safe(sentence, out);
		fputc('\n', out);
		first = false;
	}
}

int ctl_view_incidents(const json_t *incidents, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"N", "number", &ctl_as_count},
		{"SLO", "slo", &ctl_as_text},
		{"SERVICE", "service", &ctl_as_text},
		{"SEVERITY", "severity", &as_severity},
		{"BEGAN UTC", "started_at", &ctl_as_time},
		{"FOUND IN", "detect_seconds", &ctl_as_span},
		{"LASTED", "resolved_at", &as_length},
		{"BAD", "bad", &ctl_as_count},
		{"BUDGET", "budget_spent_ratio", &ctl_as_percent},
	};
	static const char *const spare[] = {"service", "severity", "detect_seconds", NULL};
	const json_t *list = json_object_get(incidents, "incidents");
	const json_int_t left_out = ctl_count_or_zero(incidents, "left_out");
	int r;

	if (!json_is_array(list))
		return -EINVAL;
	if (!json_array_size(list)) {
		fputs("No incident is known.\n", out);
		return 0;
	}
	r = ctl_rows_print(&(struct ctl_rows){.list = list, CTL_FIELDS(fields), .spare = spare},
			   colour, out);
	if (r)
		return r;
	print_sentences(list, out);
	if (left_out)
		fprintf(out, "\n%lld older ones are not shown.\n", (long long)left_out);
	return 0;
}

/* ---- one ---- */

static void print_time(const char *label, const char *at, const char *words, double seconds,
		       FILE *out)
{
	const double unix_seconds = format_parse_time(at);

	fprintf(out, "  %-10s ", label);
	if (isnan(unix_seconds))
		fputc('-', out);
	else
		fprintf(out, "%s UTC", format_unix(unix_seconds).text);
	if (!isnan(seconds))
		fprintf(out, ", %s %s", words, format_span(seconds).text);
	fputc('\n', out);
}

static int print_head(const json_t *incident, bool colour, FILE *out)
{
	const char *severity = ctl_string(incident, "severity");
	_cleanup_free_ char *impact = incident_impact(incident);

	if (!impact)
		return -ENOMEM;
	fprintf(out, "Incident %s: ", ctl_count(incident, "number").text);
	ctl_write_coloured(severity, ctl_severity_colour(severity), colour, out);
	fputc(' ', out);
	format_write_safe(ctl_string(incident, "slo"), out);
	fputs(" of ", out);
	format_write_safe(ctl_string(incident, "service"), out);
	fputs(", ", out);
	format_write_safe(ctl_string(incident, "state"), out);
	fputs("\n  ", out);
	format_write_safe(impact, out);
	fprintf(out, "\n  %s of the budget was spent (objective %s over %s)\n",
		format_percent(ctl_number(incident, "budget_spent_ratio"), 1).text,
		format_objective(ctl_number(incident, "objective")).text,
		format_span(ctl_number(incident, "window_seconds")).text);
	print_time("began", ctl_string(incident, "started_at"), "", NAN, out);
	print_time("detected", ctl_string(incident, "detected_at"), "after",
		   ctl_number(incident, "detect_seconds"), out);
	print_time("resolved", ctl_string(incident, "resolved_at"), "after another",
		   ctl_number(incident, "repair_seconds"), out);
	return 0;
}

static void print_about(const json_t *incident, FILE *out)
{
	static const char *const keys[] = {"purpose", "importance", "mitigation", "owner",
					   "runbook"};
	const json_t *about = json_object_get(incident, "about");

	if (json_is_object(about))
		fputc('\n', out);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!ctl_string(about, keys[i]))
			continue;
		fprintf(out, "  %-10s ", keys[i]);
		format_write_safe(ctl_string(about, keys[i]), out);
		fputc('\n', out);
	}
}

static int print_explained(const json_t *incident, const char *key, const char *when, FILE *out)
{
	const json_t *explained = json_object_get(json_object_get(incident, "explain"), key);
	json_t *finding;
	size_t i;

	if (!ctl_string(explained, "sentence"))
		return 0;
	fprintf(out, "\n%s:\n  ", when);
	format_write_safe(ctl_string(explained, "sentence"), out);
	fputc('\n', out);
	json_array_foreach(json_object_get(explained, "findings"), i, finding) {
		_cleanup_free_ char *where = incident_where(finding);

		if (!where)
			return -ENOMEM;
		fputs("    ", out);
		format_write_safe(where, out);
		fprintf(out, ": %s of the bad, %s of the good\n",
			format_percent(ctl_number(finding, "bad_share"), 1).text,
			format_percent(ctl_number(finding, "good_share"), 1).text);
	}
	return 0;
}

static int print_timeline(const json_t *incident, FILE *out)
{
	_cleanup_(incident_story_clear) struct incident_story story;
	int r = incident_story_tell(incident, &story);

	if (r)
		return r;
	fputs("\nWhat happened (UTC):\n", out);
	for (size_t i = 0; i < story.n; i++) {
		fprintf(out, "  %s  ", format_time(story.list[i].at).text);
		format_write_safe(story.list[i].text, out);
		fputc('\n', out);
	}
	return 0;
}

int ctl_view_incident(const json_t *incident, bool colour, FILE *out)
{
	int r;

	if (!json_is_integer(json_object_get(incident, "number")))
		return -EINVAL;
	r = print_head(incident, colour, out);
	print_about(incident, out);
	r = r ?: print_explained(incident, "detection", "What stood out when it was detected", out);
	r = r	  ?:
		    print_explained(incident, "resolution", "What stood out when it was resolved",
				    out);
	r = r ?: print_timeline(incident, out);
	if (!r)
		fprintf(out, "\nA draft for the review: slictl incident %s --markdown\n",
			ctl_count(incident, "number").text);
	return r;
}
