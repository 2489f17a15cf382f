/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/term_names.h"
#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/times.h"
#include "ctl/view_blind.h"
#include "ctl/view_near.h"
#include "ctl/view_versions.h"
#include "ctl/views.h"
#include "status.h"

enum {
	STATUS_SERVER_ERROR = 500, /* RFC 9110, section 15.6 */
};

static void add_errors(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_count(object, key).text,
		      ctl_count_or_zero(object, key) > 0 ? CTL_BAD : CTL_PLAIN);
}

static void add_ratio(struct ctl_table *table, const json_t *object, const char *key)
{
	double ratio = ctl_number(object, key);

	ctl_table_add(table, ratio == 0 ? "0%" : format_percent(ratio, 1).text,
		      ratio > 0 ? CTL_BAD : CTL_PLAIN);
}

static const struct ctl_as as_errors = {add_errors, true};
static const struct ctl_as as_ratio = {add_ratio, true};

/* ---- routes ---- */

static int print_rows(const json_t *list, const struct ctl_field *fields, size_t n,
		      const char *const *spare, bool colour, FILE *out)
{
	return ctl_rows_print(&(struct ctl_rows){.list = list,
						 .fields = fields,
						 .n_fields = n,
						 .optional = "requests_per_second",
						 .spare = spare,
						 .indent = 2},
			      colour, out);
}

#define PRINT_ROWS(list, fields, spare, colour, out)                                               \
	print_rows(list, fields, sizeof(fields) / sizeof((fields)[0]), spare, colour, out)

/* Of the window, with latencies of the time before beside them. */
static int print_window(const json_t *routes, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"ROUTE", "route", &ctl_as_text},
		{"METHOD", "method", &ctl_as_text},
		{"RATE", "window.requests_per_second", &ctl_as_rate},
		{"ERRORS", "window.errors", &as_errors},
		{"P50", "window.latency_seconds.p50", &ctl_as_latency},
		{"WAS", "before.latency_seconds.p50", &ctl_as_latency},
		{"P99", "window.latency_seconds.p99", &ctl_as_latency},
		{"WAS", "before.latency_seconds.p99", &ctl_as_latency},
	};

	return PRINT_ROWS(routes, fields, NULL, colour, out);
}

/* Since the counters began: of an agent that knows no window. */
static int print_since_start(const json_t *routes, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"ROUTE", "route", &ctl_as_text},
		{"METHOD", "method", &ctl_as_text},
		{"RATE", "requests_per_second", &ctl_as_rate},
		{"REQUESTS", "requests", &ctl_as_count},
		{"ERRORS", "errors", &as_errors},
		{"P50", "latency_seconds.p50", &ctl_as_latency},
		{"P99", "latency_seconds.p99", &ctl_as_latency},
		{"QUEUE P99", "queue_seconds.p99", &ctl_as_latency},
	};

	return PRINT_ROWS(routes, fields, NULL, colour, out);
}

static bool has_window(const json_t *service)
{
	return json_is_object(json_object_get(service, "window"));
}

static int print_routes(const json_t *service, bool colour, FILE *out)
{
	const json_t *routes = json_object_get(service, "routes");

	if (json_array_size(routes) == 0)
		return 0;
	return has_window(service) ? print_window(routes, colour, out) :
				     print_since_start(routes, colour, out);
}

/* ---- a service ---- */

/* Prints ", LABEL VALUE"; nothing if the value is unknown or 0. */
static void print_known(const json_t *object, const char *key, const char *label, FILE *out)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value) && *json_string_value(value)) {
		fprintf(out, ", %s ", label);
		format_write_safe(json_string_value(value), out);
	} else if (json_integer_value(value)) {
		fprintf(out, ", %s %" JSON_INTEGER_FORMAT, label, json_integer_value(value));
	}
}

/* What came over TLS of the connections that are measured, if any did. */
static void print_tls(const json_t *service, FILE *out)
{
	const json_int_t all = ctl_count_or_zero(service, "measured_connections");
	const json_int_t tls = ctl_count_or_zero(service, "tls_connections");

	if (!tls)
		return;
	fprintf(out, ", TLS");
	if (tls != all)
		fprintf(out, " on %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " connections",
			tls, all);
}

static void print_about(const json_t *about, FILE *out)
{
	static const char *const keys[] = {"owner", "purpose", "importance", "mitigation",
					   "runbook"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *text = ctl_string(about, keys[i]);

		if (!text)
			continue;
		fprintf(out, "  %s: ", keys[i]);
		format_write_safe(text, out);
		fputc('\n', out);
	}
}

static bool grpc_is_bad(const char *name)
{
	for (enum grpc_status i = 0; i < GRPC_STATUS_COUNT; i++) {
		if (!strcmp(name, grpc_status_name(i)))
			return GRPC_FAILURES >> i & 1;
	}
	return false;
}

/* Nothing where there is no gRPC, nor of an older agent. */
static void print_grpc(const json_t *statuses, bool colour, FILE *out)
{
	const char *key;
	json_t *count;

	if (!json_object_size(statuses))
		return;
	fprintf(out, "; gRPC status:");
	json_object_foreach((json_t *)statuses, key, count) {
		fputc(' ', out);
		ctl_write_coloured(key, grpc_is_bad(key) ? CTL_BAD : CTL_PLAIN, colour, out);
		fprintf(out, " %s", ctl_count(statuses, key).text);
	}
}

/* Outcomes and statuses with a count each. */
static void print_ends(const json_t *counts, bool colour, FILE *out)
{
	const json_t *outcomes = json_object_get(counts, "outcomes");
	const json_t *statuses = json_object_get(counts, "status");
	const char *key;
	json_t *count;

	fprintf(out, "; outcomes:");
	json_object_foreach((json_t *)outcomes, key, count) {
		fputc(' ', out);
		format_write_safe(key, out);
		fprintf(out, " %s", ctl_count(outcomes, key).text);
	}
	fprintf(out, "; status:");
	json_object_foreach((json_t *)statuses, key, count) {
		long status = strtol(key, NULL, 10); /* of "5xx", what is counted by class: 5 */
		bool bad = status >= STATUS_SERVER_ERROR ||
			   (status >= STATUS_SERVER_ERROR / 100 && status < 10);

		fputc(' ', out);
		ctl_write_coloured(key, bad ? CTL_BAD : CTL_PLAIN, colour, out);
		fprintf(out, " %s", ctl_count(statuses, key).text);
	}
	print_grpc(json_object_get(counts, "grpc_status"), colour, out);
	fputc('\n', out);
}

static void print_totals(const json_t *service, bool colour, FILE *out)
{
	fprintf(out, "  %s requests", ctl_count(service, "requests").text);
	if (has_window(service))
		fprintf(out, " since the start");
	fprintf(out, ", %s", format_rate(ctl_number(service, "requests_per_second")).text);
	print_ends(service, colour, out);
}

/* What of the service was not counted, if anything. */
static void print_not_counted(const json_t *service, bool colour, FILE *out)
{
	if (!ctl_is_partly_counted(service))
		return;
	fprintf(out, "  not counted: ");
	ctl_print_cover(service, colour, out);
	fputc('\n', out);
}

static void print_who(const json_t *service, FILE *out)
{
	format_write_safe(ctl_string(service, "name"), out);
	fprintf(out, " (");
	format_write_safe(ctl_string(service, "role"), out);
	print_known(service, "port", "port", out);
	print_known(service, "process", "process", out);
	print_known(service, "pid", "pid", out);
	print_known(service, "exe", "exe", out);
	print_known(service, "container", "container", out);
	ctl_print_owner(service, out);
	print_tls(service, out);
	fprintf(out, ")\n");
	print_about(json_object_get(service, "about"), out);
}

static int print_service(const json_t *service, bool colour, FILE *out)
{
	print_who(service, out);
	ctl_print_near(service, colour, out);
	print_totals(service, colour, out);
	print_not_counted(service, colour, out);
	return print_routes(service, colour, out) ?:
						    ctl_print_service_versions(service, colour, out);
}

/* "2030-01-02 14:25:00 to 14:30:00 CET (5m 0s)" */
static void print_span(const json_t *span, FILE *out)
{
	double from = format_parse_time(ctl_string(span, "from"));
	double to = format_parse_time(ctl_string(span, "to"));
	struct format_text begin = ctl_local_time(from), end = ctl_local_time(to);
	bool same_day = !strncmp(begin.text, end.text, strlen("2030-01-02 "));

	fprintf(out, "%s to %s %s (%s)", begin.text,
		end.text + (same_day ? strlen("2030-01-02 ") : 0), ctl_local_zone(to).text,
		format_span(round(ctl_number(span, "seconds"))).text);
}

static void print_not_covered(const json_t *span, const char *what, FILE *out)
{
	double seconds = ctl_number(span, "seconds"), covered = ctl_number(span, "covered_seconds");

	if (covered == 0)
		fprintf(out, "%s: nothing is known.\n", what);
	else if (covered < seconds - 1)
		fprintf(out, "%s: counted for %s of %s.\n", what, format_span(covered).text,
			format_span(seconds).text);
}

static void print_spans(const json_t *services, FILE *out)
{
	const json_t *window = json_object_get(services, "window");
	const json_t *before = json_object_get(services, "before");

	if (!window)
		return;
	print_span(window, out);
	fprintf(out, ", beside the %s before\n",
		format_span(round(ctl_number(before, "seconds"))).text);
	print_not_covered(window, "In this time", out);
	print_not_covered(before, "In the time before", out);
	fputc('\n', out);
}

int ctl_view_services(const json_t *services, bool colour, FILE *out)
{
	const json_t *list = json_object_get(services, "services");
	size_t i;
	json_t *service;

	if (!json_is_array(list))
		return -EINVAL;
	if (json_array_size(list) == 0)
		fprintf(out, "No HTTP service was seen so far.\n");
	else
		print_spans(services, out);
	json_array_foreach(list, i, service) {
		int r;

		if (i)
			fputc('\n', out);
		r = print_service(service, colour, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- all of one ---- */

/* A row for the service and each route; two where the time before had requests. */
static int add_row(json_t *rows, const json_t *object, const char *route, const char *span_key,
		   const char *label)
{
	json_t *span = json_object_get(object, span_key), *row = json_copy(span);
	int failed = !row;

	failed |= json_object_set_new(row, "route", json_string(label ? "" : route));
	failed |= json_object_set_new(row, "method",
				      label ? json_string(label) :
					      json_incref(json_object_get(object, "method") ?:
								  json_null()));
	failed |= json_array_append_new(rows, row);
	return failed;
}

static int print_rows_of(const json_t *service, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"ROUTE", "route", &ctl_as_text},
		{"METHOD", "method", &ctl_as_text},
		{"RATE", "requests_per_second", &ctl_as_rate},
		{"REQUESTS", "requests", &ctl_as_count},
		{"ERRORS", "errors", &as_errors},
		{"RATIO", "error_ratio", &as_ratio},
		{"P50", "latency_seconds.p50", &ctl_as_latency},
		{"P99", "latency_seconds.p99", &ctl_as_latency},
		{"QUEUE P99", "queue_seconds.p99", &ctl_as_latency},
	};
	static const char *const spare[] = {"queue_seconds.p99", "error_ratio", NULL};
	json_t *rows = json_array(), *route;
	int failed = add_row(rows, service, "all", "window", NULL), r;
	size_t i;

	failed |= add_row(rows, service, "", "before", "before");
	json_array_foreach(json_object_get(service, "routes"), i, route) {
		failed |= add_row(rows, route, ctl_string(route, "route") ?: "-", "window", NULL);
		failed |= add_row(rows, route, "", "before", "before");
	}
	r = failed ? -ENOMEM : PRINT_ROWS(rows, fields, spare, colour, out);
	json_decref(rows);
	return r;
}

static void print_ends_of(const json_t *service, const char *key, const char *what, bool colour,
			  FILE *out)
{
	const json_t *span = json_object_get(service, key);

	fprintf(out, "  %s: %s requests", what, ctl_count(span, "requests").text);
	print_ends(span, colour, out);
}

int ctl_view_service(const json_t *services, bool colour, FILE *out)
{
	const json_t *service = json_array_get(json_object_get(services, "services"), 0);

	if (!json_is_object(service))
		return -EINVAL;
	if (!has_window(service))
		return print_service(service, colour, out);
	print_spans(services, out);
	print_who(service, out);
	print_ends_of(service, "window", "in this time", colour, out);
	print_ends_of(service, "before", "before", colour, out);
	print_totals(service, colour, out);
	print_not_counted(service, colour, out);
	return print_rows_of(service, colour, out) ?:
						     ctl_print_service_versions(service, colour, out);
}
