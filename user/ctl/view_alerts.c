/* SPDX-License-Identifier: GPL-2.0-only */
/* /v1/alerts: what is active, what changed, who was told, and what is kept quiet. */
#include <errno.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/table.h"
#include "ctl/views.h"

enum {
	CHANGES_SHOWN = 20,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum ctl_colour severity_colour(const char *severity)
{
	if (!severity)
		return CTL_PLAIN;
	if (!strcmp(severity, "page"))
		return CTL_BAD;
	return !strcmp(severity, "ticket") ? CTL_WARN : CTL_PLAIN;
}

static void add_time(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, format_time(ctl_string(object, key)).text, CTL_PLAIN);
}

static int print_active(const json_t *active, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {
		{"SLO", false},	  {"SERVICE", false},	{"ALERT", false}, {"SEVERITY", false},
		{"STATE", false}, {"SINCE UTC", false}, {"BURN", true},
	};
	struct ctl_table table;
	size_t i;
	json_t *alert;
	int r;

	if (json_array_size(active) == 0) {
		fprintf(out, "No alert is active.\n");
		return 0;
	}
	ctl_table_init(&table, columns, COUNT(columns));
	json_array_foreach(active, i, alert) {
		const char *severity = ctl_string(alert, "severity");
		bool quiet = json_is_true(json_object_get(alert, "silenced"));
		char burn[2 * sizeof(struct format_text)];

		snprintf(burn, sizeof(burn), "%s/%s",
			 format_burn(ctl_number(alert, "burn_long")).text,
			 format_burn(ctl_number(alert, "burn_short")).text);
		ctl_table_add(&table, ctl_string(alert, "slo"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(alert, "service"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(alert, "name"), CTL_PLAIN);
		ctl_table_add(&table, severity, quiet ? CTL_PLAIN : severity_colour(severity));
		ctl_table_add(&table, quiet ? "silenced" : ctl_string(alert, "state"), CTL_PLAIN);
		add_time(&table, alert, "since");
		ctl_table_add(&table, !strcmp(burn, "-/-") ? "-" : burn, CTL_PLAIN);
	}
	r = ctl_table_print(&table, 0, colour, out);
	ctl_table_clear(&table);
	return r;
}

/* "slo alert, slo alert" of a notice */
static void print_notice_alerts(const json_t *alerts, FILE *out)
{
	size_t i;
	json_t *alert;

	json_array_foreach(alerts, i, alert) {
		fputs(i ? ", " : ": ", out);
		format_write_safe(ctl_string(alert, "slo"), out);
		fputc(' ', out);
		format_write_safe(ctl_string(alert, "name"), out);
	}
}

static void print_notices(const json_t *notices, bool colour, FILE *out)
{
	size_t i;
	json_t *notice;

	if (json_array_size(notices))
		fprintf(out, "\nOpen notices (one a service):\n");
	json_array_foreach(notices, i, notice) {
		const char *severity = ctl_string(notice, "severity");

		fprintf(out, "  ");
		ctl_write_coloured(severity, severity_colour(severity), colour, out);
		fputc(' ', out);
		format_write_safe(ctl_string(notice, "service"), out);
		fprintf(out, " since %s", format_time(ctl_string(notice, "started_at")).text);
		print_notice_alerts(json_object_get(notice, "alerts"), out);
		fputc('\n', out);
	}
}

static int print_changes(const json_t *changes, size_t limit, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {
		{"AT UTC", false},   {"SLO", false},	{"ALERT", false},
		{"SEVERITY", false}, {"CHANGE", false}, {"SPENT", true},
	};
	struct ctl_table table;
	size_t i, n = json_array_size(changes);
	json_t *change;
	int r;

	if (n == 0)
		return 0;
	fprintf(out, "\nLast changes");
	if (n > limit)
		fprintf(out, " (%zu of %zu: --all shows all)", limit, n);
	fprintf(out, ", newest first:\n");
	ctl_table_init(&table, columns, COUNT(columns));
	json_array_foreach(changes, i, change) {
		const char *to = ctl_string(change, "to");
		const char *severity = ctl_string(change, "severity");
		char text[CTL_TABLE_MAX_CELL];

		if (i == limit)
			break;
		snprintf(text, sizeof(text), "%s > %s", ctl_string(change, "from") ?: "-",
			 to ?: "-");
		add_time(&table, change, "at");
		ctl_table_add(&table, ctl_string(change, "slo"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(change, "alert"), CTL_PLAIN);
		ctl_table_add(&table, severity, CTL_PLAIN);
		ctl_table_add(&table, text,
			      to && strcmp(to, "inactive") != 0 ? severity_colour(severity)
								: CTL_GOOD);
		ctl_table_add(&table,
			      format_percent(ctl_number(change, "budget_spent_ratio"), 1).text,
			      CTL_PLAIN);
	}
	r = ctl_table_print(&table, 2, colour, out);
	ctl_table_clear(&table);
	return r;
}

static void print_last_errors(const json_t *receivers, FILE *out)
{
	size_t i;
	json_t *receiver;

	json_array_foreach(receivers, i, receiver) {
		const char *error = ctl_string(receiver, "last_error");

		if (!error)
			continue;
		fprintf(out, "  ");
		format_write_safe(ctl_string(receiver, "receiver"), out);
		fprintf(out, " failed last at %s:\n    ",
			format_time(ctl_string(receiver, "last_error_at")).text);
		format_write_safe(error, out);
		fputc('\n', out);
	}
}

static int print_receivers(const json_t *receivers, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {
		{"SENT", true},	    {"FAILED", true},	      {"WAITING", true},
		{"GIVEN UP", true}, {"LAST SENT UTC", false}, {"RECEIVER", false},
	};
	struct ctl_table table;
	size_t i;
	json_t *receiver;
	int r;

	if (json_array_size(receivers) == 0) {
		fprintf(out, "\nNo receiver is configured: nobody is told.\n");
		return 0;
	}
	fprintf(out, "\nReceivers:\n");
	ctl_table_init(&table, columns, COUNT(columns));
	json_array_foreach(receivers, i, receiver) {
		ctl_table_add(&table, ctl_count(receiver, "sent").text, CTL_PLAIN);
		ctl_table_add(&table, ctl_count(receiver, "failed").text,
			      ctl_count_or_zero(receiver, "failed") ? CTL_WARN : CTL_PLAIN);
		ctl_table_add(&table, ctl_count(receiver, "waiting").text,
			      ctl_count_or_zero(receiver, "waiting") ? CTL_WARN : CTL_PLAIN);
		ctl_table_add(&table, ctl_count(receiver, "given_up").text,
			      ctl_count_or_zero(receiver, "given_up") ? CTL_BAD : CTL_PLAIN);
		add_time(&table, receiver, "last_sent_at");
		ctl_table_add(&table, ctl_string(receiver, "receiver"), CTL_PLAIN);
	}
	r = ctl_table_print(&table, 2, colour, out);
	ctl_table_clear(&table);
	if (r == 0)
		print_last_errors(receivers, out);
	return r;
}

int ctl_print_silences(const json_t *silences, bool colour, FILE *out)
{
	static const struct ctl_column columns[] = {
		{"ID", false},	      {"SLO", false},	  {"SERVICE", false}, {"SEVERITY", false},
		{"UNTIL UTC", false}, {"EXCLUDE", false}, {"BY", false},      {"COMMENT", false},
	};
	static const char *const wide[] = {"slo", "service", "severity"};
	struct ctl_table table;
	size_t i;
	json_t *silence;
	int r;

	ctl_table_init(&table, columns, COUNT(columns));
	json_array_foreach(silences, i, silence) {
		ctl_table_add(&table, ctl_string(silence, "id"), CTL_PLAIN);
		for (size_t w = 0; w < COUNT(wide); w++)
			ctl_table_add(&table, ctl_string(silence, wide[w]) ?: "all", CTL_PLAIN);
		add_time(&table, silence, "until");
		ctl_table_add(&table, ctl_string(silence, "exclude"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(silence, "by"), CTL_PLAIN);
		ctl_table_add(&table, ctl_string(silence, "comment"), CTL_PLAIN);
	}
	r = ctl_table_print(&table, 2, colour, out);
	ctl_table_clear(&table);
	return r;
}

static void print_maintenance(const json_t *maintenance, bool colour, FILE *out)
{
	size_t i;
	json_t *window;

	if (json_array_size(maintenance))
		fprintf(out, "\nMaintenance windows:\n");
	json_array_foreach(maintenance, i, window) {
		bool active = json_is_true(json_object_get(window, "active"));

		fprintf(out, "  ");
		format_write_safe(ctl_string(window, "name"), out);
		fprintf(out, ": ");
		ctl_write_coloured(active ? "active" : "not active", active ? CTL_WARN : CTL_PLAIN,
				   colour, out);
		if (ctl_string(window, "from"))
			fprintf(out, ", %s to %s", format_time(ctl_string(window, "from")).text,
				format_time(ctl_string(window, "until")).text);
		fputc('\n', out);
	}
}

void ctl_print_store(const json_t *store, bool colour, FILE *out)
{
	const char *state = ctl_string(store, "state");
	const char *reason = ctl_string(store, "reason");

	if (!state || !strcmp(state, "ok"))
		return;
	ctl_write_coloured("History", CTL_BAD, colour, out);
	fprintf(out, !strcmp(state, "not kept") ? ": is not kept" : ": keeping it is ");
	if (strcmp(state, "not kept") != 0)
		format_write_safe(state, out);
	if (ctl_string(store, "path")) {
		fprintf(out, " (");
		format_write_safe(ctl_string(store, "path"), out);
		fputc(')', out);
	}
	if (reason) {
		fprintf(out, ": ");
		format_write_safe(reason, out);
	}
	fputc('\n', out);
}

static int view_alerts(const json_t *alerts, size_t limit, bool colour, FILE *out)
{
	const json_t *silences = json_object_get(alerts, "silences");
	int r;

	if (!json_is_array(json_object_get(alerts, "active")))
		return -EINVAL;
	r = print_active(json_object_get(alerts, "active"), colour, out);
	if (r < 0)
		return r;
	print_notices(json_object_get(alerts, "notices"), colour, out);
	r = print_changes(json_object_get(alerts, "changes"), limit, colour, out);
	if (r < 0)
		return r;
	r = print_receivers(json_object_get(alerts, "receivers"), colour, out);
	if (r < 0)
		return r;
	if (json_array_size(silences)) {
		fprintf(out, "\nSilences:\n");
		r = ctl_print_silences(silences, colour, out);
		if (r < 0)
			return r;
	}
	print_maintenance(json_object_get(alerts, "maintenance"), colour, out);
	ctl_print_store(json_object_get(alerts, "store"), colour, out);
	return 0;
}

int ctl_view_alerts(const json_t *alerts, bool colour, FILE *out)
{
	return view_alerts(alerts, CHANGES_SHOWN, colour, out);
}

int ctl_view_alerts_all(const json_t *alerts, bool colour, FILE *out)
{
	return view_alerts(alerts, SIZE_MAX, colour, out);
}
