/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that are taken, and the report of them. */
#include "tests/unit/deliver/deliver_fixture.h"

#include <fcntl.h>

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

TEST(report_says_what_was_sent_where)
{
	json_t *report, *recent;
	char id[16], name[64];

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
	snprintf(name, sizeof(name), "webhook http://127.0.0.1:%d", f.servers[0].port);
	assert_string_equal(reported_text(&f, 0, -1, "receiver"), name);
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

/* Standard error is a pipe that nobody empties. */
TEST(journal_that_is_not_read_gets_its_lines_later)
{
	char text[4096], filling[4096];
	int fds[2], old = dup(STDERR_FILENO);
	ssize_t n;

	memset(filling, '.', sizeof(filling));
	add_receiver(&f, RECEIVER_JOURNAL);
	start();
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	while (write(fds[1], filling, sizeof(filling)) > 0)
		;
	dup2(fds[1], STDERR_FILENO);
	send_message(&f, "1", "fire");
	send_message(&f, "2", "fire");
	turn_for(&f, 0.02);
	assert_int_equal(reported(&f, 0, "waiting"), 2);
	assert_int_equal(reported(&f, 0, "failed"), 1);
	assert_int_equal(f.n_kept, 2);
	assert_string_equal(f.failing, "journal: nobody reads standard error\n");
	restart();
	turn_for(&f, 0.02);
	assert_int_equal(reported(&f, 0, "waiting"), 2);
	while (read(fds[0], text, sizeof(text)) > 0)
		;
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	dup2(old, STDERR_FILENO);
	close(old);
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_true(n > 0);
	text[n] = 0;
	assert_non_null(strstr(text, "sliprobed: PAGE shop: checkout burns at 14.5\n"
				     "sliprobed: PAGE shop: checkout burns at 14.5\n"));
	assert_int_equal(f.n_kept, 0);
}

TEST(webhook_is_sent_the_body_that_it_was_given)
{
	struct server *server = webhook(0);
	char *headers[] = {(char *)"X-Token: secret", (char *)"X-Other: 1"};

	f.receivers[0].body = (char *)"{\"text\": \"{summary}\", \"is\": {burn_rate}}";
	f.receivers[0].headers = headers;
	f.receivers[0].n_headers = 2;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(server_body(server, 0),
			    "{\"text\": \"checkout burns at 14.5\", \"is\": null}");
	assert_non_null(strstr(server->requests[0], "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(server->requests[0], "\r\nX-Token: secret\r\n"));
	assert_non_null(strstr(server->requests[0], "\r\nX-Other: 1\r\n"));
	/* another configuration, another body */
	f.receivers[0].body = (char *)"{service}";
	f.receivers[0].content_type = (char *)"text/plain";
	f.receivers[0].n_headers = 0;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	send_message(&f, "2", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 2));
	assert_string_equal(server_body(server, 1), "shop");
	assert_non_null(strstr(server->requests[1], "\r\nContent-Type: text/plain\r\n"));
	assert_null(strstr(server->requests[1], "X-Token"));
	f.receivers[0].body = f.receivers[0].content_type = NULL;
}

TEST(one_address_can_be_sent_several_bodies)
{
	struct server *server = webhook(0);

	add_url(&f, RECEIVER_WEBHOOK, server->port);
	add_url(&f, RECEIVER_WEBHOOK, server->port);
	f.receivers[0].body = (char *)"\"a {service}\"";
	f.receivers[1].body = (char *)"\"b {service}\"";
	f.receivers[2].body = (char *)"\"c {service}\"";
	start();
	send_message(&f, "1", "fire");
	for (size_t i = 0; i < 3; i++)
		assert_true(TURN_UNTIL(&f, reported(&f, i, "sent") == 1));
	assert_non_null(strstr(reported_text(&f, 2, -1, "receiver"), " #3"));
	/* each has books of its own, which the next agent finds */
	f.config.n_receivers = 2;
	restart();
	assert_int_equal(reported(&f, 0, "sent"), 1);
	assert_int_equal(reported(&f, 1, "sent"), 1);
	assert_int_equal(n_books(&f), 2);
	for (int i = 0; i < 3; i++)
		f.receivers[i].body = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(webhook_is_sent_the_body_that_it_was_given),
		WITH_SETUP(one_address_can_be_sent_several_bodies),
		WITH_SETUP(webhook_gets_the_message_as_json),
		WITH_SETUP(messages_arrive_in_order_each_once),
		WITH_SETUP(receivers_get_only_the_severities_they_want),
		WITH_SETUP(proxies_of_the_environment_are_not_used),
		WITH_SETUP(endless_answer_is_not_read_to_its_end),
		WITH_SETUP(large_message_is_sent_without_asking),
		WITH_SETUP(report_says_what_was_sent_where),
		WITH_SETUP(journal_gets_one_line),
		WITH_SETUP(journal_that_is_not_read_gets_its_lines_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
