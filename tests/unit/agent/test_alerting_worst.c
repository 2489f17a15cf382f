/* SPDX-License-Identifier: GPL-2.0-only */
/* Which requests an SLO counts as bad, by what is kept of them. */
#include "tests/unit/fixtures/test.h"
#include <string.h>

#include "agent/alerting_worst.h"
#include "tests/unit/config/config_fixture.h"

static struct config config_of(const char *terms)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "services: [{name: shop, match: {port: 1}, routes: [/a, /b, /healthz]}]\n"
		 "slos: [{name: x, service: shop, objective: 99, %s}]\n",
		 terms);
	return parse_good(text);
}

static bool is_bad(const struct config *config, const char *route, const char *method,
		   const char *outcome, uint16_t status)
{
	return alerting_requests_are_bad(&config->slos[0],
					 &(const struct record_requests){.route = route,
									 .method = method,
									 .outcome = outcome,
									 .status = status,
									 .requests = 1});
}

TEST(status_and_outcome_make_requests_bad)
{
	struct config config = config_of("good: {status: [\"200-299\", 404], latency: 1s}");

	assert_false(is_bad(&config, "/a", "GET", "complete", 200));
	assert_false(is_bad(&config, "/a", "GET", "complete", 404));
	assert_true(is_bad(&config, "/a", "GET", "complete", 403));
	assert_true(is_bad(&config, "_other", "_OTHER", "complete", 599));
	assert_true(is_bad(&config, "/a", "GET", "complete", 999));
	assert_true(is_bad(&config, "/a", "GET", "server_abort", 200));
	assert_true(is_bad(&config, "/a", "GET", "unanswered", 0));
	assert_false(is_bad(&config, "/a", "GET", "not_accepted", 0));
	/* it depends on the time */
	assert_false(is_bad(&config, "/a", "GET", "client_abort", 0));
	config_clear(&config);
	config = config_of("client_abort: bad");
	assert_true(is_bad(&config, "/a", "GET", "client_abort", 0));
	config_clear(&config);
}

TEST(both_statuses_of_a_grpc_request_make_it_bad)
{
	struct config config = config_of("good: {grpc_status: [OK, NOT_FOUND]}");

	assert_false(is_bad(&config, "/a", "POST", "complete", status_of(200, GRPC_OK)));
	assert_false(is_bad(&config, "/a", "POST", "complete", status_of(200, GRPC_NOT_FOUND)));
	assert_true(is_bad(&config, "/a", "POST", "complete", status_of(200, GRPC_INTERNAL)));
	assert_true(is_bad(&config, "/a", "POST", "complete", status_of(503, GRPC_OK)));
	config_clear(&config);
}

TEST(what_has_no_status_is_not_bad)
{
	struct config config = config_of("good: {status: [2xx]}");

	assert_false(is_bad(&config, "/a", "POST", "complete", 0));
	assert_false(is_bad(&config, "/a", "POST", "complete", status_of(200, GRPC_HIDDEN)));
	assert_false(is_bad(&config, "/a", "POST", "complete", status_of(0, GRPC_INTERNAL)));
	config_clear(&config);
}

/* Of those that are counted by their class alone, none may be called bad that was not. */
TEST(a_class_is_bad_if_all_of_it_is)
{
	struct config config = config_of("good: {status: [2xx, 404]}");

	assert_false(is_bad(&config, "_other", "_OTHER", "complete", 2));
	assert_false(is_bad(&config, "_other", "_OTHER", "complete", 4));
	assert_true(is_bad(&config, "_other", "_OTHER", "complete", 3));
	assert_true(is_bad(&config, "_other", "_OTHER", "complete", 5));
	assert_true(is_bad(&config, "_other", "_OTHER", "complete", 9));
	assert_false(is_bad(&config, "_other", "_OTHER", "complete", status_of(2, GRPC_OK)));
	assert_true(is_bad(&config, "_other", "_OTHER", "complete", status_of(2, GRPC_UNKNOWN)));
	config_clear(&config);
}

TEST(only_eligible_requests_are_bad)
{
	struct config config = config_of("eligible: {routes: [/a], methods: [GET, POST], "
					 "exclude: {methods: [POST]}}");

	assert_true(is_bad(&config, "/a", "GET", "complete", 500));
	assert_false(is_bad(&config, "/b", "GET", "complete", 500));
	assert_false(is_bad(&config, "_other", "GET", "complete", 500));
	assert_false(is_bad(&config, "/a", "POST", "complete", 500));
	assert_false(is_bad(&config, "/a", "PUT", "unanswered", 0));
	config_clear(&config);
	config = config_of("eligible: {exclude: {paths: [/healthz]}}");
	assert_false(is_bad(&config, "/healthz", "GET", "complete", 500));
	assert_true(is_bad(&config, "/b", "GET", "complete", 500));
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_outcome_make_requests_bad),
		cmocka_unit_test(both_statuses_of_a_grpc_request_make_it_bad),
		cmocka_unit_test(what_has_no_status_is_not_bad),
		cmocka_unit_test(a_class_is_bad_if_all_of_it_is),
		cmocka_unit_test(only_eligible_requests_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
