/* SPDX-License-Identifier: GPL-2.0-only */
/* /v1/alerts: active alerts, notices, changes, receivers, silences, maintenance windows. */
#include <errno.h>
#include <string.h>

#include "ctl/alert.h"
#include "ctl/json.h"
#include "ctl/rows.h"
#include "ctl/views.h"

enum {
	CHANGES_SHOWN = 20,
};

/* In the cells below `object` is the row: an alert, a change, a receiver or a silence. */

static void add_severity(struct ctl_table *table, const json_t *object, const char *key)
{
	const char *severity = ctl_string(object, key);

	ctl_table_add(table, severity,
		      ctl_alert_is_silenced(object) ? CTL_PLAIN : ctl_severity_colour(severity));
}

static const struct ctl_as as_severity = {add_severity, false};

static void add_state(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_alert_is_silenced(object) ? "silenced" : ctl_string(object, key),
		      CTL_PLAIN);
}

static const struct ctl_as as_state = {add_state, false};

/* "14.4x/20.0x": in the long window and in the short one; "-" if neither is known. */
static void add_burns(struct ctl_table *table, const json_t *object, const char *key)
{
	char text[2 * sizeof(struct format_text)];

	snprintf(text, sizeof(text), "%s/%s", format_burn(ctl_number(object, key)).text,
		 format_burn(ctl_number(object, "burn_short")).text);
	ctl_table_add(table, !strcmp(text, "-/-") ? "-" : text, CTL_PLAIN);
}

static const struct ctl_as as_burns = {add_burns, true};

static int print_active(const json_t *active, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"SLO", "slo", &ctl_as_text},	  {"SERVICE", "service", &ctl_as_text},
		{"ALERT", "name", &ctl_as_text},  {"SEVERITY", "severity", &as_severity},
		{"STATE", "state", &as_state},	  {"SINCE UTC", "since", &ctl_as_time},
		{"BURN", "burn_long", &as_burns}, {"INCIDENT", "incident", &ctl_as_count},
	};

	if (json_array_size(active) == 0) {
		fprintf(out, "No alert is active.\n");
		return 0;
	}
	return ctl_rows_print(
		&(struct ctl_rows){.list = active, CTL_FIELDS(fields), .optional = "incident"},
		colour, out);
}

/* ": slo alert, slo alert"; ": 63 services" of what concerns them all */
static void print_notice_alerts(const json_t *notice, FILE *out)
{
	const json_t *alerts = json_object_get(notice, "alerts");
	const json_int_t n = json_integer_value(json_object_get(notice, "services"));
	size_t i;
	json_t *alert;

	if (n > 1) {
		fprintf(out, ": %lld services lack requests", (long long)n);
		return;
	}
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
		ctl_write_coloured(severity, ctl_severity_colour(severity), colour, out);
		fputc(' ', out);
		format_write_safe(ctl_string(notice, "service"), out);
		fprintf(out, " since %s", format_time(ctl_string(notice, "started_at")).text);
		print_notice_alerts(notice, out);
		fputc('\n', out);
	}
}

static void add_change(struct ctl_table *table, const json_t *object, const char *key)
{
	const char *to = ctl_string(object, key);
	char text[CTL_TABLE_MAX_CELL];

	snprintf(text, sizeof(text), "%s > %s", ctl_string(object, "from") ?: "-", to ?: "-");
	ctl_table_add(table, text,
		      to && strcmp(to, "inactive") != 0 ?
			      ctl_severity_colour(ctl_string(object, "severity")) :
			      CTL_GOOD);
}

static const struct ctl_as as_change = {add_change, false};

/* Shows up to `max` changes; 0: all. */
static int print_changes(const json_t *changes, size_t max, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"AT UTC", "at", &ctl_as_time},	  {"SLO", "slo", &ctl_as_text},
		{"ALERT", "alert", &ctl_as_text}, {"SEVERITY", "severity", &ctl_as_text},
		{"CHANGE", "to", &as_change},	  {"SPENT", "budget_spent_ratio", &ctl_as_percent},
	};
	const struct ctl_rows rows = {
		.list = changes,
		.max = max,
		CTL_FIELDS(fields),
		.indent = 2,
	};
	size_t n = json_array_size(changes);

	if (n == 0)
		return 0;
	fprintf(out, "\nLast changes");
	if (max && n > max)
		fprintf(out, " (%zu of %zu: --all shows all)", max, n);
	fprintf(out, ", newest first:\n");
	return ctl_rows_print(&rows, colour, out);
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

/* Of an agent that knows of it, and only if there are any. */
static void print_missed(const json_t *receivers, FILE *out)
{
	size_t i;
	json_t *receiver;

	json_array_foreach(receivers, i, receiver) {
		const json_int_t missed = ctl_count_or_zero(receiver, "missed");

		if (missed <= 0)
			continue;
		fprintf(out, "  ");
		format_write_safe(ctl_string(receiver, "receiver"), out);
		fprintf(out,
			" has missed %lld open alert%s:\n    sent again as soon as there is room\n",
			(long long)missed, format_plural((unsigned long long)missed));
	}
}

/* Counts that should be 0. */

static void add_warning(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_count(object, key).text,
		      ctl_count_or_zero(object, key) ? CTL_WARN : CTL_PLAIN);
}

static const struct ctl_as as_warning = {add_warning, true};

static void add_loss(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_count(object, key).text,
		      ctl_count_or_zero(object, key) ? CTL_BAD : CTL_PLAIN);
}

static const struct ctl_as as_loss = {add_loss, true};

static int print_receivers(const json_t *receivers, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"SENT", "sent", &ctl_as_count},
		{"FAILED", "failed", &as_warning},
		{"WAITING", "waiting", &as_warning},
		{"GIVEN UP", "given_up", &as_loss},
		{"LAST SENT UTC", "last_sent_at", &ctl_as_time},
		{"RECEIVER", "receiver", &ctl_as_text},
	};
	const struct ctl_rows rows = {.list = receivers, CTL_FIELDS(fields), .indent = 2};
	int r;

	if (json_array_size(receivers) == 0) {
		fprintf(out, "\nNo receiver is configured: nobody is told.\n");
		return 0;
	}
	fprintf(out, "\nReceivers:\n");
	r = ctl_rows_print(&rows, colour, out);
	if (r)
		return r;
	print_last_errors(receivers, out);
	print_missed(receivers, out);
	return 0;
}

/* A silence that names no SLO, service or severity is for all of them. */
static void add_name_or_all(struct ctl_table *table, const json_t *object, const char *key)
{
	ctl_table_add(table, ctl_string(object, key) ?: "all", CTL_PLAIN);
}

static const struct ctl_as as_name_or_all = {add_name_or_all, false};

int ctl_print_silences(const json_t *silences, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"ID", "id", &ctl_as_text},
		{"SLO", "slo", &as_name_or_all},
		{"SERVICE", "service", &as_name_or_all},
		{"SEVERITY", "severity", &as_name_or_all},
		{"UNTIL UTC", "until", &ctl_as_time},
		{"EXCLUDE", "exclude", &ctl_as_text},
		{"BY", "by", &ctl_as_text},
		{"COMMENT", "comment", &ctl_as_text},
	};

	int r = ctl_rows_print(
		&(struct ctl_rows){.list = silences, CTL_FIELDS(fields), .indent = 2}, colour, out);
	json_t *silence;
	size_t i;

	json_array_foreach(silences, i, silence) {
		if (r < 0 || !ctl_string(silence, "state") ||
		    strcmp(ctl_string(silence, "state"), "pending") != 0)
			continue;
		fputs("  ", out);
		format_write_safe(ctl_string(silence, "id"), out);
		fprintf(out, " is pending: it begins at %s UTC\n",
			format_time(ctl_string(silence, "from")).text);
	}
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

static int view_alerts(const json_t *alerts, size_t max_changes, bool colour, FILE *out)
{
	const json_t *silences = json_object_get(alerts, "silences");
	int r;

	if (!json_is_array(json_object_get(alerts, "active")))
		return -EINVAL;
	r = print_active(json_object_get(alerts, "active"), colour, out);
	if (r < 0)
		return r;
	print_notices(json_object_get(alerts, "notices"), colour, out);
	r = print_changes(json_object_get(alerts, "changes"), max_changes, colour, out);
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
	return view_alerts(alerts, 0, colour, out);
}
