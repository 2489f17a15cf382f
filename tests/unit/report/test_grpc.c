/* SPDX-License-Identifier: GPL-2.0-only */
/* Statuses of gRPC, and statuses that are not known, as they are kept, asked for, and shown in JSON and metrics. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/report/snapshot_fixture.h"
#include "report/json.h"
#include "report/metrics.h"
#include "report/snapshot_rows.h"
#include "slo/cells.h"

/* Of the service "shop": 982 OK, 5 UNAVAILABLE, 10 of which neither status is known. */
static void grpc_snapshot(struct snapshot *ret)
{
	struct snapshot_service *shop;

	fixture_snapshot(ret);
	shop = &ret->services[1];
	shop->series[0]->status = status_of(200, GRPC_OK);
	shop->series[1]->status = status_of(200, GRPC_UNAVAILABLE);
	shop->series[4]->status = status_of(0, GRPC_HIDDEN);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s in %s", part, text);
}

TEST(a_status_that_is_not_known_has_a_word)
{
	char text[SNAPSHOT_STATUS_BYTES];

	assert_string_equal(snapshot_status_text(0, text), "_unknown");
	assert_string_equal(snapshot_status_text(status_of(0, GRPC_OK), text), "_unknown");
	assert_string_equal(snapshot_status_text(status_of(200, GRPC_OK), text), "200");
	assert_string_equal(snapshot_status_text(status_of(2, GRPC_OK), text), "2xx");
	assert_string_equal(snapshot_grpc_status(status_of(2, GRPC_OK)), "OK");
	assert_null(snapshot_grpc_status(200));
}

TEST(either_status_makes_a_request_fail)
{
	assert_true(snapshot_failed(OUTCOME_COMPLETE, status_of(200, GRPC_INTERNAL)));
	assert_true(snapshot_failed(OUTCOME_COMPLETE, status_of(2, GRPC_ABSENT)));
	assert_true(snapshot_failed(OUTCOME_COMPLETE, status_of(503, GRPC_OK)));
	assert_false(snapshot_failed(OUTCOME_COMPLETE, status_of(200, GRPC_NOT_FOUND)));
	assert_false(snapshot_failed(OUTCOME_COMPLETE, status_of(200, GRPC_HIDDEN)));
	assert_false(snapshot_failed(OUTCOME_COMPLETE, 0));
}

TEST(either_status_can_be_asked_for)
{
	const uint16_t failed = cell_of_outcome(OUTCOME_COMPLETE, status_of(200, GRPC_UNAVAILABLE));
	const uint16_t folded = cell_of_outcome(OUTCOME_COMPLETE, status_of(2, GRPC_UNAVAILABLE));
	const uint16_t hidden = cell_of_outcome(OUTCOME_COMPLETE, status_of(200, GRPC_HIDDEN));
	const uint16_t unknown = cell_of_outcome(OUTCOME_COMPLETE, 0);
	const uint16_t aborted = cell_of_outcome(OUTCOME_SERVER_ABORT, 0);

	assert_true(snapshot_status_valid("UNAVAILABLE") && snapshot_status_valid("_absent"));
	assert_true(snapshot_status_valid("_unknown") && snapshot_status_valid("UNKNOWN"));
	assert_false(snapshot_status_valid("unavailable") || snapshot_status_valid("14"));
	assert_true(snapshot_has_status(failed, "UNAVAILABLE"));
	assert_true(snapshot_has_status(folded, "UNAVAILABLE"));
	assert_true(snapshot_has_status(failed, "200") && snapshot_has_status(failed, "2xx"));
	assert_true(snapshot_has_status(folded, "2xx") && snapshot_has_status(failed, "complete"));
	assert_false(snapshot_has_status(failed, "OK") || snapshot_has_status(failed, "UNKNOWN"));
	assert_true(snapshot_has_status(hidden, "_unknown") &&
		    snapshot_has_status(unknown, "_unknown"));
	assert_false(snapshot_has_status(failed, "_unknown") ||
		     snapshot_has_status(aborted, "_unknown"));
	assert_false(snapshot_has_status(CELL_TOTAL, "OK"));
}

TEST(json_counts_both)
{
	struct snapshot snapshot;
	char *text;

	grpc_snapshot(&snapshot);
	text = json_status(&snapshot);
	assert_has(text, "\"status\": {\"_unknown\": 10, \"200\": 987}, "
			 "\"grpc_status\": {\"OK\": 982, \"UNAVAILABLE\": 5, \"_unknown\": 10}");
	assert_has(text, "\"errors\": 8"); /* with one that was unanswered, and two aborts */
	free(text);
	snapshot_clear(&snapshot);
}

TEST(without_grpc_there_are_no_statuses_of_it)
{
	struct snapshot snapshot;
	char *text;

	fixture_snapshot(&snapshot);
	text = json_status(&snapshot);
	assert_has(text,
		   "\"status\": {\"200\": 982, \"404\": 10, \"503\": 5}, \"grpc_status\": {}");
	free(text);
	assert_int_equal(metrics_text(&snapshot, METRICS_TEXT, &text, &(size_t){0}), 0);
	assert_has_not(text, "rpc_status_code");
	free(text);
	snapshot_clear(&snapshot);
}

TEST(spans_of_time_have_both)
{
	struct snapshot_asked asked = {"shop", "/a", "POST", 0, 4};
	struct snapshot_period period = {.asked = &asked, .n_asked = 1};
	struct snapshot_merged merged;

	assert_int_equal(cells_add(&period.cells, 1, cell_of_outcome(OUTCOME_COMPLETE, 200), 3), 0);
	assert_int_equal(cells_add(&period.cells, 1, CELL_TOTAL + 7, 11), 0);
	assert_int_equal(cells_add(&period.cells, 1, CELL_QUEUE + HIST_BUCKETS - 1, 12), 0);
	assert_int_equal(
		cells_add(&period.cells, 1,
			  cell_of_outcome(OUTCOME_COMPLETE, status_of(200, GRPC_DATA_LOSS)), 5),
		0);
	snapshot_period_merge(&period, "shop", NULL, NULL, &merged);
	assert_int_equal(merged.requests, 8);
	assert_int_equal(merged.timed, 8);
	assert_int_equal(merged.errors, 5);
	assert_int_equal(merged.status[200], 8);
	assert_int_equal(merged.grpc_status[GRPC_DATA_LOSS], 5);
	assert_int_equal(merged.total[7], 11);
	assert_int_equal(merged.queue[HIST_BUCKETS - 1], 12);
	cells_clear(&period.cells);
}

TEST(metrics_have_the_label_of_the_conventions)
{
	struct snapshot snapshot;
	size_t len;
	char *text;

	grpc_snapshot(&snapshot);
	snapshot.services[1].series[4]->status = status_of(200, GRPC_UNIMPLEMENTED);
	assert_int_equal(metrics_text(&snapshot, METRICS_TEXT, &text, &len), 0);
	assert_has(text,
		   "_count{service=\"shop\",http_request_method=\"GET\",http_route=\"/cart/*\","
		   "http_response_status_code=\"200\",rpc_status_code=\"OK\"} 982\n");
	assert_has(text, "http_response_status_code=\"200\",rpc_status_code=\"UNAVAILABLE\","
			 "error_type=\"UNAVAILABLE\"} 5\n");
	assert_has(text, "rpc_status_code=\"UNIMPLEMENTED\",error_type=\"UNIMPLEMENTED\"} 10\n");
	assert_has(text, "http_route=\"/cart/*\",error_type=\"server_abort\"} 2\n");
	free(text);
	snapshot_clear(&snapshot);

	grpc_snapshot(&snapshot);
	snapshot.services[1].series[0]->status = status_of(503, GRPC_ABSENT);
	assert_int_equal(metrics_text(&snapshot, METRICS_TEXT, &text, &len), 0);
	assert_has(text, "http_response_status_code=\"503\",rpc_status_code=\"_absent\","
			 "error_type=\"503\"} 982\n");
	assert_has(text, "http_route=\"_other\",rpc_status_code=\"_unknown\"} 10\n");
	free(text);
	snapshot_clear(&snapshot);

	grpc_snapshot(&snapshot);
	snapshot.services[1].role = ROLE_CLIENT;
	snapshot.services[1].series[4]->status = status_of(200, GRPC_NOT_FOUND);
	assert_int_equal(metrics_text(&snapshot, METRICS_TEXT, &text, &len), 0);
	assert_has(text, "rpc_status_code=\"NOT_FOUND\",error_type=\"NOT_FOUND\"} 10\n");
	assert_has(text, "rpc_status_code=\"OK\"} 982\n");
	free(text);
	snapshot_clear(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_that_is_not_known_has_a_word),
		cmocka_unit_test(either_status_makes_a_request_fail),
		cmocka_unit_test(either_status_can_be_asked_for),
		cmocka_unit_test(json_counts_both),
		cmocka_unit_test(without_grpc_there_are_no_statuses_of_it),
		cmocka_unit_test(spans_of_time_have_both),
		cmocka_unit_test(metrics_have_the_label_of_the_conventions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
