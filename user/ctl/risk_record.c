/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/risk_record.h"

#include <string.h>
#include <time.h>

#include "config/config.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/show.h"
#include "decide/incidents.h"

/* The incidents of one severity, as they are gathered. */
struct record {
	const char *severity;
	json_t *list;
	struct incident *incidents; /* of all SLOs, for the summary */
	size_t n;
};

static void record_clear(struct record *record)
{
	json_decref(record->list);
	free(record->incidents);
}

static bool equal(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static json_t *number_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *time_or_null(double unix_seconds)
{
	time_t seconds = isnan(unix_seconds) ? 0 : (time_t)unix_seconds;
	char text[32];
	struct tm tm;

	if (isnan(unix_seconds) || !gmtime_r(&seconds, &tm))
		return json_null();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static bool is_of(const json_t *change, const char *slo, const char *severity)
{
	return equal(ctl_string(change, "slo"), slo) &&
	       equal(ctl_string(change, "severity"), severity) && ctl_string(change, "alert") &&
	       ctl_string(change, "to") && !isnan(format_parse_time(ctl_string(change, "at")));
}

/*
 * Finds the spans in which alerts of one SLO were active. Changes come newest first: the state that
 * an alert's newest change led to still holds. The change that ends a span also says when the span
 * began, as older changes may be forgotten.
 */
static size_t find_spans(const json_t *changes, const char *slo, const char *severity,
			 struct incident_span *ret)
{
	size_t n = 0, i;
	json_t *change;

	json_array_foreach(changes, i, change) {
		const char *alert = ctl_string(change, "alert");
		bool ended = equal(ctl_string(change, "to"), "inactive");
		double at = format_parse_time(ctl_string(change, "at"));
		double started = format_parse_time(ctl_string(change, "started_at"));
		bool newest = true;

		if (!is_of(change, slo, severity))
			continue;
		for (size_t j = 0; j < i && newest; j++) {
			const json_t *other = json_array_get(changes, j);

			newest = !(is_of(other, slo, severity) &&
				   equal(ctl_string(other, "alert"), alert));
		}
		/* any other change lies in a span that its end makes known */
		if (ended || newest)
			ret[n++] = (struct incident_span){alert, isnan(started) ? at : started,
							  ended ? at : INFINITY};
	}
	return n;
}

/* Returns how many there are. *ret_steps is malloc()ed; NULL: none, or no memory. */
static size_t read_steps(const json_t *json, struct incident_step **ret_steps)
{
	size_t n = json_array_size(json), i;
	struct incident_step *steps = n ? calloc(n, sizeof(*steps)) : NULL;
	json_t *step;

	*ret_steps = steps;
	if (!steps)
		return 0;
	json_array_foreach(json, i, step) {
		steps[i] = (struct incident_step){
			json_number_value(json_array_get(step, 0)),
			json_number_value(json_array_get(step, 1)),
			json_number_value(json_array_get(step, 2)),
			json_number_value(json_array_get(step, 3)),
		};
	}
	return n;
}

static void measure(struct incident *incidents, size_t n, const json_t *json)
{
	_cleanup_free_ struct incident_step *steps = NULL;
	struct incident_history history = {
		.objective = ctl_number(json, "objective"),
		.window_seconds = ctl_number(json, "window_seconds"),
		.now_seconds = ctl_number(json, "now_seconds"),
	};

	if (!(history.objective > 0 && history.objective < 1) || isnan(history.window_seconds) ||
	    isnan(history.now_seconds))
		return;
	history.n_steps = read_steps(json_object_get(json, "steps"), &steps);
	history.steps = steps;
	for (size_t i = 0; i < n; i++)
		incident_measure(&incidents[i], &history);
}

static void append(struct record *record, const char *slo, const struct incident *incident)
{
	json_array_append_new(
		record->list,
		json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "slo", slo, "alert", incident->alert,
			  "fired_at", time_or_null(incident->fired_seconds), "resolved_at",
			  time_or_null(incident->resolved_seconds), "detect_seconds",
			  number_or_null(incident->detect_seconds), "repair_seconds",
			  number_or_null(incident->resolved_seconds - incident->fired_seconds),
			  "budget_spent_ratio", number_or_null(incident->spent_ratio)));
}

/* Adds the incidents of one SLO; false when out of memory. */
static bool record_slo(struct record *record, const char *slo, const json_t *changes,
		       const json_t *history)
{
	size_t n_changes = json_array_size(changes), n;
	_cleanup_free_ struct incident_span *spans = calloc(n_changes + 1, sizeof(*spans));
	struct incident *grown =
		reallocarray(record->incidents, record->n + n_changes + 1, sizeof(*grown));

	if (grown)
		record->incidents = grown;
	if (!spans || !grown)
		return false;
	n = find_spans(changes, slo, record->severity, spans);
	n = incidents_merge(spans, n, grown + record->n);
	measure(grown + record->n, n, history);
	for (size_t i = 0; i < n; i++)
		append(record, slo, &grown[record->n + i]);
	record->n += n;
	return true;
}

static int fired_later(const void *a, const void *b)
{
	const char *x = ctl_string(*(json_t *const *)a, "fired_at");
	const char *y = ctl_string(*(json_t *const *)b, "fired_at");

	return strcmp(y ? y : "", x ? x : "");
}

/* Sorts the list, the last incident first. Takes the reference, and returns one. */
static json_t *sort_list(json_t *list)
{
	size_t n = json_array_size(list), i;
	_cleanup_free_ json_t **items = calloc(n + 1, sizeof(json_t *));
	json_t *item, *ret = json_array();

	if (items) {
		json_array_foreach(list, i, item)
			items[i] = item;
		qsort(items, n, sizeof(json_t *), fired_later);
		for (i = 0; i < n; i++)
			json_array_append(ret, items[i]);
	}
	json_decref(list);
	return ret;
}

static json_t *record_json(struct record *record)
{
	struct incidents_summary summary = incidents_sum_up(record->incidents, record->n);

	return json_pack("{s:I,s:I,s:o,s:o,s:o,s:o}", "incidents", (json_int_t)summary.n, "open",
			 (json_int_t)summary.n_open, "mean_detect_seconds",
			 number_or_null(summary.mean_detect_seconds), "mean_repair_seconds",
			 number_or_null(summary.mean_repair_seconds), "budget_spent_ratio",
			 number_or_null(summary.spent_ratio), "list",
			 sort_list(TAKE_PTR(record->list)));
}

static void get(const struct ctl *ctl, const char *path, const char *name, json_t **ret_json)
{
	ctl_ask_json(ctl, &(struct ctl_request){.method = "GET", .path = path, .name = name},
		     ret_json);
}

/* Whether no change before `i` is of the SLO of change `i`. */
static bool is_first_of_slo(const json_t *changes, size_t i)
{
	const char *slo = ctl_string(json_array_get(changes, i), "slo");

	for (size_t j = 0; j < i; j++) {
		if (equal(slo, ctl_string(json_array_get(changes, j), "slo")))
			return false;
	}
	return slo != NULL;
}

static json_t *gather(const struct ctl *ctl, const char *only, const json_t *changes)
{
	_cleanup_(record_clear) struct record page = {.severity = "page", .list = json_array()};
	_cleanup_(record_clear) struct record ticket = {.severity = "ticket", .list = json_array()};
	size_t i;
	json_t *change;

	json_array_foreach(changes, i, change) {
		_cleanup_json_ json_t *history = NULL;
		const char *slo = ctl_string(change, "slo");

		if (!is_first_of_slo(changes, i) || (only && !config_slo_is_named(only, slo)))
			continue;
		get(ctl, "/v1/history/", slo, &history);
		if (!record_slo(&page, slo, changes, history) ||
		    !record_slo(&ticket, slo, changes, history))
			return NULL;
	}
	return json_pack("{s:o,s:o}", "page", record_json(&page), "ticket", record_json(&ticket));
}

json_t *risk_record(const struct ctl *ctl, const char *slo)
{
	_cleanup_fclose_ FILE *nowhere = fopen("/dev/null", "we");
	_cleanup_json_ json_t *alerts = NULL;
	struct ctl quiet = *ctl;

	if (!nowhere)
		return NULL;
	quiet.err = nowhere; /* it is no error here if there is no agent */
	get(&quiet, "/v1/alerts", NULL, &alerts);
	if (!json_is_array(json_object_get(alerts, "changes")))
		return NULL;
	return gather(&quiet, slo, json_object_get(alerts, "changes"));
}
