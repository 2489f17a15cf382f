/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that are not taken: tried again, and given up. */
#include "tests/unit/deliver/deliver_fixture.h"

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
		WITH_SETUP(slow_name_lookup_delays_nobody),
		WITH_SETUP(only_http_and_https_are_spoken),
		WITH_SETUP(backoff_doubles_up_to_five_minutes_with_a_quarter_more_or_less),
		WITH_SETUP(oldest_are_given_up_when_too_many_wait),
		WITH_SETUP(given_up_after_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
