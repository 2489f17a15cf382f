/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of a history as JSON: the SLO's own, and beside it what was asked when. */
#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json.h"
#include "report/json_counts.h"
#include "report/json_render.h"

static json_t *series_json(const struct snapshot_asked *asked, const struct cell *cell)
{
	unsigned int outcome = cell_outcome(cell->code), status = cell_status(cell->code);
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "route", json_text_or_null(asked->route));
	failed |= json_put(object, "method", json_text_or_null(asked->method));
	failed |=
		json_put(object, "outcome", json_text_or_null(outcome_name((enum outcome)outcome)));
	failed |= json_put(object, "status",
			   status_http(status) ? json_count(status_http(status)) : json_null());
	failed |= json_put(object, "grpc_status", json_text_or_null(snapshot_grpc_status(status)));
	failed |= json_put(object, "requests", json_count(cell->n));
	failed |= json_put(object, "error",
			   json_boolean(snapshot_failed((enum outcome)outcome, status)));
	return json_checked(object, failed);
}

static json_t *all_series_json(const struct snapshot_period *period)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < period->n_asked; i++) {
		const struct snapshot_asked *asked = &period->asked[i];

		for (size_t k = asked->first; k < asked->end; k++) {
			if (cell_is_count(period->cells.list[k].code))
				failed |= json_push(array,
						    series_json(asked, &period->cells.list[k]));
		}
	}
	return json_checked(array, failed);
}

/* [bucket of include/hist.h, requests], of those that have some. */
static json_t *histogram_json(const uint64_t counts[HIST_BUCKETS])
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		if (counts[i])
			failed |= json_push(array, json_pack("[o, o]", json_count(i),
							     json_count(counts[i])));
	}
	return json_checked(array, failed);
}

static json_t *row_json(const struct snapshot_rows *rows, const struct snapshot_row *row)
{
	const struct snapshot_period *period = &row->period;
	const bool unknown = !period->cells.n && !(period->covered_seconds > 0);
	json_t *object = json_object();
	struct snapshot_merged merged;
	int failed = 0;

	snapshot_period_merge(period, rows->service, NULL, NULL, &merged);
	failed |= json_put(object, "from", json_time_or_null(period->from_unix));
	failed |= json_put(object, "to", json_time_or_null(period->to_unix));
	failed |= json_put(object, "covered_seconds", json_real(period->covered_seconds));
	failed |= json_put_counts(object, &merged);
	failed |= json_put(object, "latency_seconds", json_quantiles(merged.total));
	if (rows->histograms)
		failed |= json_put(object, "latency_buckets",
				   unknown || rows->by_status ? json_null() :
								histogram_json(merged.total));
	failed |= json_put(object, "series", all_series_json(period));
	if (unknown)
		failed |= json_put_no_counts(object);
	if (rows->slo) {
		failed |= json_put(object, "good",
				   unknown ? json_null() : json_count(row->events.good));
		failed |= json_put(object, "bad",
				   unknown ? json_null() : json_count(row->events.bad));
	}
	return json_checked(object, failed);
}

static int put_rows(json_t *object, const struct snapshot_rows *rows)
{
	static const char *const by[] = {
		[ROWS_BY_AUTO] = "auto",
		[ROWS_BY_MINUTE] = "minute",
		[ROWS_BY_HOUR] = "hour",
		[ROWS_BY_DAY] = "day",
	};
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < rows->n_rows; i++)
		failed |= json_push(array, row_json(rows, &rows->rows[i]));
	failed |= json_put(object, "kind", json_string(rows->slo ? "slo" : "service"));
	failed |= json_put(object, "also_service", json_boolean(rows->also_service));
	failed |= json_put(object, "by", json_string(by[rows->by]));
	failed |= json_put(object, "from", json_time_or_null(rows->from_unix));
	failed |= json_put(object, "to", json_time_or_null(rows->to_unix));
	failed |= json_put(object, "rows_left_out", json_count(rows->left_out));
	failed |= json_put(object, "rows", array);
	return failed;
}

char *json_rows(const struct snapshot_rows *rows)
{
	json_t *object = rows->slo ? json_history_value(&rows->history) : json_object();
	int failed = 0;

	if (!rows->slo) {
		failed |= json_put(object, "name", json_text_or_null(rows->service));
		failed |= json_put(object, "service", json_text_or_null(rows->service));
	}
	failed |= put_rows(object, rows);
	return json_render(json_checked(object, failed), "\n");
}
