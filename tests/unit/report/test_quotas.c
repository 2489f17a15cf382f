/* SPDX-License-Identifier: GPL-2.0-only */
/* Statuses that are counted by class, and quotas that are met, as JSON and metrics show them. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/report/snapshot_fixture.h"
#include "report/json.h"
#include "report/metrics.h"
#include "report/snapshot_rows.h"
#include "slo/cells.h"

static void full_snapshot(struct snapshot *ret)
{
	struct snapshot_service *shop;

	fixture_snapshot(ret);
	shop = &ret->services[1];
	shop->series[4]->status = 5;
	shop->folded = 10;
	ret->folded_connections[OWNER_USER] = 2472;
	ret->quotas = calloc(1, sizeof(*ret->quotas));
	ret->quotas[ret->n_quotas++] = (struct snapshot_quota){.kind = OWNER_CGROUP,
							       .id = 77,
							       .name = strdup("/x\xff"),
							       .limit = 256,
							       .has = 256,
							       .folded_endpoints = 44,
							       .folded_connections = 50,
							       .since_unix = 1704164645,
							       .last_unix = 1704164646,
							       .pid = 12,
							       .process = "crowd"};
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

TEST(a_class_has_a_text_that_is_no_status)
{
	char text[SNAPSHOT_STATUS_BYTES];

	assert_string_equal(snapshot_status_text(5, text), "5xx");
	assert_string_equal(snapshot_status_text(9, text), "9xx");
	assert_string_equal(snapshot_status_text(503, text), "503");
	assert_string_equal(snapshot_status_text(999, text), "999");
}

TEST(a_class_fails_as_its_statuses_do)
{
	assert_true(snapshot_failed(OUTCOME_COMPLETE, 5) && snapshot_failed(OUTCOME_COMPLETE, 9));
	assert_false(snapshot_failed(OUTCOME_COMPLETE, 2) || snapshot_failed(OUTCOME_COMPLETE, 4));
	assert_true(snapshot_failed(OUTCOME_COMPLETE, 500) &&
		    snapshot_failed(OUTCOME_COMPLETE, 999));
	assert_false(snapshot_failed(OUTCOME_COMPLETE, 499));
}

TEST(a_class_is_among_its_statuses)
{
	const uint16_t class = cell_of_outcome(OUTCOME_COMPLETE, 5);

	assert_true(snapshot_has_status(class, "5xx"));
	assert_false(snapshot_has_status(class, "4xx") || snapshot_has_status(class, "500"));
	assert_false(snapshot_status_valid("5"));
}

TEST(json_names_them)
{
	struct snapshot snapshot;
	char *text;

	full_snapshot(&snapshot);
	text = json_status(&snapshot);
	assert_has(text, "\"5xx\": 10");
	assert_has(text, "\"folded_requests\": 10");
	assert_has(text, "\"errors\": 18"); /* 8 without the class */
	assert_has(text, "\"quotas\": [{\"of\": \"cgroup\", \"id\": 77, \"name\": \"/x\\\\xff\", "
			 "\"endpoints\": 256, \"limit\": 256, \"folded_endpoints\": 44, "
			 "\"folded_connections\": 50");
	assert_has(text, "\"pid\": 12, \"process\": \"crowd\"}");
	free(text);
	snapshot_clear(&snapshot);
}

TEST(metrics_name_them)
{
	struct snapshot snapshot;
	char *text;
	size_t len;

	full_snapshot(&snapshot);
	assert_int_equal(metrics_text(&snapshot, METRICS_TEXT, &text, &len), 0);
	assert_has(text, "http_response_status_code=\"5xx\",error_type=\"5xx\"");
	assert_has(text, "sliprobe_folded_requests_total{service=\"shop\"} 10\n");
	assert_has(text, "sliprobe_folded_connections_total{quota=\"user\"} 2472\n");
	assert_has(text, "sliprobe_folded_connections_total{quota=\"network_namespace\"} 0\n");
	assert_has(text, "sliprobe_quotas_met 1\n");
	assert_null(strstr(text, "sliprobe_folded_requests_total{service=\"idle\"}"));
	free(text);
	snapshot_clear(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_has_a_text_that_is_no_status),
		cmocka_unit_test(a_class_fails_as_its_statuses_do),
		cmocka_unit_test(a_class_is_among_its_statuses),
		cmocka_unit_test(json_names_them),
		cmocka_unit_test(metrics_name_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
