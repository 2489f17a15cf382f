/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "config/load.h"
#include "report/slo_words.h"

/* Of an SLO with the keys `more`; `word` is freed. */
static void assert_word(char *word, const char *expected)
{
	assert_non_null(word);
	assert_string_equal(word, expected);
	free(word);
}

static void assert_words(const char *more, const char *eligible, const char *good,
			 const char *client_abort)
{
	struct error error = {};
	struct config config;
	char yaml[1024];
	int len = snprintf(yaml, sizeof(yaml),
			   "services: [{name: s, match: {port: 1}, routes: [\"/a\", \"/b/*\"]}]\n"
			   "agent: {unanswered_after: 90s}\n"
			   "slos: [{name: x, service: s, objective: 99%s}]\n",
			   more);

	if (config_parse(yaml, (size_t)len, "t.yaml", &config, &error))
		fail_msg("%s", error.text);
	assert_word(slo_words_eligible(&config.slos[0]), eligible);
	assert_word(slo_words_good(&config.slos[0]), good);
	assert_word(slo_words_client_abort(&config.slos[0]), client_abort);
	config_clear(&config);
}

TEST(defaults)
{
	assert_words("", "all requests", "status 100-499",
		     "bad if its client gave up after more than 90 s, left out if earlier");
}

TEST(all_there_is)
{
	assert_words(", good: {status: [2xx, 404], latency: 100500us, min_body: 2k}"
		     ", client_abort: bad"
		     ", eligible: {routes: [\"/a\", _other], methods: [GET, POST, PUT]"
		     ", exclude: {methods: [PUT], paths: [\"/x\", \"/y/**\"], user_agents: [a*]}}",
		     "requests to /a, _other; methods GET, POST; without paths /x, /y/**; "
		     "without User-Agents a*",
		     "status 200-299, 404; whole within 100500 us; a body of at least 2000 bytes",
		     "bad if its client gave up");
}

TEST(grpc_statuses_are_said_where_they_are_configured)
{
	static const char abort[] =
		"bad if its client gave up after more than 90 s, left out if earlier";

	assert_words(", good: {grpc_status: [OK, NOT_FOUND]}", "all requests",
		     "status 100-499; gRPC status OK, NOT_FOUND", abort);
	assert_words(
		", good: {grpc_status: [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}",
		"all requests", "status 100-499; gRPC status any but UNKNOWN, _other, _absent",
		abort);
	assert_words(", good: {grpc_status: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,"
		     " 16, _other, _absent]}",
		     "all requests", "status 100-499; gRPC status any", abort);
}

TEST(a_time_has_its_unit)
{
	assert_words(", good: {latency: 100ms, min_body: 1}", "all requests",
		     "status 100-499; whole within 100 ms; a body of at least 1 byte",
		     "bad if its client gave up after more than 100 ms, left out if earlier");
	assert_words(", good: {latency: 1s, latency_of: first_byte}, client_abort: ignore",
		     "all requests", "status 100-499; begun within 1 s",
		     "left out if its client gave up");
	assert_words(", good: {latency: 1s}, client_abort: ignore", "all requests",
		     "status 100-499; whole within 1 s", "left out if its client gave up");
}

/* What is excluded only is said as what is left. */
TEST(excluded_methods)
{
	assert_words(", eligible: {exclude: {methods: [OPTIONS, TRACE, CONNECT, QUERY, _OTHER,"
		     " PATCH, DELETE, PUT]}}",
		     "all requests; methods GET, HEAD, POST, _unknown", "status 100-499",
		     "bad if its client gave up after more than 90 s, left out if earlier");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_there_is),
		cmocka_unit_test(grpc_statuses_are_said_where_they_are_configured),
		cmocka_unit_test(a_time_has_its_unit),
		cmocka_unit_test(excluded_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
