/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer of /v1/events as a whole: groups, and what is below events and groups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/json.h"
#include "ctl/times.h"
#include "ctl/view_events.h"

/* ---- below ---- */

/* "2030-01-02 03:04:05", or of today the time alone. */
static struct format_text moment(double unix_seconds)
{
	struct format_text now = ctl_local_time((double)time(NULL));
	struct format_text text = ctl_local_time(unix_seconds);
	const size_t date = strlen("2030-01-02 ");

	if (strlen(text.text) > date && !strncmp(text.text, now.text, date))
		memmove(text.text, text.text + date, strlen(text.text + date) + 1);
	return text;
}

static void print_span(const json_t *answer, FILE *out)
{
	const double from = format_parse_time(ctl_string(answer, "from"));
	const double to = format_parse_time(ctl_string(answer, "to"));

	if (isnan(to))
		return;
	if (!isnan(from))
		fprintf(out, ", from %s", moment(from).text);
	fprintf(out, " to %s %s", moment(to).text, ctl_local_zone(to).text);
}

static void print_faults(const json_t *answer, FILE *out)
{
	const double cut = format_parse_time(ctl_string(answer, "cut_at"));
	const json_int_t lost = ctl_count_or_zero(answer, "samples_lost");

	if (!isnan(cut))
		fprintf(out, "It took too long: what is beyond %s was not looked at.\n",
			moment(cut).text);
	if (ctl_string(answer, "unread")) {
		fprintf(out, "Not all could be read: ");
		format_write_safe(ctl_string(answer, "unread"), out);
		fputc('\n', out);
	}
	if (json_is_true(json_object_get(answer, "quantiles_cut")))
		fprintf(out, "P50 and P99 are of a part of the samples: there are too many.\n");
	if (lost > 0)
		fprintf(out,
			"%" JSON_INTEGER_FORMAT
			" sample%s lost since the agent began: counts are not touched.\n",
			lost, lost == 1 ? " was" : "s were");
}

void ctl_print_events_foot(const json_t *answer, size_t shown, FILE *out)
{
	const json_t *matched = json_object_get(answer, "matched");
	const json_int_t samples = ctl_count_or_zero(matched, "samples");
	const double requests = ctl_number(matched, "requests");

	if (!samples) {
		fprintf(out, "No samples");
		print_span(answer, out);
		fprintf(out, " (%s looked at).\n", ctl_count(answer, "looked_at").text);
	} else {
		if ((json_int_t)shown < samples)
			fprintf(out, "%zu of ", shown);
		fprintf(out, "%" JSON_INTEGER_FORMAT " sample%s, for ", samples,
			format_plural((unsigned long long)samples));
		/* weights are estimates: docs/samples.md */
		fprintf(out, "%s%s requests, ", requests > (double)samples ? "about " : "",
			ctl_weighted(requests).text);
		fprintf(out, "%s of them bad", ctl_weighted(ctl_number(matched, "bad")).text);
		print_span(answer, out);
		fputs(".\n", out);
	}
	print_faults(answer, out);
}

static int view(const json_t *answer, struct ctl_events_table *table, bool colour, FILE *out)
{
	const json_t *events = json_object_get(answer, "events");
	const size_t n = json_array_size(events);
	int r = ctl_events_table_print(table, events, colour, out);

	ctl_events_table_clear(table);
	if (r < 0)
		return r;
	if (n)
		fputc('\n', out);
	ctl_print_events_foot(answer, n, out);
	return 0;
}

int ctl_view_events(const json_t *answer, bool colour, FILE *out)
{
	return view(answer, &(struct ctl_events_table){}, colour, out);
}

int ctl_view_events_chosen(const json_t *answer, bool colour, FILE *out)
{
	return view(answer, &(struct ctl_events_table){.chosen = true}, colour, out);
}

/* ---- groups ---- */

enum {
	KEYS_MAX = 3,
	N_SUMS = 7,
};

static const struct ctl_column sums[N_SUMS] = {
	{"REQUESTS", true}, {"BAD", true}, {"BAD SHARE", true}, {"OF ALL BAD", true},
	{"P50", true},	    {"P99", true}, {"SAMPLES", true},
};

static void add_key(struct ctl_table *table, const char *name, const json_t *value)
{
	struct format_text text = {"-"};

	if (!strcmp(name, "time") && json_is_string(value)) {
		text = moment(format_parse_time(json_string_value(value)));
		ctl_table_add(table, text.text, CTL_PLAIN);
		return;
	}
	if (json_is_string(value)) {
		ctl_table_add(table, json_string_value(value), CTL_PLAIN);
		return;
	}
	if (json_is_boolean(value))
		snprintf(text.text, sizeof(text.text), "%s",
			 json_is_true(value) ? "true" : "false");
	else if (json_is_number(value))
		snprintf(text.text, sizeof(text.text), "%.15g", json_number_value(value));
	ctl_table_add(table, text.text, CTL_PLAIN);
}

static void add_share(struct ctl_table *table, double share, enum ctl_colour colour)
{
	ctl_table_add(table, share == 0 ? "0%" : format_percent(share, 1).text, colour);
}

static void add_sums(struct ctl_table *table, const json_t *group)
{
	const double bad = ctl_number(group, "bad"), requests = ctl_number(group, "requests");
	const enum ctl_colour colour = bad > 0 ? CTL_BAD : CTL_PLAIN;

	ctl_table_add(table, ctl_weighted(requests).text, CTL_PLAIN);
	ctl_table_add(table, ctl_weighted(bad).text, colour);
	add_share(table, requests > 0 ? bad / requests : NAN, colour);
	add_share(table, ctl_number(group, "share_of_bad"), CTL_PLAIN);
	ctl_table_add(table, format_latency(ctl_number(group, "p50_seconds")).text, CTL_PLAIN);
	ctl_table_add(table, format_latency(ctl_number(group, "p99_seconds")).text, CTL_PLAIN);
	ctl_table_add(table, ctl_count(group, "samples").text, CTL_PLAIN);
}

static void add_rest(struct ctl_table *table, const json_t *rest, size_t n_keys)
{
	char text[80];

	snprintf(text, sizeof(text), "(%s%s other%s)",
		 json_is_true(json_object_get(rest, "at_least")) ? "at least " : "",
		 ctl_count(rest, "groups").text,
		 format_plural((unsigned long long)ctl_count_or_zero(rest, "groups")));
	ctl_table_add(table, text, CTL_PLAIN);
	for (size_t i = 1; i < n_keys; i++)
		ctl_table_add(table, "", CTL_PLAIN);
	add_sums(table, rest);
}

int ctl_view_event_groups(const json_t *answer, bool colour, FILE *out)
{
	const json_t *by = json_object_get(answer, "by"), *rest = json_object_get(answer, "rest");
	const json_t *groups = json_object_get(answer, "groups");
	struct ctl_column columns[KEYS_MAX + N_SUMS];
	char headers[KEYS_MAX][CTL_TABLE_MAX_CELL];
	const size_t n_keys = json_array_size(by);
	struct ctl_table table;
	json_t *group;
	size_t i;
	int r = 0;

	if (!json_is_array(groups) || !n_keys || n_keys > KEYS_MAX)
		return -EINVAL;
	for (i = 0; i < n_keys; i++) {
		ctl_events_header(json_string_value(json_array_get(by, i)) ?: "?", headers[i]);
		columns[i] = (struct ctl_column){headers[i], false};
	}
	memcpy(columns + n_keys, sums, sizeof(sums));
	ctl_table_init(&table, columns, n_keys + N_SUMS);
	json_array_foreach(groups, i, group) {
		for (size_t k = 0; k < n_keys; k++) {
			const char *name = json_string_value(json_array_get(by, k)) ?: "";

			add_key(&table, name, json_object_get(json_object_get(group, "key"), name));
		}
		add_sums(&table, group);
	}
	if (json_is_object(rest))
		add_rest(&table, rest, n_keys);
	if (json_array_size(groups) || json_is_object(rest))
		r = ctl_table_print(&table, 0, colour, out);
	ctl_table_clear(&table);
	if (r < 0)
		return r;
	if (json_array_size(groups))
		fputc('\n', out);
	/* all samples are in groups */
	ctl_print_events_foot(answer, SIZE_MAX >> 1, out);
	return 0;
}
