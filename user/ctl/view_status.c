/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/alert.h"
#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/view_blind.h"
#include "ctl/view_near.h"
#include "ctl/view_counted.h"
#include "ctl/view_slo.h"
#include "ctl/views.h"

/* How bad an alert is: 0 if it is not active or of no severity, else its severity plus one. */
static size_t alert_rank(const json_t *alert)
{
	enum alert_severity severity;

	if (!ctl_alert_is_active(alert) || !ctl_alert_severity(alert, &severity))
		return 0;
	return (size_t)severity + 1;
}

static const char *rank_name(size_t rank)
{
	return rank ? alert_severity_name((enum alert_severity)(rank - 1)) : NULL;
}

static size_t worst_rank(const json_t *alerts, bool heard)
{
	size_t worst = 0, i;
	json_t *alert;

	json_array_foreach(alerts, i, alert) {
		size_t rank = heard && ctl_alert_is_silenced(alert) ? 0 : alert_rank(alert);

		worst = rank > worst ? rank : worst;
	}
	return worst;
}

/* The active alerts after the worst severity, e.g. "page: burn-1h, burn-1d (silenced)". */
static void print_alerts(const json_t *alerts, FILE *out)
{
	const char *before = rank_name(worst_rank(alerts, false));
	size_t i, n = 0;
	json_t *alert;

	if (before)
		fprintf(out, "%s: ", before);
	json_array_foreach(alerts, i, alert) {
		const char *name = ctl_string(alert, "name");

		if (ctl_alert_is_active(alert) && name)
			fprintf(out, "%s%s%s", n++ ? ", " : "", name,
				ctl_alert_is_silenced(alert) ? " (silenced)" : "");
	}
	if (!n)
		fprintf(out, "%s", json_is_array(alerts) ? "none" : "-");
}

static void add_alerts(struct ctl_table *table, const json_t *object, const char *key)
{
	const json_t *alerts = json_object_get(object, key);
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out) {
		print_alerts(alerts, out);
		if (json_is_integer(json_object_get(object, "incident")))
			fprintf(out, " (incident %s)", ctl_count(object, "incident").text);
		fclose(out);
	}
	ctl_table_add(table, text, ctl_severity_colour(rank_name(worst_rank(alerts, true))));
	table->failed |= !text;
}

static const struct ctl_as as_alerts = {add_alerts, false};

/* The colour is that of the worst alert that is heard, else that of the budget. */
static void add_name(struct ctl_table *table, const json_t *object, const char *key)
{
	const size_t rank = worst_rank(json_object_get(object, "alerts"), true);
	const double left = ctl_number(json_object_get(object, "budget"), "remaining_ratio");

	ctl_table_add(table, ctl_string(object, key),
		      rank ? ctl_severity_colour(rank_name(rank)) : ctl_budget_colour(left));
}

static const struct ctl_as as_name = {add_name, false};

static void add_availability(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, format_percent(ctl_number(object, key), 4).text, CTL_PLAIN);
}

static const struct ctl_as as_availability = {add_availability, true};

static void add_budget_left(struct ctl_table *table, const json_t *object, const char *key)
{
	double ratio = ctl_number(object, key);

	ctl_table_add(table, format_percent(ratio, 1).text, ctl_budget_colour(ratio));
}

static const struct ctl_as as_budget_left = {add_budget_left, true};

static void add_exhaustion(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_exhaustion(ctl_number(object, key)).text, CTL_PLAIN);
}

static const struct ctl_as as_exhaustion = {add_exhaustion, true};

/* Left out on a narrow terminal: slictl slo NAME has them. */
static const char *const spare_fields[] = {
	"budget.exhausted_in_seconds",
	"burn_rate.5m",
	"objective",
	"eligible",
	"service",
	"bad",
	NULL,
};

static int print_slos(const json_t *slos, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"SLO", "name", &as_name},
		{"SERVICE", "service", &ctl_as_text},
		{"ELIGIBLE", "eligible", &ctl_as_eligible},
		{"BAD", "bad", &ctl_as_count},
		{"AVAILABLE", "availability", &as_availability},
		{"OBJECTIVE", "objective", &ctl_as_objective},
		{"BUDGET LEFT", "budget.remaining_ratio", &as_budget_left},
		{"BURN 1h", "burn_rate.1h", &ctl_as_burn},
		{"BURN 5m", "burn_rate.5m", &ctl_as_burn},
		{"EXHAUSTED IN", "budget.exhausted_in_seconds", &as_exhaustion},
		{"ALERTS", "alerts", &as_alerts},
	};

	if (json_array_size(slos) == 0) {
		fprintf(out, "No SLO has a service yet: none is configured, or no HTTP request "
			     "was seen so far.\n");
		return 0;
	}
	return ctl_rows_print(
		&(struct ctl_rows){.list = slos, CTL_FIELDS(fields), .spare = spare_fields}, colour,
		out);
}

static bool any_count(const json_t *counts)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)counts, key, value) {
		if (json_integer_value(value))
			return true;
	}
	return false;
}

static void print_coverage(const json_t *coverage, bool colour, FILE *out)
{
	const json_t *consistent = json_object_get(coverage, "consistent");
	const json_t *kernel_errors = json_object_get(coverage, "kernel_errors");
	bool lost = ctl_count_or_zero(coverage, "lost") != 0;
	char text[64];

	fprintf(out, "Coverage: %s counted", ctl_count(coverage, "counted").text);
	if (json_object_get(coverage, "seen"))
		fprintf(out, " of %s seen", ctl_count(coverage, "seen").text);
	fprintf(out, ", %s in flight, ", ctl_count(coverage, "in_flight").text);
	snprintf(text, sizeof(text), "%s lost", ctl_count(coverage, "lost").text);
	ctl_write_coloured(text, lost ? CTL_BAD : CTL_PLAIN, colour, out);
	if (lost && any_count(json_object_get(coverage, "lost_by_reason"))) {
		fprintf(out, " (");
		ctl_print_counts(json_object_get(coverage, "lost_by_reason"), out);
		fputc(')', out);
	}
	fprintf(out, "; %s samples lost\n", ctl_count(coverage, "samples_lost").text);

	if (json_is_false(consistent)) {
		ctl_write_coloured("Inconsistent", CTL_BAD, colour, out);
		fprintf(out, ": requests seen are not counted + in flight + lost\n");
	}
	if (any_count(kernel_errors)) {
		ctl_write_coloured("Kernel-side errors", CTL_WARN, colour, out);
		fprintf(out, ": ");
		ctl_print_counts(kernel_errors, out);
		fputc('\n', out);
	}
	if (ctl_count_or_zero(coverage, "gaps")) {
		ctl_write_coloured("Gaps in counting", CTL_WARN, colour, out);
		fprintf(out, ": %s\n", ctl_count(coverage, "gaps").text);
	}
	if (ctl_count_or_zero(coverage, "hook_misses")) {
		ctl_write_coloured("Hook calls missed", CTL_BAD, colour, out);
		fprintf(out, ": %s\n", ctl_count(coverage, "hook_misses").text);
	}
}

static double uncovered_seconds(const json_t *coverage)
{
	return ctl_number(coverage, "elapsed_seconds") - ctl_number(coverage, "covered_seconds");
}

/* How many SLOs' windows are not wholly covered, and the one that is the least. */
static void print_uncovered(const json_t *slos, bool colour, FILE *out)
{
	const json_t *least = NULL, *coverage;
	double least_ratio = 1;
	size_t n = 0, i;
	json_t *slo;

	json_array_foreach(slos, i, slo) {
		double ratio = ctl_number(json_object_get(slo, "coverage"), "ratio");

		if (!(ratio < 1))
			continue;
		n++;
		if (ratio < least_ratio) {
			least = slo;
			least_ratio = ratio;
		}
	}
	if (!least)
		return;
	coverage = json_object_get(least, "coverage");
	ctl_write_coloured("Windows not wholly counted", CTL_WARN, colour, out);
	fprintf(out, ": %zu of %zu SLOs; the least is ", n, json_array_size(slos));
	format_write_safe(ctl_string(least, "name"), out);
	fprintf(out, ": %s counted, %s not\n", format_percent(least_ratio, 1).text,
		format_span(uncovered_seconds(coverage)).text);
}

/* "user 65534 has 128 endpoints of at most 128, since ...: 2472 more are not listed (process x, pid 12)" */
static void print_quota(const json_t *quota, FILE *out)
{
	const char *of = ctl_string(quota, "of"), *name = ctl_string(quota, "name");

	if (!of || !strcmp(of, "all")) {
		fprintf(out, "all found services");
	} else {
		for (const char *c = of; *c; c++)
			fputc(*c == '_' ? ' ' : *c, out);
		fputc(' ', out);
		if (name)
			format_write_safe(name, out);
		else
			fprintf(out, "%s", ctl_count(quota, "id").text);
	}
	fprintf(out, ": %s endpoints of at most %s since ", ctl_count(quota, "endpoints").text,
		ctl_count(quota, "limit").text);
	fprintf(out, "%s UTC; %s more are not listed (",
		format_time(ctl_string(quota, "since")).text,
		ctl_count(quota, "folded_endpoints").text);
	if (ctl_string(quota, "process")) {
		fprintf(out, "process ");
		format_write_safe(ctl_string(quota, "process"), out);
		fprintf(out, ", ");
	}
	fprintf(out, "pid %s)\n", ctl_count(quota, "pid").text);
}

/* Who has so many endpoints that others of it count together, as _overflow. */
static void print_quotas(const json_t *quotas, bool colour, FILE *out)
{
	size_t i;
	json_t *quota;

	json_array_foreach(quotas, i, quota) {
		ctl_write_coloured("Quota met", CTL_WARN, colour, out);
		fprintf(out, " by ");
		print_quota(quota, out);
	}
}

static int print_unmeasured(const json_t *unmeasured, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"PORT", "port", &ctl_as_count},
		{"PROCESS", "process", &ctl_as_text},
		{"CONNECTIONS", "connections", &ctl_as_count},
		{"REASON", "reason", &ctl_as_text},
	};

	if (json_array_size(unmeasured) == 0) {
		fprintf(out, "Unmeasured listeners: %s\n",
			json_is_array(unmeasured) ? "none" : "-");
		return 0;
	}
	ctl_write_coloured("Unmeasured listeners", CTL_WARN, colour, out);
	fprintf(out, ":\n");
	return ctl_rows_print(
		&(struct ctl_rows){.list = unmeasured, CTL_FIELDS(fields), .indent = 2}, colour,
		out);
}

/* "port 8080, process nginx*: nothing listens there" */
static void print_match(const json_t *service, FILE *out)
{
	const json_t *match = json_object_get(service, "match");
	const char *process = ctl_string(match, "process"), *exe = ctl_string(match, "exe");
	const char *separator = "";

	if (ctl_count_or_zero(match, "port")) {
		fprintf(out, "port %s", ctl_count(match, "port").text);
		separator = ", ";
	}
	if (process) {
		fprintf(out, "%sprocess ", separator);
		format_write_safe(process, out);
		separator = ", ";
	}
	if (exe) {
		fprintf(out, "%sexe ", separator);
		format_write_safe(exe, out);
	}
	if (json_is_false(json_object_get(service, "listening")))
		fprintf(out, ": nothing listens there");
}

/* Configured services that no request has come for, with what they match: a typing error shows here. */
static void print_without_traffic(const json_t *services, bool colour, FILE *out)
{
	size_t i;
	json_t *service;

	if (!json_array_size(services))
		return;
	ctl_write_coloured("Without traffic", CTL_WARN, colour, out);
	fprintf(out, ":");
	json_array_foreach(services, i, service) {
		fprintf(out, "%s ", i ? "," : "");
		format_write_safe(ctl_string(service, "service"), out);
		fprintf(out, " (");
		print_match(service, out);
		fputc(')', out);
	}
	fputc('\n', out);
}

/* A reload that was refused, as long as none has succeeded since. */
static void print_refusal(const json_t *refusal, bool colour, FILE *out)
{
	if (!json_is_object(refusal))
		return;
	ctl_write_coloured("Reload refused", CTL_BAD, colour, out);
	fprintf(out, " %s UTC, the configuration before stays in force: ",
		format_time(ctl_string(refusal, "at")).text);
	format_write_safe(ctl_string(refusal, "reason"), out);
	fputc('\n', out);
}

static void print_agent(const json_t *agent, bool colour, FILE *out)
{
	const json_t *warnings = json_object_get(agent, "warnings");
	const json_t *capabilities = json_object_get(agent, "capabilities");
	size_t i;
	json_t *item;

	fprintf(out, "Agent: sliprobe ");
	format_write_safe(ctl_string(agent, "version"), out);
	fprintf(out, ", kernel ");
	format_write_safe(ctl_string(agent, "kernel"), out);
	fprintf(out, ", ");
	format_write_safe(ctl_string(agent, "hook"), out);
	fprintf(out, " hooks, since ");
	format_write_safe(ctl_string(agent, "started_at"), out);
	fprintf(out, ", configuration ");
	format_write_safe(ctl_string(agent, "config"), out);
	fputc('\n', out);
	print_refusal(json_object_get(agent, "reload_refused"), colour, out);
	if (json_array_size(capabilities)) {
		fprintf(out, "Capabilities held:");
		json_array_foreach(capabilities, i, item) {
			fputc(' ', out);
			format_write_safe(json_string_value(item), out);
		}
		fputc('\n', out);
	}
	json_array_foreach(warnings, i, item) {
		ctl_write_coloured("Warning", CTL_WARN, colour, out);
		fprintf(out, ": ");
		format_write_safe(json_string_value(item), out);
		fputc('\n', out);
	}
}

/* Only what is wrong with them: that they are off is as it was configured. */
static void print_samples(const json_t *samples, bool colour, FILE *out)
{
	const char *state = ctl_string(samples, "state");
	const char *reason = ctl_string(samples, "reason");

	if (!state || (strcmp(state, "failing") != 0 && strcmp(state, "stopped") != 0))
		return;
	ctl_write_coloured("Samples", CTL_BAD, colour, out);
	fputs(": none are kept", out);
	if (reason) {
		fputs(": ", out);
		format_write_safe(reason, out);
	}
	fputs("; counts are not affected\n", out);
}

/* Whether the requests of servers that begin to speak TLS will be seen. */
static void print_tls(const json_t *tls, bool colour, FILE *out)
{
	const char *state = ctl_string(tls, "state");
	const char *reason = ctl_string(tls, "reason");
	const size_t n = json_array_size(json_object_get(tls, "files"));

	if (!state)
		return;
	if (!strcmp(state, "limited")) {
		ctl_write_coloured("TLS", CTL_BAD, colour, out);
		fputs(": no further library is probed", out);
		if (reason) {
			fputs(": ", out);
			format_write_safe(reason, out);
		}
		fputc('\n', out);
	} else if (n) {
		fprintf(out, "TLS: %zu librar%s probed: slictl --json status\n", n,
			n == 1 ? "y is" : "ies are");
	}
}

int ctl_view_status(const json_t *status, bool colour, FILE *out)
{
	const json_t *coverage = json_object_get(status, "coverage");
	int r;

	if (!json_is_array(json_object_get(status, "slos")) || !json_is_object(coverage))
		return -EINVAL;
	r = print_slos(json_object_get(status, "slos"), colour, out);
	if (r < 0)
		return r;
	fputc('\n', out);
	print_coverage(coverage, colour, out);
	print_without_traffic(json_object_get(status, "without_traffic"), colour, out);
	ctl_print_nears(json_object_get(status, "services"), colour, out);
	print_uncovered(json_object_get(status, "slos"), colour, out);
	ctl_print_partly_counted(json_object_get(status, "slos"), colour, out);
	ctl_print_store(json_object_get(status, "store"), colour, out);
	print_samples(json_object_get(status, "samples"), colour, out);
	print_tls(json_object_get(status, "tls"), colour, out);
	print_quotas(json_object_get(coverage, "quotas"), colour, out);
	r = ctl_print_blind(json_object_get(coverage, "blind"), colour, out);
	r = r ?: print_unmeasured(json_object_get(coverage, "unmeasured"), colour, out);
	if (r < 0)
		return r;
	print_agent(json_object_get(status, "agent"), colour, out);
	return 0;
}
