/* SPDX-License-Identifier: GPL-2.0-only */
/* A draft of what is written after an incident: facts filled in, judgements left to people. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/incident_story.h"
#include "ctl/json.h"
#include "ctl/markdown.h"
#include "ctl/view_incidents.h"

static void row(const char *label, const char *text, FILE *out)
{
	fprintf(out, "| %s | ", label);
	markdown_write(text, out);
	fputs(" |\n", out);
}

/* "2030-01-02 03:04:05 UTC (after 45s)" */
static void time_row(const char *label, const char *at, const char *words, double seconds,
		     FILE *out)
{
	const double unix_seconds = format_parse_time(at);

	fprintf(out, "| %s | ", label);
	if (isnan(unix_seconds))
		fputs("not known", out);
	else
		fprintf(out, "%s UTC", format_unix(unix_seconds).text);
	if (!isnan(seconds))
		fprintf(out, " (%s %s)", words, format_span(seconds).text);
	fputs(" |\n", out);
}

static void print_about(const json_t *incident, FILE *out)
{
	static const char *const keys[][2] = {
		{"purpose", "Purpose"},
		{"importance", "Importance"},
		{"mitigation", "Mitigation"},
		{"owner", "Owner"},
	};
	const json_t *about = json_object_get(incident, "about");

	if (!json_is_object(about))
		return;
	fputs("## The service\n\n| | |\n|---|---|\n", out);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (ctl_string(about, keys[i][0]))
			row(keys[i][1], ctl_string(about, keys[i][0]), out);
	}
	if (ctl_string(about, "runbook")) {
		fputs("| Runbook | ", out);
		markdown_write_url(ctl_string(about, "runbook"), out);
		fputs(" |\n", out);
	}
	fputc('\n', out);
}

static void print_head(const json_t *incident, FILE *out)
{
	fprintf(out, "# Incident %s: ", ctl_count(incident, "number").text);
	markdown_write(ctl_string(incident, "slo"), out);
	fputs(" of ", out);
	markdown_write(ctl_string(incident, "service"), out);
	fputs("\n\nA draft from what sliprobe recorded. It asks what happened and how the system made it "
	      "possible,\nnot who. Times are UTC.\n\n",
	      out);
}

static int print_impact(const json_t *incident, FILE *out)
{
	_cleanup_free_ char *impact = incident_impact(incident);

	if (!impact)
		return -ENOMEM;
	fputs("## Impact\n\n", out);
	markdown_write(impact, out);
	fprintf(out, ".\nThat spent %s of the error budget (objective %s over %s).\n\n",
		format_percent(ctl_number(incident, "budget_spent_ratio"), 1).text,
		format_objective(ctl_number(incident, "objective")).text,
		format_span(ctl_number(incident, "window_seconds")).text);
	fputs("| | |\n|---|---|\n", out);
	row("Severity", ctl_string(incident, "severity"), out);
	time_row("Began", ctl_string(incident, "started_at"), "", NAN, out);
	time_row("Detected", ctl_string(incident, "detected_at"), "after",
		 ctl_number(incident, "detect_seconds"), out);
	if (ctl_string(incident, "resolved_at"))
		time_row("Resolved", ctl_string(incident, "resolved_at"), "after another",
			 ctl_number(incident, "repair_seconds"), out);
	else
		row("Resolved", "not yet", out);
	fputc('\n', out);
	return 0;
}

static int print_findings(const json_t *explained, FILE *out)
{
	json_t *finding;
	size_t i;

	if (!json_array_size(json_object_get(explained, "findings")))
		return 0;
	fputs("\n| what | of the bad | of the good | counted |\n|---|---:|---:|---|\n", out);
	json_array_foreach(json_object_get(explained, "findings"), i, finding) {
		_cleanup_free_ char *where = incident_where(finding);

		if (!where)
			return -ENOMEM;
		fputs("| ", out);
		markdown_write(where, out);
		fprintf(out, " | %s | %s | %s |\n",
			format_percent(ctl_number(finding, "bad_share"), 1).text,
			format_percent(ctl_number(finding, "good_share"), 1).text,
			json_is_true(json_object_get(finding, "exact")) ? "exactly" :
									  "from samples");
	}
	return 0;
}

static int print_explained(const json_t *incident, const char *key, const char *when, FILE *out)
{
	const json_t *explained = json_object_get(json_object_get(incident, "explain"), key);

	if (!ctl_string(explained, "sentence"))
		return 0;
	fprintf(out, "%s: ", when);
	markdown_write(ctl_string(explained, "sentence"), out);
	fputc('\n', out);
	return print_findings(explained, out) ?: (fputc('\n', out), 0);
}

static int print_cause(const json_t *incident, FILE *out)
{
	const json_t *explain = json_object_get(incident, "explain");
	int r;

	fputs("## Cause\n\n", out);
	if (!ctl_string(json_object_get(explain, "detection"), "sentence") &&
	    !ctl_string(json_object_get(explain, "resolution"), "sentence"))
		fputs("Nothing is recorded of what stood out.\n\n", out);
	r = print_explained(incident, "detection", "When it was detected", out);
	r = r ?: print_explained(incident, "resolution", "When it was resolved", out);
	fputs("_What led to it, and why that was possible:_\n\n", out);
	return r;
}

static int print_timeline(const json_t *incident, FILE *out)
{
	_cleanup_(incident_story_clear) struct incident_story story;
	int r = incident_story_tell(incident, &story);

	if (r)
		return r;
	fputs("## Timeline\n\n| UTC | |\n|---|---|\n", out);
	for (size_t i = 0; i < story.n; i++) {
		const double at = format_parse_time(story.list[i].at);

		row(isnan(at) ? "-" : format_unix(at).text, story.list[i].text, out);
	}
	fputc('\n', out);
	return 0;
}

int ctl_view_incident_markdown(const json_t *incident, bool colour, FILE *out)
{
	int r;

	(void)colour;
	if (!json_is_integer(json_object_get(incident, "number")))
		return -EINVAL;
	print_head(incident, out);
	print_about(incident, out);
	r = print_impact(incident, out);
	r = r ?: print_timeline(incident, out);
	r = r ?: print_cause(incident, out);
	fputs("## What helped, what made it harder\n\n- \n\n"
	      "## Follow-ups\n\n| what | who | until |\n|---|---|---|\n| | | |\n",
	      out);
	return r;
}
