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
		cmocka_unit_test(only_eligible_requests_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
