/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>

#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/view_blind.h"
#include "ctl/views.h"

enum {
	STATUS_SERVER_ERROR = 500, /* RFC 9110, section 15.6 */
};

/*
 * The requests of a route that failed: those answered with 5xx, and those without a whole answer,
 * which have no status. -1: unknown.
 */
static json_int_t route_errors(const json_t *route)
{
	const json_t *statuses = json_object_get(route, "status");
	const json_t *requests = json_object_get(route, "requests");
	json_int_t answered = 0;
	json_int_t errors = 0;
	const char *status;
	json_t *count;

	if (!json_is_object(statuses) || !json_is_integer(requests))
		return -1;
	json_object_foreach((json_t *)statuses, status, count) {
		answered += json_integer_value(count);
		if (strtol(status, NULL, 10) >= STATUS_SERVER_ERROR)
			errors += json_integer_value(count);
	}
	return errors + json_integer_value(requests) - answered;
}

/* `object` is the route. */
static void add_errors(struct ctl_table *table, const json_t *object, const char *key)
{
	json_int_t errors = route_errors(object);
	struct format_text text = {"-"};

	(void)key;
	if (errors >= 0)
		snprintf(text.text, sizeof(text.text), "%" JSON_INTEGER_FORMAT, errors);
	ctl_table_add(table, text.text, errors > 0 ? CTL_BAD : CTL_PLAIN);
}

static const struct ctl_as as_errors = {add_errors, true};

static int print_routes(const json_t *routes, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"ROUTE", "route", &ctl_as_text},
		{"METHOD", "method", &ctl_as_text},
		{"RATE", "requests_per_second", &ctl_as_rate},
		{"REQUESTS", "requests", &ctl_as_count},
		{"ERRORS", "status", &as_errors},
		{"P50", "latency_seconds.p50", &ctl_as_latency},
		{"P99", "latency_seconds.p99", &ctl_as_latency},
		{"QUEUE P99", "queue_seconds.p99", &ctl_as_latency},
	};

	if (json_array_size(routes) == 0)
		return 0;
	return ctl_rows_print(&(struct ctl_rows){.list = routes,
						 CTL_FIELDS(fields),
						 .optional = "requests_per_second",
						 .indent = 2},
			      colour, out);
}

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

static void print_totals(const json_t *service, bool colour, FILE *out)
{
	const json_t *outcomes = json_object_get(service, "outcomes");
	const json_t *statuses = json_object_get(service, "status");
	const char *key;
	json_t *count;

	fprintf(out, "  %s requests, %s; outcomes:", ctl_count(service, "requests").text,
		format_rate(ctl_number(service, "requests_per_second")).text);
	json_object_foreach((json_t *)outcomes, key, count) {
		fputc(' ', out);
		format_write_safe(key, out);
		fprintf(out, " %s", ctl_count(outcomes, key).text);
	}
	fprintf(out, "; status:");
	json_object_foreach((json_t *)statuses, key, count) {
		bool bad = strtol(key, NULL, 10) >= STATUS_SERVER_ERROR;

		fputc(' ', out);
		ctl_write_coloured(key, bad ? CTL_BAD : CTL_PLAIN, colour, out);
		fprintf(out, " %s", ctl_count(statuses, key).text);
	}
	fputc('\n', out);
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

static int print_service(const json_t *service, bool colour, FILE *out)
{
	format_write_safe(ctl_string(service, "name"), out);
	fprintf(out, " (");
	format_write_safe(ctl_string(service, "role"), out);
	print_known(service, "port", "port", out);
	print_known(service, "process", "process", out);
	print_known(service, "pid", "pid", out);
	print_known(service, "exe", "exe", out);
	print_known(service, "container", "container", out);
	print_known(service, "netns", "netns", out);
	fprintf(out, ")\n");
	print_about(json_object_get(service, "about"), out);
	print_totals(service, colour, out);
	print_not_counted(service, colour, out);
	return print_routes(json_object_get(service, "routes"), colour, out);
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
