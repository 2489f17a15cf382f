/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_blind.h"

#include <string.h>

#include "ctl/json.h"
#include "ctl/rows.h"

enum {
	NAMES_SHOWN = 3, /* of a service's SLOs, in a line */
};

/* Prints "reason 3, other 1": those members of an object of counts that are not 0. */
void ctl_print_counts(const json_t *counts, FILE *out)
{
	const char *separator = "";
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)counts, key, value) {
		if (!json_integer_value(value))
			continue;
		fputs(separator, out);
		format_write_safe(key, out);
		fprintf(out, " %" JSON_INTEGER_FORMAT, json_integer_value(value));
		separator = ", ";
	}
}

bool ctl_is_partly_counted(const json_t *cover)
{
	return ctl_count_or_zero(cover, "blind_connections") || ctl_count_or_zero(cover, "lost") ||
	       ctl_count_or_zero(cover, "status_unknown") ||
	       json_is_true(json_object_get(cover, "quic"));
}

void ctl_print_cover(const json_t *cover, bool colour, FILE *out)
{
	json_int_t blind = ctl_count_or_zero(cover, "blind_connections");
	json_int_t lost = ctl_count_or_zero(cover, "lost");
	json_int_t unknown = ctl_count_or_zero(cover, "status_unknown");
	char text[96];

	if (blind) {
		snprintf(text, sizeof(text),
			 "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " connections blind",
			 blind, blind + ctl_count_or_zero(cover, "measured_connections"));
		ctl_write_coloured(text, CTL_WARN, colour, out);
		fprintf(out, " (");
		ctl_print_counts(json_object_get(cover, "blind_by_reason"), out);
		fputc(')', out);
	}
	if (blind && lost)
		fprintf(out, ", ");
	if (lost) {
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT " request%s lost", lost,
			 lost == 1 ? "" : "s");
		ctl_write_coloured(text, CTL_BAD, colour, out);
		fprintf(out, " (");
		ctl_print_counts(json_object_get(cover, "lost_by_reason"), out);
		fputc(')', out);
	}
	if ((blind || lost) && unknown)
		fprintf(out, ", ");
	if (unknown) {
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT " request%s not judged",
			 unknown, unknown == 1 ? "" : "s");
		ctl_write_coloured(text, CTL_WARN, colour, out);
		fprintf(out, " (status not known)");
	}
	if (json_is_true(json_object_get(cover, "quic"))) {
		fputs(blind || lost || unknown ? ", " : "", out);
		ctl_write_coloured("HTTP/3 not measured", CTL_WARN, colour, out);
		fprintf(out, " (quic)");
	}
}

static bool is_of(const json_t *slo, const char *service)
{
	const char *name = ctl_string(slo, "service");

	return name && service && !strcmp(name, service);
}

static bool was_before(const json_t *slos, size_t n, const char *service)
{
	for (size_t i = 0; i < n; i++) {
		if (is_of(json_array_get(slos, i), service))
			return true;
	}
	return false;
}

/* "checkout, cart and 2 more" */
static void print_names(const json_t *slos, const char *service, FILE *out)
{
	size_t n = 0, i;
	json_t *slo;

	json_array_foreach(slos, i, slo) {
		if (!is_of(slo, service) || n++ >= NAMES_SHOWN)
			continue;
		if (n > 1)
			fprintf(out, ", ");
		format_write_safe(ctl_string(slo, "name"), out);
	}
	if (n > NAMES_SHOWN)
		fprintf(out, " and %zu more", n - NAMES_SHOWN);
}

void ctl_print_partly_counted(const json_t *slos, bool colour, FILE *out)
{
	size_t i;
	json_t *slo;

	json_array_foreach(slos, i, slo) {
		const json_t *cover = json_object_get(slo, "coverage");
		const char *service = ctl_string(slo, "service");

		if (!ctl_is_partly_counted(cover) || was_before(slos, i, service))
			continue;
		ctl_write_coloured("Counted in part", CTL_WARN, colour, out);
		fprintf(out, ": ");
		format_write_safe(service, out);
		fprintf(out, ": ");
		ctl_print_cover(cover, colour, out);
		fprintf(out, "; judges ");
		print_names(slos, service, out);
		fputc('\n', out);
	}
}

int ctl_print_blind(const json_t *blind, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"PORT", "port", &ctl_as_count},
		{"PROCESS", "process", &ctl_as_text},
		{"CONNECTIONS", "connections", &ctl_as_count},
		{"REASON", "reason", &ctl_as_text},
		{"SERVICE", "service", &ctl_as_text},
	};
	json_t *beside = json_array(), *listener;
	size_t i;
	int r = 0;

	json_array_foreach(blind, i, listener) {
		if (json_is_true(json_object_get(listener, "measured")))
			json_array_append(beside, listener);
	}
	if (json_array_size(beside)) {
		ctl_write_coloured("Blind connections", CTL_WARN, colour, out);
		fprintf(out, ", beside others that are measured:\n");
		r = ctl_rows_print(
			&(struct ctl_rows){.list = beside, CTL_FIELDS(fields), .indent = 2}, colour,
			out);
	}
	json_decref(beside);
	return r;
}
