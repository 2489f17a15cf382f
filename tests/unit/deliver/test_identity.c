/* SPDX-License-Identifier: GPL-2.0-only */
/* Who a receiver is: for people, on disk, and when its secrets change or move. */
#include "tests/unit/deliver/deliver_fixture.h"

#define SECRET "T01234567-topsecret"

/* The names that they are shown by, in the fixture's order. */
static const char *names(void)
{
	static char text[512];
	json_t *report = deliver_report(f.deliver), *receiver;
	size_t i, len = 0;

	json_array_foreach(report, i, receiver) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? ", " : "",
					json_string_value(json_object_get(receiver, "receiver")));
	}
	json_decref(report);
	return text;
}

static void of_url(struct config_receiver *receiver, const char *name, const char *url)
{
	receiver->name = (char *)name;
	receiver->url = (char *)url;
}

TEST(names_show_the_host_and_tell_all_apart)
{
	char *argv[] = {(char *)"/bin/x", (char *)"--token=" SECRET};

	of_url(add_receiver(&f, RECEIVER_WEBHOOK), NULL, "https://h/a/" SECRET);
	of_url(add_receiver(&f, RECEIVER_WEBHOOK), NULL, "https://h/b/" SECRET);
	of_url(add_receiver(&f, RECEIVER_WEBHOOK), "ops", "https://me:" SECRET "@h/c");
	add_command(&f, argv, 2);
	start();
	assert_string_equal(names(), "webhook https://h, webhook https://h #2, "
				     "webhook https://h (ops), command /bin/x");
	/* their keys have the order no more */
	f.receivers[0].url = (char *)"https://h/b/" SECRET;
	f.receivers[1].url = (char *)"https://h/a/" SECRET;
	of_url(&f.receivers[2], "ops", "https://h/d");
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_string_equal(names(), "webhook https://h, webhook https://h #2, "
				     "webhook https://h (ops), command /bin/x");
}

/* No text that is kept for the next agent has it. */
static void assert_nothing_kept_has(const char *secret)
{
	for (int i = 0; i < f.n_kept; i++)
		assert_null(strstr(f.kept[i].text, secret));
	for (int i = 0; i < FIXTURE_RECEIVERS; i++) {
		assert_null(strstr(f.books[i].key, secret));
		assert_true(!f.books[i].text || !strstr(f.books[i].text, secret));
	}
}

TEST(what_a_receiver_repeats_of_its_secrets_is_told_nobody)
{
	static char answer[2000];

	webhook(0);
	snprintf(f.urls[0], sizeof(f.urls[0]), "http://127.0.0.1:%d/hook/" SECRET,
		 f.servers[0].port);
	/* where it is cut, too: at 200 bytes, and where reading ends */
	memset(answer, '.', sizeof(answer));
	memcpy(answer, "Cannot POST /hook/" SECRET " of ",
	       strlen("Cannot POST /hook/" SECRET " of "));
	memcpy(answer + 192, "/" SECRET, strlen("/" SECRET));
	memcpy(answer + sizeof(answer) - 12, SECRET, 11);
	answer[sizeof(answer) - 1] = 0;
	f.servers[0].status = 500;
	f.servers[0].body = answer;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_int_equal(strncmp(reported_text(&f, 0, -1, "last_error"),
				 "HTTP 500: Cannot POST *** of ...", 32),
			 0);
	assert_true(strlen(reported_text(&f, 0, -1, "last_error")) <= 216);
	assert_null(strstr(reported_text(&f, 0, -1, "last_error"), "T0123"));
	assert_null(strstr(reported_text(&f, 0, 0, "error"), "T0123"));
	assert_null(strstr(f.failing, "T0123"));
	assert_nothing_kept_has("T0123");
}

TEST(what_older_agents_kept_is_found_and_has_no_secret_then)
{
	char key[160], url[128];
	char *text;

	webhook(0);
	snprintf(f.urls[0], sizeof(f.urls[0]), "http://127.0.0.1:%d/hook/" SECRET,
		 f.servers[0].port);
	snprintf(url, sizeof(url), "webhook %s", f.urls[0]);
	start();
	text = NULL;
	assert_true(
		asprintf(&text,
			 "{\"version\": 1, \"receiver\": \"%s\", \"number\": 5, \"attempts\": 1,"
			 " \"first_unix\": %.3f, \"not_before_unix\": 0.0, \"message\": {\"id\": "
			 "\"7\", \"kind\": \"fire\", \"service\": \"shop\", \"severity\": "
			 "\"page\"}}",
			 url, (double)time(NULL)) > 0);
	kept_keep(&f, "00000000000000000005", text);
	restore("00000000000000000005", text, 0);
	free(text);
	snprintf(key, sizeof(key), "books %s", url);
	kept_keep(&f, key, "{}");
	restore(key,
		"{\"version\":1,\"sent\":3,\"failed\":0,\"given_up\":0,\"last_sent_unix\":1.0,"
		"\"last_error_unix\":0.0,\"last_error\":\"\",\"recent\":[]}",
		0);
	assert_int_equal(reported(&f, 0, "sent"), 3);
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_int_equal(n_books(&f), 1);
	assert_int_equal(f.n_kept, 1);
	assert_nothing_kept_has("T0123");
	/* and is found once more */
	restart();
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 4));
	assert_string_equal(id_of(&f.servers[0], 0), "7");
}

TEST(a_secret_may_move_into_a_file_and_change_there)
{
	char moved[128];

	webhook(0);
	webhook(1);
	f.config.n_receivers = 1;
	f.servers[0].status = 500;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	/* into a file */
	f.receivers[0].url_file = (char *)"/etc/sliprobe/hook";
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_int_equal(reported(&f, 0, "failed"), 1);
	assert_int_equal(n_books(&f), 1);
	restart();
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	/* another one in it: what waits goes there */
	snprintf(moved, sizeof(moved), "http://127.0.0.1:%d/hook", f.servers[1].port);
	f.receivers[0].url = moved;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	skip_backoff();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_string_equal(id_of(&f.servers[1], 0), "1");
	/* and back */
	f.receivers[0].url_file = NULL;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(reported(&f, 0, "sent"), 1);
	restart();
	assert_int_equal(reported(&f, 0, "sent"), 1);
	assert_int_equal(n_books(&f), 1);
}

TEST(who_keeps_the_file_is_not_taken_for_who_has_its_old_url)
{
	char old[128];

	webhook(0);
	webhook(1);
	memcpy(old, f.urls[0], sizeof(old));
	f.config.n_receivers = 1;
	f.receivers[0].url_file = (char *)"/etc/sliprobe/hook";
	f.servers[0].status = 500;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	/* first a newcomer with the file's old URL, then the file with a new one */
	f.receivers[1].url_file = f.receivers[0].url_file;
	f.receivers[0].url_file = NULL;
	f.config.n_receivers = 2;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	assert_int_equal(reported(&f, 1, "waiting"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(names_show_the_host_and_tell_all_apart),
		WITH_SETUP(what_a_receiver_repeats_of_its_secrets_is_told_nobody),
		WITH_SETUP(what_older_agents_kept_is_found_and_has_no_secret_then),
		WITH_SETUP(a_secret_may_move_into_a_file_and_change_there),
		WITH_SETUP(who_keeps_the_file_is_not_taken_for_who_has_its_old_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
