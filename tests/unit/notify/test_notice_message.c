/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include <stdio.h>
#include <string.h>

#include "notify/notice_message.h"

static void assert_text(const char *slo, const char *service, const char *key, const char *expected)
{
	const struct notice_alert alerts[] = {{.service = service, .slo = slo, .rule = "burn-1h"}};
	const struct notice notice = {.id = "1",
				      .service = service,
				      .severity = SEVERITY_PAGE,
				      .alerts = alerts,
				      .n_alerts = 1};
	json_t *message = notice_message(&notice, &(const struct notice_facts){});

	assert_non_null(message);
	assert_string_equal(json_string_value(json_object_get(message, key)), expected);
	json_decref(message);
}

TEST(the_command_is_quoted_for_a_shell)
{
	assert_text("checkout", "shop", "command", "slictl slo 'checkout'");
	assert_text("it's $(x)", "shop", "command", "slictl slo 'it'\\''s $(x)'");
	assert_text("'", "shop", "command", "slictl slo ''\\'''");
}

static json_t *message_of(enum notice_kind kind, const char *const slos[], size_t n, size_t n_news)
{
	struct notice_alert alerts[8] = {};
	const struct notice notice = {.id = "1",
				      .service = "shop",
				      .severity = SEVERITY_PAGE,
				      .kind = kind,
				      .started_seconds = 1000,
				      .now_seconds = 2000,
				      .alerts = alerts,
				      .n_alerts = n,
				      .n_news = n_news};

	for (size_t i = 0; i < n; i++)
		alerts[i] = (struct notice_alert){.service = "shop",
						  .slo = slos[i],
						  .rule = "burn-1h",
						  .started_seconds = 1000 + 10 * (double)i};
	return notice_message(&notice, &(const struct notice_facts){.wall_offset_seconds = 0.5});
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void assert_names(const json_t *message, const char *key, const char *const names[])
{
	const json_t *list = json_object_get(message, key);
	size_t n = 0;

	for (; names[n]; n++)
		assert_string_equal(json_string_value(json_array_get(list, n)), names[n]);
	assert_int_equal(json_array_size(list), n);
}

#define NAMES(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__ __VA_OPT__(, ) NULL                                                    \
	}

TEST(the_command_has_the_socket_where_it_is_another)
{
	struct notice_alert alert = {.service = "s", .slo = "x", .rule = "r"};
	const struct notice notice = {
		.id = "1", .service = "s", .alerts = &alert, .n_alerts = 1, .n_news = 1};
	struct notice_facts facts = {.socket = "/run/it's here.sock"};
	json_t *message = notice_message(&notice, &facts);

	assert_string_equal(text_of(message, "command"),
			    "slictl --socket '/run/it'\\''s here.sock' slo 'x'");
	assert_non_null(strstr(text_of(message, "description"),
			       "\nLook: slictl --socket '/run/it'\\''s here.sock' slo 'x'\n"));
	json_decref(message);
	facts.socket = "/run/sliprobe/status.sock";
	message = notice_message(&notice, &facts);
	assert_string_equal(text_of(message, "command"), "slictl slo 'x'");
	json_decref(message);
	message = notice_message_test(SEVERITY_PAGE, 0, "/x");
	assert_string_equal(text_of(message, "command"), "slictl --socket '/x' status");
	json_decref(message);
}

/* An SLO of 99 % that fails since 1000 s, with 40 of 100 bad in 300 s. */
static json_t *message_that_fails(const struct notice_worst *worst, size_t n)
{
	struct notice_alert alert = {
		.service = "s", .slo = "x", .rule = "burn-1h", .severity = SEVERITY_PAGE};
	const struct notice notice = {.id = "1",
				      .service = "s",
				      .severity = SEVERITY_PAGE,
				      .alerts = &alert,
				      .n_alerts = 1,
				      .n_news = 1};
	struct snapshot_alert active = {.name = "burn-1h",
					.severity = SEVERITY_PAGE,
					.status = ALERT_FIRING,
					.since_unix = 1100,
					.started_unix = 1000};
	struct notice_slo slo = {
		.now = {.name = "x",
			.service = "s",
			.objective = 0.99,
			.window_seconds = 3600,
			.window = {.from_seconds = -1000, .length_seconds = 3600},
			.since_seconds = -5000,
			.now_seconds = 2600,
			.events = {.good = 9960, .bad = 40},
			.budgeted = {.good = 9960, .bad = 40},
			.alerts = malloc(sizeof(active)),
			.n_alerts = 1},
		.failing_seconds = 300,
		.failing = {.good = 60, .bad = 40},
		.worst_known = worst,
		.worst_exact = n,
		.sentence = n ? "87 % are user_agent \"<!here> http://x `a`\x07\"" : NULL,
		.reasons_known = n,
		.reasons = {[BAD_STATUS] = 14, [BAD_UNANSWERED] = 9, [BAD_LATENCY] = 17},
	};
	const struct config_about about = {.owner = (char *)"me",
					   .importance = (char *)"It sells."};
	json_t *message;

	*slo.now.alerts = active;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(notice_slo_add_worst(&slo, &worst[i]), 0);
	message = notice_message(
		&notice, &(const struct notice_facts){.slos = &slo, .n_slos = 1, .about = &about});
	notice_slo_clear(&slo);
	return message;
}

TEST(a_message_stands_alone)
{
	const struct notice_worst worst[] = {
		{(char *)"/a", (char *)"GET", (char *)"complete", 503, 4},
		{(char *)"/b", (char *)"POST", (char *)"unanswered", 0, 9},
		{(char *)"/c", (char *)"POST", (char *)"complete", status_of(200, GRPC_UNAVAILABLE),
		 4},
		{(char *)"/d", (char *)"GET", (char *)"complete", 500, 1},
		{(char *)"/e", (char *)"GET", (char *)"complete", 500, 2},
		{(char *)"/f", (char *)"GET", (char *)"complete", 404, 3},
	};
	json_t *message = message_that_fails(worst, 6);
	const json_t *slo = json_array_get(json_object_get(message, "slos"), 0);
	const json_t *failing = json_object_get(slo, "failing");

	assert_string_equal(text_of(slo, "failing_since"), "1970-01-01T00:16:40Z");
	assert_int_equal(json_integer_value(json_object_get(failing, "bad")), 40);
	assert_int_equal(json_integer_value(json_object_get(failing, "eligible")), 100);
	assert_int_equal(json_array_size(json_object_get(failing, "worst")), 5);
	assert_non_null(strstr(
		text_of(message, "description"),
		"\n87 % are user_agent \"\u2039!here\u203a http[:]//x 'a'\\u0007\"\n"
		"Failing since 1970-01-01 00:16:40 UTC\n"
		"40 of 100 requests were bad in the last 5m, 0.13/s: 9 by unanswered, "
		"14 by status, 17 by latency\n"
		"Most bad: 9 POST /b unanswered, 4 GET /a 503, 4 POST /c UNAVAILABLE, 3 GET /f 404, "
		"2 GET /e 500; 18 others\n"
		"Budget left: 60 of 100 bad requests, 0.36 min of full outage\n"
		"Owner: me\nImportance: It sells.\nLook: slictl slo 'x'\n"));
	json_decref(message);
	/* none is known to be bad by its status; reasons that do not add up are not told */
	message = message_that_fails(worst, 0);
	assert_non_null(strstr(text_of(message, "description"),
			       "\n40 of 100 requests were bad in the last 5m, 0.13/s\nBudget"));
	json_decref(message);
	message = message_that_fails(NULL, 0);
	assert_null(strstr(text_of(message, "description"), "Most bad"));
	assert_null(strstr(text_of(message, "description"), "87 %"));
	slo = json_array_get(json_object_get(message, "slos"), 0);
	assert_true(json_is_null(json_object_get(json_object_get(slo, "failing"), "worst")));
	json_decref(message);
}

TEST(missing_requests_are_told_since_the_last_one)
{
	struct notice_alert alert = {.service = "s", .slo = "x", .rule = "no-data"};
	const struct notice notice = {
		.id = "1", .service = "s", .alerts = &alert, .n_alerts = 1, .n_news = 1};
	struct notice_slo slo = {.now = {.name = "x", .service = "s", .objective = 0.99},
				 .silent_from_seconds = {true, 100}};
	json_t *message = notice_message(
		&notice,
		&(const struct notice_facts){.slos = &slo, .n_slos = 1, .wall_offset_seconds = 20});

	assert_non_null(strstr(text_of(message, "description"),
			       "\nNo request since 1970-01-01 00:02:00 UTC\n"));
	assert_string_equal(text_of(json_array_get(json_object_get(message, "slos"), 0),
				    "no_requests_since"),
			    "1970-01-01T00:02:00Z");
	json_decref(message);
}

TEST(news_stand_first)
{
	static const char *const slos[] = {"pay", "zoo", "cart", "shop"};
	json_t *message = message_of(NOTICE_JOINED, slos, 4, 2);
	const json_t *first;

	assert_string_equal(text_of(message, "kind"), "joined");
	assert_string_equal(text_of(message, "status"), "firing");
	assert_string_equal(text_of(message, "summary"),
			    "pay (burn-1h); zoo (burn-1h); still firing: cart, shop");
	assert_names(message, "joined", NAMES("pay", "zoo"));
	assert_names(message, "left", NAMES());
	first = json_array_get(json_object_get(message, "slos"), 1);
	assert_string_equal(text_of(first, "name"), "zoo");
	assert_string_equal(text_of(first, "status"), "firing");
	assert_string_equal(text_of(first, "summary"), "zoo (burn-1h)");
	assert_string_equal(text_of(first, "command"), "slictl slo 'zoo'");
	assert_string_equal(text_of(first, "started_at"), "1970-01-01T00:16:50Z");
	json_decref(message);

	message = message_of(NOTICE_LEFT, slos, 2, 1);
	assert_string_equal(text_of(message, "kind"), "left");
	assert_string_equal(text_of(message, "status"), "firing");
	assert_string_equal(text_of(message, "summary"), "pay (burn-1h); still firing: zoo");
	assert_names(message, "joined", NAMES());
	assert_names(message, "left", NAMES("pay"));
	first = json_array_get(json_object_get(message, "slos"), 0);
	assert_string_equal(text_of(first, "status"), "resolved");
	first = json_array_get(json_object_get(message, "slos"), 1);
	assert_string_equal(text_of(first, "status"), "firing");
	json_decref(message);
}

TEST(begin_and_end_name_all_slos)
{
	static const char *const slos[] = {"pay", "zoo"};
	json_t *message = message_of(NOTICE_FIRE, slos, 2, 2);

	assert_names(message, "joined", NAMES("pay", "zoo"));
	assert_names(message, "left", NAMES());
	assert_string_equal(text_of(message, "summary"), "pay (burn-1h); zoo (burn-1h)");
	json_decref(message);
	message = message_of(NOTICE_RESOLVE, slos, 2, 2);
	assert_names(message, "joined", NAMES());
	assert_names(message, "left", NAMES("pay", "zoo"));
	assert_string_equal(text_of(json_array_get(json_object_get(message, "slos"), 1), "status"),
			    "resolved");
	json_decref(message);
}

static json_t *message_of_host(enum notice_kind kind, const struct notice_facts *facts)
{
	const struct notice_alert alerts[] = {
		{.service = "a", .slo = "x", .rule = "coverage", .of_host = true},
		{.service = "a", .slo = "y", .rule = "coverage", .of_host = true},
		{.service = "b", .slo = "z", .rule = "coverage", .of_host = true},
		{.service = "a", .slo = "w", .rule = "coverage", .of_host = true},
	};

	return notice_message(&(const struct notice){.id = "1",
						     .service = NOTICE_OF_HOST,
						     .of_host = true,
						     .severity = SEVERITY_TICKET,
						     .kind = kind,
						     .alerts = alerts,
						     .n_alerts = 4,
						     .n_news = 4},
			      facts);
}

TEST(what_concerns_the_host_counts_the_services)
{
	const struct notice_facts facts = {.uncounted_seconds = {true, 20}, .judged_seconds = 125};
	json_t *message = message_of_host(NOTICE_FIRE, &facts);

	assert_string_equal(text_of(message, "service"), "sliprobe");
	assert_string_equal(text_of(message, "command"), "slictl status");
	assert_string_equal(text_of(message, "summary"),
			    "requests were not counted for 20s of the last 2m 5s: 2 services lack "
			    "them");
	assert_int_equal(json_integer_value(json_object_get(message, "services")), 2);
	assert_int_equal(json_array_size(json_object_get(message, "slos")), 0);
	assert_names(message, "joined", NAMES());
	json_decref(message);
	message = message_of_host(NOTICE_RESOLVE, &(const struct notice_facts){});
	assert_string_equal(text_of(message, "summary"),
			    "enough is counted again; 2 services lacked requests");
	assert_names(message, "left", NAMES());
	json_decref(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_is_quoted_for_a_shell),
		cmocka_unit_test(the_command_has_the_socket_where_it_is_another),
		cmocka_unit_test(a_message_stands_alone),
		cmocka_unit_test(missing_requests_are_told_since_the_last_one),
		cmocka_unit_test(news_stand_first),
		cmocka_unit_test(what_concerns_the_host_counts_the_services),
		cmocka_unit_test(begin_and_end_name_all_slos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
