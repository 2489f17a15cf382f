/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts, errors and recent messages of each receiver, over restarts. */
#include "tests/unit/deliver/deliver_fixture.h"

#include <errno.h>

#include "deliver/books.h"

/* The report after a restart must equal the one before. */
static void assert_survives(void)
{
	json_t *before = deliver_report(f.deliver), *after;

	restart();
	after = deliver_report(f.deliver);
	if (!json_equal(before, after)) {
		json_dumpf(before, stderr, JSON_INDENT(1));
		json_dumpf(after, stderr, JSON_INDENT(1));
		fail_msg("before and after a restart");
	}
	json_decref(before);
	json_decref(after);
}

static void send_ids(int from, int to)
{
	char id[16];

	for (; from <= to; from++) {
		snprintf(id, sizeof(id), "%d", from);
		assert_int_equal(send_message(&f, id, "fire"), 0);
	}
}

/* ---- */

TEST(books_survive_a_restart)
{
	webhook(0);
	webhook(1)->status = 400;
	webhook(2)->status = 500;
	add_receiver(&f, RECEIVER_JOURNAL);
	f.receivers[3].severities = 1U << SEVERITY_NOTICE;
	start();
	assert_survives();
	send_ids(1, 18);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 18 &&
					   reported(&f, 1, "given_up") == 18 &&
					   reported(&f, 2, "failed") == 1));
	assert_int_equal(n_books(&f), 3); /* the journal has none */
	for (int i = 0; i < 2; i++) {
		assert_survives();
		assert_int_equal(reported(&f, 0, "sent"), 18);
		assert_int_equal(reported(&f, 1, "failed"), 18);
		assert_int_equal(reported(&f, 2, "waiting"), 18);
		assert_string_equal(reported_text(&f, 0, 15, "id"), "3");
		assert_string_equal(reported_text(&f, 1, 0, "error"), "HTTP 400");
		assert_string_equal(reported_text(&f, 2, -1, "last_error"), "HTTP 500");
	}
	/* and go on */
	send_ids(19, 19);
	f.servers[2].status = 200;
	assert_true(TURN_UNTIL(&f, reported(&f, 2, "sent") == 19));
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 19));
	assert_true(TURN_UNTIL(&f, reported(&f, 1, "given_up") == 19));
	assert_string_equal(reported_text(&f, 2, 0, "id"), "19");
	assert_string_equal(reported_text(&f, 2, 0, "result"), "sent");
	assert_string_equal(reported_text(&f, 2, 15, "id"), "4");
	assert_survives();
}

TEST(an_alertmanagers_refreshes_are_in_the_books)
{
	json_t *open = json_pack("[o]", message("1", "fire", "page"));

	server_open(&f.servers[0], 0);
	f.servers[0].status = 500;
	add_url(&f, RECEIVER_ALERTMANAGER, f.servers[0].port);
	start();
	assert_int_equal(deliver_open(f.deliver, open, now_of(&f)), 0);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	assert_survives();
	f.servers[0].status = 200;
	assert_int_equal(deliver_open(f.deliver, open, now_of(&f)), 0);
	assert_true(TURN_UNTIL(&f, *reported_text(&f, 0, -1, "last_sent_at")));
	assert_survives();
	json_decref(open);
}

/* In one call that ends with both told, so that they are written together. */
TEST(queue_and_books_are_kept_together)
{
	webhook(0);
	start();
	send_ids(1, 1);
	assert_int_equal(f.n_kept, 1);
	assert_int_equal(n_books(&f), 0);
	deliver_keep_books(f.deliver);
	assert_int_equal(n_books(&f), 1);
	assert_non_null(strstr(f.books[FIXTURE_RECEIVERS - 1].text, "\"waiting\""));
	while (f.n_kept)
		turn(&f);
	assert_non_null(strstr(f.books[FIXTURE_RECEIVERS - 1].text, "\"sent\":1,"));
	assert_null(strstr(f.books[FIXTURE_RECEIVERS - 1].text, "\"waiting\""));
}

TEST(what_does_not_change_is_not_kept_again)
{
	webhook(0);
	start();
	send_ids(1, 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	kept_drop(&f, f.books[FIXTURE_RECEIVERS - 1].key);
	turn_for(&f, 0.05);
	deliver_keep_books(f.deliver);
	assert_int_equal(n_books(&f), 0);
}

/* Of a former agent, which kept none. */
TEST(queue_without_books_is_listed)
{
	webhook(0)->status = 500;
	start();
	send_ids(1, 3);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	kept_drop(&f, f.books[FIXTURE_RECEIVERS - 1].key);
	restart();
	assert_int_equal(reported(&f, 0, "failed"), 0);
	assert_int_equal(reported(&f, 0, "waiting"), 3);
	assert_string_equal(reported_text(&f, 0, 2, "result"), "waiting");
	assert_string_equal(reported_text(&f, 0, 3, "result"), "");
}

TEST(message_behind_the_books_is_listed_once)
{
	webhook(0)->status = 500;
	start();
	send_ids(1, 1);
	deliver_keep_books(f.deliver);
	send_ids(2, 2);
	restart();
	assert_string_equal(reported_text(&f, 0, 0, "id"), "2");
	assert_string_equal(reported_text(&f, 0, 1, "id"), "1");
	assert_string_equal(reported_text(&f, 0, 2, "id"), "");
}

/* Its end is not known: it is not said to wait for ever. */
TEST(message_that_waits_no_more_is_not_listed)
{
	webhook(0)->status = 500;
	start();
	send_ids(1, 2);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	kept_drop(&f, f.kept[1].key);
	restart();
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_int_equal(reported(&f, 0, "failed"), 1);
	assert_string_equal(reported_text(&f, 0, 1, "id"), "");
}

TEST(new_messages_have_numbers_above_those_in_the_books)
{
	webhook(0);
	start();
	restore("books webhook x", "{}", 0); /* unknown: dropped */
	send_ids(1, 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	{
		json_t *saved = json_loads(f.books[FIXTURE_RECEIVERS - 1].text, 0, NULL);
		json_t *first = json_array_get(json_object_get(saved, "recent"), 0);
		_cleanup_free_ char *text = NULL;

		json_object_set_new(first, "number", json_integer(9000000000000000000));
		text = json_dumps(saved, 0);
		json_decref(saved);
		kept_keep(&f, f.books[FIXTURE_RECEIVERS - 1].key, text);
	}
	restart();
	send_ids(2, 2);
	assert_string_equal(f.kept[0].key, "09000000000000000001");
}

TEST(receivers_that_go_lose_their_books)
{
	webhook(0);
	webhook(1);
	start();
	send_ids(1, 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") + reported(&f, 1, "sent") == 2));
	assert_int_equal(n_books(&f), 2);
	f.config.n_receivers = 1;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(n_books(&f), 1);
	assert_int_equal(reported(&f, 0, "sent"), 1);
	f.config.n_receivers = 2;
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	assert_int_equal(reported(&f, 0, "sent"), 1);
	assert_int_equal(reported(&f, 1, "sent"), 0);
	/* while the agent does not run */
	f.urls[0][strlen(f.urls[0]) - 1] = '2';
	restart();
	assert_int_equal(n_books(&f), 0);
	assert_int_equal(reported(&f, 0, "sent"), 0);
}

/* Restores the books with another value in the place of one; takes that. */
static void assert_dropped(const char *key, const json_t *saved, bool of_recent, const char *member,
			   json_t *value)
{
	json_t *copy = json_deep_copy(saved);
	_cleanup_free_ char *text = NULL;

	json_object_set_new(of_recent ? json_array_get(json_object_get(copy, "recent"), 0) : copy,
			    member, value);
	text = json_dumps(copy, 0);
	json_decref(copy);
	kept_keep(&f, key, text);
	restore(key, text, -EINVAL);
	assert_int_equal(n_books(&f), 0);
	assert_int_equal(reported(&f, 0, "sent"), 0);
	assert_string_equal(reported_text(&f, 0, 0, "id"), "");
}

TEST(unreadable_books_are_dropped)
{
	static const char *const counts[] = {"version", "sent", "failed", "given_up"};
	static const char *const of_recent[] = {"number", "attempts", "message", "result",
						"at_unix"};
	const char *member;
	json_t *saved, *value;
	char key[160];

	webhook(0);
	start();
	send_ids(1, 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	snprintf(key, sizeof(key), "%s", f.books[FIXTURE_RECEIVERS - 1].key);
	saved = json_loads(f.books[FIXTURE_RECEIVERS - 1].text, 0, NULL);
	deliver_free(f.deliver);
	start();
	json_object_foreach(saved, member, value)
		assert_dropped(key, saved, false, member, json_null());
	for (size_t i = 0; i < 4; i++)
		assert_dropped(key, saved, false, counts[i], json_integer(-1));
	for (size_t i = 0; i < 5; i++)
		assert_dropped(key, saved, true, of_recent[i], json_null());
	for (size_t i = 0; i < 2; i++)
		assert_dropped(key, saved, true, of_recent[i], json_integer(-1));
	assert_dropped(key, saved, true, "attempts", json_integer(1LL << 31));
	assert_dropped(key, saved, true, "result", json_string("lost"));
	json_decref(saved);
	restore(key, "{]", -EINVAL);
}

/* Answers of other programs are escaped as badly as can be. */
TEST(books_are_bounded)
{
	struct deliveries queue = TAILQ_HEAD_INITIALIZER(queue);
	_cleanup_(books_clear) struct books books = {}, loaded = {};
	_cleanup_free_ char *text = NULL, *again = NULL;
	json_t *json = message("0123456789012345678901234567890123456789", "escalate", "ticket");
	char error[1000];

	memset(error, '"', sizeof(error) - 1);
	error[sizeof(error) - 1] = 0;
	for (uint64_t i = 0; i < 1000; i++) {
		struct delivery *delivery = delivery_new(INT64_MAX - 1000 + i, json);

		delivery->attempts = INT32_MAX;
		delivery->first_unix = 1e9 / 3;
		books_queued(&books, delivery);
		books_note(&books, delivery, DELIVERY_GIVEN_UP, error, 4e9 / 3);
		delivery_free(delivery);
	}
	json_decref(json);
	text = books_save(&books);
	assert_true(strlen(text) > 10 << 10);
	assert_true(strlen(text) <= 16 << 10);
	assert_int_equal(books_load(&loaded, text, &queue), 0);
	again = books_save(&loaded);
	assert_string_equal(text, again);
	assert_int_equal(loaded.given_up, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(books_survive_a_restart),
		WITH_SETUP(an_alertmanagers_refreshes_are_in_the_books),
		WITH_SETUP(queue_and_books_are_kept_together),
		WITH_SETUP(what_does_not_change_is_not_kept_again),
		WITH_SETUP(queue_without_books_is_listed),
		WITH_SETUP(message_behind_the_books_is_listed_once),
		WITH_SETUP(message_that_waits_no_more_is_not_listed),
		WITH_SETUP(new_messages_have_numbers_above_those_in_the_books),
		WITH_SETUP(receivers_that_go_lose_their_books),
		WITH_SETUP(unreadable_books_are_dropped),
		WITH_SETUP(books_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
