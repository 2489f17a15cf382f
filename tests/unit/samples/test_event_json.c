/* SPDX-License-Identifier: GPL-2.0-only */
/* An event as JSON. */
#include "tests/unit/fixtures/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samples/event_json.h"

static void assert_json(const struct event *event, const char *expected)
{
	json_t *wanted = json_loads(expected, 0, NULL), *json = event_json(event);

	assert_non_null(wanted);
	assert_non_null(json);
	if (!json_equal(json, wanted))
		fail_msg("%s", json_dumps(json, JSON_INDENT(1)));
	json_decref(wanted);
	json_decref(json);
}

TEST(test_all_that_is_known_is_said)
{
	const struct event event = {
		.id = 7,
		.time = 1800000000.5,
		.time_ns = 1800000000123456789,
		.weight = 12.5,
		.bad = true,
		.service = "shop",
		.protocol = "http/1.1",
		.route = "/checkout",
		.method = HTTP_METHOD_POST,
		.path = "/checkout",
		.query = "a&b",
		.status = 503,
		.outcome = OUTCOME_COMPLETE,
		.total_seconds = 0.25,
		.queue_seconds = 0,
		.service_seconds = 0.25,
		.first_byte_seconds = 0.125,
		.bytes_in = 120,
		.bytes_out = 80,
		.host = "shop.example",
		.user_agent = "ShopApp/2.3 \u202e",
		.request_id = "0d9f",
		.traceparent = "00-1-2-01",
		.headers = {{"x-user-id", "7"}},
		.n_headers = 1,
		.client = "10.0.0.7",
		.client_port = 4711,
		.pid = 1,
		.tid = 2,
		.process = "node",
		.container = "c",
		.unit = "u",
		.pod = "p",
		.version = "3fa2c1",
		.run_delay_seconds = 0.5,
		.rtt_seconds = 0.5,
		.retransmits = 3,
		.window_full_seconds = 0.5,
		.bad_for = {"checkout"},
		.n_bad_for = 1,
		.eligible_for = {"checkout", "fast"},
		.n_eligible_for = 2,
	};

	assert_json(
		&event,
		"{\"id\": 7, \"time\": \"2027-01-15T08:00:00.123456789Z\", \"service\": \"shop\","
		" \"role\": \"server\", \"protocol\": \"http/1.1\", \"route\": \"/checkout\","
		" \"method\": \"POST\", \"path\": \"/checkout\", \"query\": \"a&b\", \"status\": 503,"
		" \"grpc_status\": null, \"outcome\": \"complete\", \"total_seconds\": 0.25, \"queue_seconds\": 0.0,"
		" \"service_seconds\": 0.25, \"first_byte_seconds\": 0.125, \"bytes_in\": 120,"
		" \"bytes_out\": 80, \"host\": \"shop.example\", \"user_agent\": \"ShopApp/2.3 \\u202e\","
		" \"request_id\": \"0d9f\", \"traceparent\": \"00-1-2-01\", \"headers\": {\"x-user-id\": \"7\"},"
		" \"client\": \"10.0.0.7\", \"client_port\": 4711, \"pid\": 1, \"tid\": 2,"
		" \"process\": \"node\", \"container\": \"c\", \"unit\": \"u\", \"pod\": \"p\","
		" \"version\": \"3fa2c1\", \"run_delay_seconds\": 0.5, \"rtt_seconds\": 0.5,"
		" \"retransmits\": 3, \"window_full_seconds\": 0.5, \"weight\": 12.5, \"bad\": true,"
		" \"bad_for\": [\"checkout\"],"
		" \"eligible_for\": [\"checkout\", \"fast\"]}");
}

TEST(test_what_is_not_known_is_null)
{
	const struct event event = {
		.time = 1800000000.5,
		.weight = 1,
		.method = HTTP_METHOD_OTHER,
		.method_text = "PURGE",
		.outcome = OUTCOME_UNANSWERED,
		.total_seconds = NAN,
		.queue_seconds = NAN,
		.service_seconds = NAN,
		.first_byte_seconds = NAN,
		.bytes_in = EVENT_UNKNOWN,
		.bytes_out = EVENT_UNKNOWN,
		.pid = EVENT_UNKNOWN,
		.tid = EVENT_UNKNOWN,
		.run_delay_seconds = NAN,
		.rtt_seconds = NAN,
		.retransmits = EVENT_UNKNOWN,
		.window_full_seconds = NAN,
	};

	assert_json(
		&event,
		"{\"id\": null, \"time\": \"2027-01-15T08:00:00.500000000Z\", \"service\": null,"
		" \"role\": \"server\", \"protocol\": null, \"route\": null, \"method\": \"PURGE\","
		" \"path\": null, \"query\": null, \"status\": null, \"grpc_status\": null, \"outcome\": \"unanswered\","
		" \"total_seconds\": null, \"queue_seconds\": null, \"service_seconds\": null,"
		" \"first_byte_seconds\": null, \"bytes_in\": null, \"bytes_out\": null, \"host\": null,"
		" \"user_agent\": null, \"request_id\": null, \"traceparent\": null, \"headers\": {},"
		" \"client\": null, \"client_port\": null, \"pid\": null, \"tid\": null,"
		" \"process\": null, \"container\": null, \"unit\": null, \"pod\": null,"
		" \"version\": null, \"run_delay_seconds\": null, \"rtt_seconds\": null,"
		" \"retransmits\": null, \"window_full_seconds\": null, \"weight\": 1.0, \"bad\": false,"
		" \"bad_for\": [], \"eligible_for\": []}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_is_known_is_said),
		cmocka_unit_test(test_what_is_not_known_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
