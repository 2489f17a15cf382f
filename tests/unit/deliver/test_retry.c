/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that are not taken: tried again, and given up. */
#include "tests/unit/deliver/deliver_fixture.h"

#include "deliver/http.h"

#include <dlfcn.h>
#include <netdb.h>

/* The other receiver's message arrives at once, whatever the first one does. */
static void other_is_not_delayed(void)
{
	const double before = clock_seconds();

	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	assert_true(clock_seconds() - before < 1);
	assert_true(f.slowest_run_seconds < 0.5);
}

TEST(refused_connection_is_tried_again_until_taken)
{
	const int port = server_free_port();
	int wait_ms;

	add_url(&f, RECEIVER_WEBHOOK, port);
	server_open(&f.servers[1], 0);
	add_url(&f, RECEIVER_WEBHOOK, f.servers[1].port);
	start();
	send_message(&f, "1", "fire");
	other_is_not_delayed();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_string_equal(reported_text(&f, 0, 0, "result"), "waiting");
	assert_non_null(strstr(reported_text(&f, 0, 0, "error"), "onnect"));
	wait_ms = deliver_timeout_ms(f.deliver, now_of(&f));
	assert_in_range(wait_ms, 600, 1250);
	assert_non_null(strstr(f.kept[0].text, "\"attempts\":1"));
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 2));
	server_open(&f.servers[0], port);
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 1);
	assert_string_equal(reported_text(&f, 0, 0, "result"), "sent");
	assert_string_equal(id_of(&f.servers[0], 0), "1");
	assert_int_equal(f.n_kept, 0);
}

TEST(silent_receiver_fails_at_the_timeout)
{
	double before;

	webhook(0);
	webhook(1);
	f.servers[0].answer = ANSWER_NEVER;
	f.receivers[0].timeout_ns = 400000000ULL;
	start();
	before = clock_seconds();
	send_message(&f, "1", "fire");
	other_is_not_delayed();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_true(clock_seconds() - before >= 0.4);
	assert_true(clock_seconds() - before < 2);
	assert_non_null(strstr(reported_text(&f, 0, -1, "last_error"), "timed out"));
	assert_int_equal(reported(&f, 0, "waiting"), 1);
}

TEST(reset_connection_is_tried_again)
{
	webhook(0);
	webhook(1);
	f.servers[0].answer = ANSWER_RESET;
	start();
	send_message(&f, "1", "fire");
	other_is_not_delayed();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	f.servers[0].answer = ANSWER_STATUS;
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 2);
	assert_string_equal(server_body(&f.servers[0], 0), server_body(&f.servers[0], 1));
}

TEST(server_errors_are_tried_again)
{
	static const int statuses[] = {500, 503, 408, 429, 301};

	webhook(0);
	f.servers[0].body = "no\troom\xff";
	f.servers[0].headers = "Location: http://127.0.0.1:1/\r\n";
	start();
	send_message(&f, "1", "fire");
	for (int i = 0; i < 5; i++) {
		char error[64];

		f.servers[0].status = statuses[i];
		skip_backoff();
		assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == i + 1));
		snprintf(error, sizeof(error), "HTTP %d: no room?", statuses[i]);
		assert_string_equal(reported_text(&f, 0, -1, "last_error"), error);
		assert_int_equal(reported(&f, 0, "waiting"), 1);
	}
	f.servers[0].status = 204;
	f.servers[0].body = NULL;
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 6);
	assert_int_equal(reported(&f, 0, "given_up"), 0);
	/* the owner is told of the first failure, and of the end of them */
	assert_string_equal(f.failing, "webhook: HTTP 500: no\troom\xff\nwebhook: well\n");
}

TEST(refused_message_is_given_up_and_lets_the_next_go)
{
	webhook(0);
	f.servers[0].status = 400;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 1));
	assert_int_equal(reported(&f, 0, "failed"), 1);
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	assert_int_equal(f.n_kept, 0);
	assert_string_equal(reported_text(&f, 0, 0, "result"), "given up");
	assert_string_equal(reported_text(&f, 0, 0, "error"), "HTTP 400");
	f.servers[0].status = 200;
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 2);
}

TEST(later_message_waits_for_the_earlier_one)
{
	webhook(0);
	f.servers[0].status = 500;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	f.servers[0].status = 200;
	send_message(&f, "1", "resolve");
	turn_for(&f, 0.2);
	assert_int_equal(f.servers[0].n_requests, 1);
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_non_null(strstr(server_body(&f.servers[0], 1), "\"fire\""));
	assert_non_null(strstr(server_body(&f.servers[0], 2), "\"resolve\""));
}

/* ---- Retry-After ---- */

/* Seconds until the next attempt after an answer with this status and header. */
static double wait_after(int status, const char *header)
{
	static int tries;
	char line[128];
	double seconds;

	snprintf(line, sizeof(line), "%s\r\n", header);
	f.servers[0].status = status;
	f.servers[0].headers = *header ? line : NULL;
	send_message(&f, "1", "fire");
	tries = (int)reported(&f, 0, "failed") + 1;
	skip_backoff();
	f.skew_seconds += HTTP_RETRY_AFTER_MAX_SECONDS;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == tries));
	seconds = deliver_timeout_ms(f.deliver, now_of(&f)) / 1000.0;
	f.servers[0].status = 200;
	f.servers[0].headers = NULL;
	if (seconds > 2) {
		f.skew_seconds += seconds - 1;
		turn_for(&f, 0.05);
		assert_int_equal(reported(&f, 0, "waiting"), 1);
	}
	f.skew_seconds += 2;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "waiting") == 0));
	return seconds;
}

static const char *date_in(long seconds)
{
	static char line[64];
	const time_t then = time(NULL) + seconds;

	strftime(line, sizeof(line), "Retry-After: %a, %d %b %Y %H:%M:%S GMT", gmtime(&then));
	return line;
}

#define ASSERT_ABOUT(value, expected)                                                              \
	do {                                                                                       \
		const double found = (value);                                                      \
		assert_true(found > (expected)-2.5 && found <= (expected) + 0.1);                  \
	} while (0)

TEST(receiver_is_left_alone_for_as_long_as_it_asks_for)
{
	webhook(0);
	start();
	ASSERT_ABOUT(wait_after(429, "Retry-After: 37"), 37);
	ASSERT_ABOUT(wait_after(503, "retry-after:  400\t"), 400);
	ASSERT_ABOUT(wait_after(503, date_in(100)), 100);
	ASSERT_ABOUT(wait_after(429, date_in(7200)), HTTP_RETRY_AFTER_MAX_SECONDS);
	ASSERT_ABOUT(wait_after(429, "Retry-After: 86400"), HTTP_RETRY_AFTER_MAX_SECONDS);
	ASSERT_ABOUT(wait_after(429, "Retry-After: 99999999999999999999999"),
		     HTTP_RETRY_AFTER_MAX_SECONDS);
	/* the usual pause: 0.75 to 1.25 s */
	ASSERT_ABOUT(wait_after(429, date_in(-100)), 1.25);
	ASSERT_ABOUT(wait_after(429, "Retry-After: 0"), 1.25);
	ASSERT_ABOUT(wait_after(429, "Retry-After: -5"), 1.25);
	ASSERT_ABOUT(wait_after(429, "Retry-After: 30 s"), 1.25);
	ASSERT_ABOUT(wait_after(429, "Retry-After: soon"), 1.25);
	ASSERT_ABOUT(wait_after(429, "Retry-After:"), 1.25);
	ASSERT_ABOUT(wait_after(500, "Retry-After: 37"), 1.25);
}

TEST(receiver_that_asks_for_a_pause_delays_no_other)
{
	webhook(0);
	webhook(1);
	f.servers[0].status = 429;
	f.servers[0].headers = "Retry-After: 600\r\n";
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 2));
	assert_int_equal(f.servers[0].n_requests, 1);
	/* and is not asked sooner by a restart */
	f.servers[0].status = 200;
	restart();
	f.skew_seconds += 590;
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 1);
	f.skew_seconds += 10;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
}

TEST(alertmanager_that_asks_for_a_pause_is_not_told_what_is_open)
{
	json_t *notice = message("1", "fire", "page"), *list = json_pack("[O]", notice);

	server_open(&f.servers[0], 0);
	add_url(&f, RECEIVER_ALERTMANAGER, f.servers[0].port);
	f.servers[0].status = 503;
	f.servers[0].headers = "Retry-After: 300\r\n";
	start();
	assert_int_equal(deliver_open(f.deliver, list, now_of(&f)), 0);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	f.skew_seconds += 290;
	assert_int_equal(deliver_open(f.deliver, list, now_of(&f)), 0);
	send_message(&f, "1", "fire");
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 1);
	assert_in_range(deliver_timeout_ms(f.deliver, now_of(&f)), 8000, 10000);
	f.skew_seconds += 10;
	f.servers[0].status = 200;
	assert_true(TURN_UNTIL(&f, f.servers[0].n_requests == 3));
	json_decref(list);
	json_decref(notice);
}

/* Name lookups take place in libcurl's threads; this one is slow. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		dlsym(RTLD_NEXT, "getaddrinfo");

	if (node && !strcmp(node, "slow.invalid")) {
		usleep(1500000);
		return EAI_AGAIN;
	}
	return real(node, service, hints, ret);
}

TEST(slow_name_lookup_delays_nobody)
{
	const double before = clock_seconds();

	add_receiver(&f, RECEIVER_WEBHOOK)->url = (char *)"http://slow.invalid/";
	f.receivers[0].timeout_ns = 300000000ULL;
	webhook(1);
	start();
	send_message(&f, "1", "fire");
	other_is_not_delayed();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_true(clock_seconds() - before < 1);
	deliver_free(f.deliver);
	f.deliver = NULL;
	assert_true(clock_seconds() - before < 1);
	usleep(1600000); /* for the thread to end */
}

TEST(only_http_and_https_are_spoken)
{
	add_receiver(&f, RECEIVER_WEBHOOK)->url = (char *)"file:///dev/null";
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_non_null(strstr(reported_text(&f, 0, -1, "last_error"), "not supported"));
}

TEST(backoff_doubles_up_to_five_minutes_with_a_quarter_more_or_less)
{
	assert_true(delivery_backoff_seconds(1, 0.5) == 1);
	assert_true(delivery_backoff_seconds(1, 0) == 0.75);
	assert_true(delivery_backoff_seconds(2, 0.5) == 2);
	assert_true(delivery_backoff_seconds(3, 1) == 5);
	assert_true(delivery_backoff_seconds(9, 0.5) == 256);
	assert_true(delivery_backoff_seconds(10, 0.5) == 300);
	assert_true(delivery_backoff_seconds(4000000000U, 0.5) == 300);
}

TEST(oldest_are_given_up_when_too_many_wait)
{
	char id[16];

	webhook(0);
	f.servers[0].answer = ANSWER_NEVER;
	start();
	send_message(&f, "0", "fire");
	turn_for(&f, 0.1); /* it is under way, and not touched */
	for (int i = 1; i < DELIVER_QUEUE_MAX + 4; i++) {
		snprintf(id, sizeof(id), "%d", i);
		assert_int_equal(send_message(&f, id, "fire"), 0);
	}
	assert_int_equal(reported(&f, 0, "waiting"), DELIVER_QUEUE_MAX);
	assert_int_equal(reported(&f, 0, "given_up"), 4);
	assert_int_equal(f.n_kept, DELIVER_QUEUE_MAX);
	server_answer(&f.servers[0], 0);
	server_drop(&f.servers[0], 0, false);
	f.servers[0].answer = ANSWER_STATUS;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "waiting") == 0));
	assert_int_equal(f.servers[0].n_requests, DELIVER_QUEUE_MAX);
	assert_string_equal(id_of(&f.servers[0], 0), "0");
	assert_string_equal(id_of(&f.servers[0], 1), "5");
	assert_int_equal(f.n_kept, 0);
}

TEST(given_up_after_a_day)
{
	add_url(&f, RECEIVER_WEBHOOK, server_free_port());
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	f.skew_seconds += DELIVER_GIVE_UP_SECONDS - 10;
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 2));
	assert_int_equal(reported(&f, 0, "given_up"), 0);
	f.skew_seconds += 10;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 1));
	assert_string_equal(reported_text(&f, 0, 1, "result"), "given up");
	assert_string_equal(reported_text(&f, 0, 1, "id"), "1");
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_int_equal(f.n_kept, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(refused_connection_is_tried_again_until_taken),
		WITH_SETUP(silent_receiver_fails_at_the_timeout),
		WITH_SETUP(reset_connection_is_tried_again),
		WITH_SETUP(server_errors_are_tried_again),
		WITH_SETUP(refused_message_is_given_up_and_lets_the_next_go),
		WITH_SETUP(later_message_waits_for_the_earlier_one),
		WITH_SETUP(receiver_is_left_alone_for_as_long_as_it_asks_for),
		WITH_SETUP(receiver_that_asks_for_a_pause_delays_no_other),
		WITH_SETUP(alertmanager_that_asks_for_a_pause_is_not_told_what_is_open),
		WITH_SETUP(slow_name_lookup_delays_nobody),
		WITH_SETUP(only_http_and_https_are_spoken),
		WITH_SETUP(backoff_doubles_up_to_five_minutes_with_a_quarter_more_or_less),
		WITH_SETUP(oldest_are_given_up_when_too_many_wait),
		WITH_SETUP(given_up_after_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
