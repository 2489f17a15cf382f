/* SPDX-License-Identifier: GPL-2.0-only */
#include <dlfcn.h>
#include <netdb.h>

#include "tests/unit/fixtures/test.h"
#include "deliver_fixture.h"
#include "deliver/queue.h"

static struct fixture f;

static int setup(void **state)
{
	(void)state;
	fixture_init(&f);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_clear(&f);
	return 0;
}

/* Server `i` as a webhook. */
static void webhook(int i)
{
	server_open(&f.servers[i], 0);
	add_url(&f, RECEIVER_WEBHOOK, f.servers[i].port);
}

static void start(void)
{
	assert_true(fixture_start(&f));
}

static const char *id_of(const struct server *server, int request)
{
	static char id[64];
	json_t *json = json_loads(server_body(server, request), 0, NULL);

	assert_non_null(json);
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(json, "id")));
	json_decref(json);
	return id;
}

/* ---- taken ---- */

TEST(webhook_gets_the_message_as_json)
{
	json_t *sent, *got;

	webhook(0);
	start();
	assert_int_equal(send_message(&f, "1", "fire"), 0);
	assert_int_equal(f.n_kept, 1);
	/* nothing goes out before the loop turns: first it is written down */
	assert_int_equal(deliver_timeout_ms(f.deliver, now_of(&f)), 0);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(f.servers[0].n_requests, 1);
	assert_ptr_equal(strstr(f.servers[0].requests[0], "POST /hook HTTP/1.1\r\n"),
			 f.servers[0].requests[0]);
	assert_non_null(strstr(f.servers[0].requests[0], "Content-Type: application/json\r\n"));
	assert_non_null(strstr(f.servers[0].requests[0], "User-Agent: sliprobe/" SLIPROBE_VERSION));
	sent = message("1", "fire", "page");
	got = json_loads(server_body(&f.servers[0], 0), 0, NULL);
	assert_true(json_equal(sent, got));
	json_decref(sent);
	json_decref(got);
	assert_int_equal(reported(&f, 0, "failed"), 0);
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	assert_int_equal(deliver_timeout_ms(f.deliver, now_of(&f)), -1);
}

TEST(messages_arrive_in_order_each_once)
{
	webhook(0);
	start();
	send_message(&f, "1", "fire");
	send_message(&f, "1", "resolve");
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 3));
	assert_int_equal(f.servers[0].n_requests, 3);
	assert_non_null(strstr(server_body(&f.servers[0], 0), "\"fire\""));
	assert_non_null(strstr(server_body(&f.servers[0], 1), "\"resolve\""));
	assert_string_equal(id_of(&f.servers[0], 2), "2");
}

TEST(receivers_get_only_the_severities_they_want)
{
	json_t *ticket = message("1", "fire", "ticket");

	webhook(0);
	webhook(1);
	f.receivers[0].severities = 1U << SEVERITY_PAGE;
	f.receivers[1].severities = 1U << SEVERITY_TICKET;
	start();
	assert_int_equal(deliver_send(f.deliver, ticket, now_of(&f)), 0);
	json_decref(ticket);
	assert_int_equal(f.n_kept, 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 1);
	assert_int_equal(f.servers[1].n_requests, 1);
	assert_string_equal(id_of(&f.servers[0], 0), "2");
}

TEST(proxies_of_the_environment_are_not_used)
{
	char proxy[64];

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server_free_port());
	setenv("http_proxy", proxy, 1);
	setenv("all_proxy", proxy, 1);
	webhook(0);
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* A status that has come counts, and nobody can feed us for ever. */
TEST(endless_answer_is_not_read_to_its_end)
{
	const double before = clock_seconds();

	webhook(0);
	f.servers[0].answer = ANSWER_ENDLESS;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_true(clock_seconds() - before < 2);
	assert_int_equal(reported(&f, 0, "failed"), 0);
	assert_int_equal(f.servers[0].n_requests, 1);
}

/* libcurl would ask the receiver first whether it wants it, and wait for the answer. */
TEST(large_message_is_sent_without_asking)
{
	json_t *large = message("1", "fire", "page");
	char *text = calloc(1, 2000001);

	memset(text, 'x', 2000000);
	json_object_set_new(large, "summary", json_string(text));
	free(text);
	webhook(0);
	start();
	deliver_send(f.deliver, large, now_of(&f));
	json_decref(large);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_null(strcasestr(f.servers[0].requests[0], "\r\nExpect:"));
	assert_int_equal(strlen(id_of(&f.servers[0], 0)), 1);
}

/* ---- not taken ---- */

/* The other receiver's message arrives at once, whatever the first one does. */
static void other_is_not_delayed(void)
{
	const double before = clock_seconds();

	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	assert_true(clock_seconds() - before < 1);
	assert_true(f.slowest_run_seconds < 0.5);
}

/* Lets the time to the next attempt pass. */
static void skip_backoff(void)
{
	f.skew_seconds += 1.25 * DELIVERY_BACKOFF_MAX_SECONDS;
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

/* ---- limits ---- */

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

/* ---- configuration, restarts ---- */

TEST(other_receivers_keep_the_queues_of_those_that_stay)
{
	const struct config_receiver first = {.kind = RECEIVER_JOURNAL};

	webhook(0);
	webhook(1);
	f.servers[0].status = f.servers[1].status = 500;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") + reported(&f, 1, "failed") == 2));
	assert_int_equal(f.n_kept, 2);
	/* the second stays and has another place, the first goes */
	f.receivers[0] = first;
	f.receivers[1].timeout_ns = 1000000000ULL;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(f.n_kept, 1);
	assert_string_equal(reported_text(&f, 0, -1, "receiver"), "journal");
	assert_int_equal(reported(&f, 1, "waiting"), 1);
	assert_int_equal(reported(&f, 1, "failed"), 1);
	f.servers[1].status = 200;
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "sent") == 1));
	assert_int_equal(f.servers[0].n_requests, 1);
	assert_int_equal(f.n_kept, 0);
}

TEST(receiver_that_goes_ends_what_is_under_way)
{
	webhook(0);
	f.servers[0].answer = ANSWER_NEVER;
	start();
	send_message(&f, "1", "fire");
	turn_for(&f, 0.1);
	assert_int_equal(f.servers[0].n_requests, 1);
	f.config.n_receivers = 0;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(deliver_timeout_ms(f.deliver, now_of(&f)), -1);
	turn_for(&f, 0.05);
}

/* Gives all that was kept to a new deliverer, the last first. */
static void restart(void)
{
	const int n = f.n_kept;

	deliver_free(f.deliver);
	start();
	for (int i = n; i-- > 0;) {
		char key[64], *text = strdup(f.kept[i].text);

		snprintf(key, sizeof(key), "%s", f.kept[i].key);
		assert_int_equal(deliver_restore(f.deliver, key, text, now_of(&f)), 0);
		free(text);
	}
}

TEST(queue_survives_a_restart_in_its_order)
{
	webhook(0);
	f.servers[0].status = 500;
	start();
	send_message(&f, "1", "fire");
	send_message(&f, "1", "resolve");
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_int_equal(f.n_kept, 3);
	restart();
	assert_int_equal(reported(&f, 0, "waiting"), 3);
	assert_int_equal(f.n_kept, 3);
	send_message(&f, "3", "fire"); /* behind them */
	f.servers[0].status = 200;
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 4));
	assert_int_equal(f.n_kept, 0);
	assert_non_null(strstr(server_body(&f.servers[0], 1), "\"fire\""));
	assert_non_null(strstr(server_body(&f.servers[0], 2), "\"resolve\""));
	assert_string_equal(id_of(&f.servers[0], 3), "2");
	assert_string_equal(id_of(&f.servers[0], 4), "3");
}

TEST(new_messages_go_behind_kept_ones_though_the_clock_went_back)
{
	static const char key[] = "09000000000000000000";
	json_t *saved;
	char *text;

	webhook(0);
	start();
	send_message(&f, "1", "fire");
	saved = json_loads(f.kept[0].text, 0, NULL);
	json_object_set_new(saved, "number", json_integer(9000000000000000000));
	text = json_dumps(saved, 0);
	while (f.n_kept)
		kept_drop(&f, f.kept[0].key);
	kept_keep(&f, key, text);
	free(text);
	json_decref(saved);
	restart();
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(id_of(&f.servers[0], 0), "1");
	assert_string_equal(id_of(&f.servers[0], 1), "2");
}

TEST(what_was_kept_for_a_day_is_given_up)
{
	json_t *saved;
	char key[64], *text;

	add_url(&f, RECEIVER_WEBHOOK, server_free_port());
	start();
	send_message(&f, "1", "fire");
	snprintf(key, sizeof(key), "%s", f.kept[0].key);
	saved = json_loads(f.kept[0].text, 0, NULL);
	json_object_set_new(saved, "first_unix",
			    json_real((double)time(NULL) - DELIVER_GIVE_UP_SECONDS - 1));
	text = json_dumps(saved, 0);
	kept_keep(&f, key, text);
	free(text);
	json_decref(saved);
	restart();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 1));
	assert_int_equal(reported(&f, 0, "failed"), 0);
	assert_int_equal(f.n_kept, 0);
}

TEST(kept_for_others_or_unreadable_is_dropped)
{
	webhook(0);
	start();
	send_message(&f, "1", "fire");
	f.urls[0][strlen(f.urls[0]) - 1] = '2';
	restart();
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	kept_keep(&f, "k", "x");
	assert_int_equal(deliver_restore(f.deliver, "k", "{]", 1), -EINVAL);
	assert_int_equal(f.n_kept, 0);
	assert_int_equal(deliver_restore(f.deliver, "k", "{}", 1), -EINVAL);
	assert_int_equal(deliver_restore(f.deliver, "k",
					 "{\"version\":1,\"receiver\":\"journal\",\"number\":-1,"
					 "\"attempts\":0,\"first_unix\":1.0,\"message\":{}}",
					 1),
			 -EINVAL);
}

/* ---- report, journal ---- */

TEST(report_says_what_was_sent_where)
{
	json_t *report, *recent;
	char id[16];

	webhook(0);
	snprintf(f.urls[0], sizeof(f.urls[0]), "http://me:secret@127.0.0.1:%d/hook?a=b@c",
		 f.servers[0].port);
	start();
	for (int i = 1; i <= 17; i++) {
		snprintf(id, sizeof(id), "%d", i);
		send_message(&f, id, "fire");
	}
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 17));
	assert_non_null(strstr(f.servers[0].requests[0], "Authorization: Basic "));
	assert_null(strstr(reported_text(&f, 0, -1, "receiver"), "secret"));
	assert_non_null(
		strstr(reported_text(&f, 0, -1, "receiver"), "webhook http://***@127.0.0.1:"));
	assert_non_null(strstr(reported_text(&f, 0, -1, "receiver"), "/hook?a=b@c"));
	assert_int_equal(strlen(reported_text(&f, 0, -1, "last_sent_at")), 20);
	report = deliver_report(f.deliver);
	assert_int_equal(json_array_size(report), 1);
	assert_true(json_is_null(json_object_get(json_array_get(report, 0), "last_error")));
	assert_true(json_is_null(json_object_get(json_array_get(report, 0), "last_error_at")));
	recent = json_object_get(json_array_get(report, 0), "recent");
	assert_int_equal(json_array_size(recent), 16);
	json_decref(report);
	assert_string_equal(reported_text(&f, 0, 0, "id"), "17");
	assert_string_equal(reported_text(&f, 0, 15, "id"), "2");
	assert_string_equal(reported_text(&f, 0, 0, "kind"), "fire");
	assert_string_equal(reported_text(&f, 0, 0, "service"), "shop");
	assert_string_equal(reported_text(&f, 0, 0, "severity"), "page");
	assert_int_equal(strlen(reported_text(&f, 0, 0, "at")), 20);
}

TEST(journal_gets_one_line)
{
	static const char *const lines[] = {
		"sliprobed: PAGE shop: checkout burns at 14.5\n",
		"sliprobed: PAGE shop: escalated: checkout burns at 14.5\n",
		"sliprobed: PAGE shop: reminder: checkout burns at 14.5\n",
		"sliprobed: PAGE shop: resolved: checkout burns at 14.5\n",
		"sliprobed: PAGE shop: test: a b\n",
	};
	json_t *test = message("1", "test", "page");
	char text[1024] = "", expected[1024] = "";
	int fds[2], old = dup(STDERR_FILENO);

	json_object_set_new(test, "summary", json_string("a\nb"));
	add_receiver(&f, RECEIVER_JOURNAL);
	start();
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	send_message(&f, "1", "fire");
	send_message(&f, "1", "escalate");
	send_message(&f, "1", "remind");
	send_message(&f, "1", "resolve");
	deliver_send(f.deliver, test, now_of(&f));
	dup2(old, STDERR_FILENO);
	close(old);
	close(fds[1]);
	json_decref(test);
	for (size_t i = 0; i < 5; i++)
		strcat(expected, lines[i]);
	for (ssize_t n, len = 0; (n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0;)
		len += n;
	close(fds[0]);
	assert_string_equal(text, expected);
	assert_int_equal(reported(&f, 0, "sent"), 5);
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	assert_int_equal(f.n_kept, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(webhook_gets_the_message_as_json),
		WITH_SETUP(messages_arrive_in_order_each_once),
		WITH_SETUP(receivers_get_only_the_severities_they_want),
		WITH_SETUP(proxies_of_the_environment_are_not_used),
		WITH_SETUP(endless_answer_is_not_read_to_its_end),
		WITH_SETUP(large_message_is_sent_without_asking),
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
		WITH_SETUP(other_receivers_keep_the_queues_of_those_that_stay),
		WITH_SETUP(receiver_that_goes_ends_what_is_under_way),
		WITH_SETUP(queue_survives_a_restart_in_its_order),
		WITH_SETUP(new_messages_go_behind_kept_ones_though_the_clock_went_back),
		WITH_SETUP(what_was_kept_for_a_day_is_given_up),
		WITH_SETUP(kept_for_others_or_unreadable_is_dropped),
		WITH_SETUP(report_says_what_was_sent_where),
		WITH_SETUP(journal_gets_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
