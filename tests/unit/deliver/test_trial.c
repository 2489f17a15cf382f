/* SPDX-License-Identifier: GPL-2.0-only */
/* Test messages: they displace nothing, delay nothing, and flood nobody. */
#include "tests/unit/deliver/deliver_fixture.h"

#include <errno.h>

static struct error refusal;

static int try_receivers(const char *severity)
{
	json_t *json = message("t", "test", severity);
	int r;

	refusal.text[0] = 0;
	r = deliver_test(f.deliver, json, now_of(&f), &refusal);
	json_decref(json);
	return r;
}

static void refused_with(const char *text)
{
	assert_int_equal(try_receivers("page"), -EBUSY);
	if (!strstr(refusal.text, text))
		fail_msg("%s", refusal.text);
}

TEST(one_test_waits_for_a_receiver_and_no_page_goes_for_it)
{
	char where[64];
	const int port = server_free_port();

	webhook(0);
	add_url(&f, RECEIVER_WEBHOOK, port);
	start();
	for (int i = 0; i < DELIVER_QUEUE_MAX - 1; i++) {
		snprintf(where, sizeof(where), "%d", i);
		send_message(&f, where, "fire");
	}
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX - 1));
	assert_int_equal(try_receivers("page"), 2);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX));
	snprintf(where, sizeof(where), "webhook http://127.0.0.1:%d has", port);
	for (int i = 0; i < 1500; i++)
		refused_with(where);
	assert_non_null(strstr(refusal.text, "5m"));
	/* nothing was sent to the other one, either */
	turn_for(&f, 0.05);
	assert_int_equal(reported(&f, 0, "sent"), DELIVER_QUEUE_MAX);
	assert_int_equal(reported(&f, 1, "waiting"), DELIVER_QUEUE_MAX);
	assert_int_equal(reported(&f, 1, "given_up"), 0);
	/* a page, and the test makes room */
	send_message(&f, "last", "fire");
	assert_int_equal(reported(&f, 1, "waiting"), DELIVER_QUEUE_MAX);
	assert_string_equal(reported_text(&f, 1, 1, "kind"), "test");
	assert_string_equal(reported_text(&f, 1, 1, "result"), "given up");
	/* there is no room for another */
	f.skew_seconds += 100;
	assert_int_equal(try_receivers("page"), 2);
	assert_string_equal(reported_text(&f, 1, 0, "kind"), "test");
	assert_string_equal(reported_text(&f, 1, 0, "error"), "too many messages wait");
	deliver_tell_losses(f.deliver);
	assert_string_equal(f.lost, "");
	server_open(&f.servers[1], port);
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == DELIVER_QUEUE_MAX));
	for (int i = 0; i < DELIVER_QUEUE_MAX; i++)
		assert_null(strstr(server_body(&f.servers[1], i), "\"test\""));
}

TEST(a_page_goes_before_the_test_that_came_first)
{
	webhook(0)->status = 500;
	start();
	assert_int_equal(try_receivers("page"), 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	f.servers[0].status = 200;
	/* and need not wait for the test's next attempt */
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(id_of(&f.servers[0], 1), "1");
	assert_int_equal(reported(&f, 0, "waiting"), 1);
}

/* The one under way goes on. */
TEST(a_page_that_comes_during_a_test_is_next)
{
	webhook(0);
	f.servers[0].answer = ANSWER_NEVER;
	start();
	assert_int_equal(try_receivers("page"), 1);
	turn_for(&f, 0.05);
	send_message(&f, "1", "fire");
	send_message(&f, "1", "resolve");
	refused_with("webhook");
	f.servers[0].answer = ANSWER_STATUS;
	server_answer(&f.servers[0], 0);
	server_drop(&f.servers[0], 0, false);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 3));
	assert_int_equal(f.servers[0].n_requests, 3);
	assert_non_null(strstr(server_body(&f.servers[0], 1), "\"fire\""));
	assert_non_null(strstr(server_body(&f.servers[0], 2), "\"resolve\""));
	assert_string_equal(reported_text(&f, 0, 2, "kind"), "test");
	assert_string_equal(reported_text(&f, 0, 2, "result"), "sent");
}

TEST(a_test_is_given_up_after_five_minutes)
{
	add_url(&f, RECEIVER_WEBHOOK, server_free_port());
	start();
	send_message(&f, "1", "fire");
	assert_int_equal(try_receivers("page"), 1);
	f.skew_seconds += 200;
	refused_with("given up in 1m 40s");
	f.skew_seconds += 101;
	assert_int_equal(try_receivers("page"), 1);
	assert_string_equal(reported_text(&f, 0, 1, "error"), "not taken for 5 minutes");
	assert_int_equal(reported(&f, 0, "waiting"), 2);
	assert_int_equal(reported(&f, 0, "missed"), 0);
	deliver_tell_losses(f.deliver);
	assert_string_equal(f.lost, "");
	/* the next agent knows it, too */
	restart();
	refused_with("given up in");
}

TEST(a_receiver_that_is_well_is_not_flooded)
{
	int sent = 0;

	webhook(0);
	add_receiver(&f, RECEIVER_JOURNAL)->severities = 1U << SEVERITY_TICKET;
	start();
	for (int i = 0; i < 100; i++) {
		sent += try_receivers("page") == 1;
		assert_true(TURN_UNTIL(&f, reported(&f, 0, "waiting") == 0));
	}
	assert_int_equal(sent, DELIVER_TESTS_BURST);
	refused_with("was sent 4 tests just now: try again in 1");
	/* one more in 15 s; after a minute several again */
	f.skew_seconds += DELIVER_TEST_SECONDS;
	assert_int_equal(try_receivers("page"), 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "waiting") == 0));
	refused_with("just now");
	f.skew_seconds += 3600;
	for (int i = 0; i < DELIVER_TESTS_BURST; i++) {
		assert_int_equal(try_receivers("page"), 1);
		assert_true(TURN_UNTIL(&f, reported(&f, 0, "waiting") == 0));
	}
	refused_with("just now");
	assert_int_equal(f.servers[0].n_requests, 9);
	/* what it is told otherwise is not counted */
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 10));
	/* nor is a receiver of other severities behind */
	assert_int_equal(try_receivers("notice"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(one_test_waits_for_a_receiver_and_no_page_goes_for_it),
		WITH_SETUP(a_page_goes_before_the_test_that_came_first),
		WITH_SETUP(a_page_that_comes_during_a_test_is_next),
		WITH_SETUP(a_test_is_given_up_after_five_minutes),
		WITH_SETUP(a_receiver_that_is_well_is_not_flooded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
