/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages that were given up: what is still open is sent again. */
#include "tests/unit/deliver/deliver_fixture.h"

#include <errno.h>

static json_t *open_ids;
static json_t *open_messages;

static int begin(void **state)
{
	open_ids = json_object();
	open_messages = json_array();
	return setup(state);
}

static int end(void **state)
{
	json_decref(open_ids);
	json_decref(open_messages);
	return teardown(state);
}

#define TEST_MISSED(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void send_of(const char *id, const char *kind, const char *severity)
{
	json_t *json = message(id, kind, severity);

	assert_int_equal(deliver_send(f.deliver, json, now_of(&f)), 0);
	json_decref(json);
}

/* Such a notice is open from now on. */
static void opens(const char *id, const char *severity)
{
	json_object_set_new(open_ids, id, json_true());
	json_array_append_new(open_messages, message(id, "fire", severity));
}

/* As the agent does it at each step. */
static void step(void)
{
	json_t *missed = json_array(), *one;
	size_t i;

	deliver_forget_missed(f.deliver, open_ids);
	json_array_foreach(open_messages, i, one) {
		if (deliver_misses(f.deliver, json_string_value(json_object_get(one, "id")),
				   now_of(&f)))
			json_array_append(missed, one);
	}
	assert_int_equal(deliver_send_again(f.deliver, missed, now_of(&f)), 0);
	json_decref(missed);
	deliver_tell_losses(f.deliver);
	deliver_keep_books(f.deliver);
}

static void fill(const char *severity, int n)
{
	char id[16];

	for (int i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s-%d", severity, i);
		send_of(id, "fire", severity);
	}
}

static void comes_back(void)
{
	server_open(&f.servers[0], f.servers[0].port);
	skip_backoff();
}

/* A webhook that is not there. */
static void dead_webhook(void)
{
	f.servers[0].port = server_free_port();
	add_url(&f, RECEIVER_WEBHOOK, f.servers[0].port)->severities |= 1U << SEVERITY_NOTICE;
	start();
}

static int requests_of(const char *id)
{
	int n = 0;

	for (int i = 0; i < f.servers[0].n_requests; i++)
		n += !strcmp(id_of(&f.servers[0], i), id);
	return n;
}

TEST(a_page_is_not_displaced_by_lesser_messages)
{
	dead_webhook();
	send_of("the-page", "fire", "page");
	fill("notice", 300);
	fill("ticket", 300);
	assert_int_equal(reported(&f, 0, "waiting"), DELIVER_QUEUE_MAX);
	assert_int_equal(reported(&f, 0, "given_up"), 601 - DELIVER_QUEUE_MAX);
	assert_int_equal(f.n_kept, DELIVER_QUEUE_MAX);
	/* this one is itself the one that goes */
	send_of("late", "fire", "notice");
	step();
	assert_string_equal(
		f.lost,
		"webhook: 45 ticket 301 notice: 346 full 0 old 0 refused; again; 0 missed\n");
	comes_back();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX));
	assert_string_equal(id_of(&f.servers[0], 0), "the-page");
	assert_string_equal(id_of(&f.servers[0], 1), "ticket-45");
	assert_string_equal(id_of(&f.servers[0], 255), "ticket-299");
}

TEST(what_is_open_is_sent_again_once_there_is_room)
{
	dead_webhook();
	opens("old", "ticket");
	send_of("old", "fire", "ticket");
	send_of("over", "fire", "ticket");
	fill("page", DELIVER_QUEUE_MAX);
	assert_int_equal(reported(&f, 0, "missed"), 2);
	step();
	/* what is over is forgotten; there is no room for the other */
	assert_int_equal(reported(&f, 0, "missed"), 1);
	assert_int_equal(reported(&f, 0, "waiting"), DELIVER_QUEUE_MAX);
	assert_string_equal(f.lost, "webhook: 2 ticket: 2 full 0 old 0 refused; again; 1 missed\n");
	for (int i = 0; i < 2; i++) {
		restart();
		step();
		assert_int_equal(reported(&f, 0, "missed"), 1);
		assert_int_equal(reported(&f, 0, "waiting"), DELIVER_QUEUE_MAX);
	}
	comes_back();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX));
	assert_int_equal(requests_of("old"), 0);
	f.lost[0] = 0;
	step();
	step(); /* it waits: not twice */
	assert_string_equal(f.lost, "webhook:: 0 full 0 old 0 refused; again 1 ticket; 1 missed\n");
	restart(); /* so it does in the next agent */
	step();
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX + 1));
	step();
	turn_for(&f, 0.05);
	assert_int_equal(requests_of("old"), 1);
	assert_int_equal(requests_of("over"), 0);
	assert_int_equal(reported(&f, 0, "missed"), 0);
}

/* It is worth more than what waits. */
TEST(an_open_page_takes_the_place_of_what_has_become_old)
{
	dead_webhook();
	opens("p", "page");
	send_of("p", "fire", "page");
	fill("page", DELIVER_QUEUE_MAX); /* and p goes, as the oldest of them */
	assert_int_equal(reported(&f, 0, "missed"), 1);
	step();
	assert_int_equal(reported(&f, 0, "missed"), 1);
	send_of("page-7", "resolve", "page"); /* page-7 goes for it, which is over */
	send_of("page-8", "remind", "page"); /* goes at once */
	assert_int_equal(reported(&f, 0, "missed"), 1);
	f.lost[0] = 0;
	step(); /* p takes the place of the end */
	assert_string_equal(f.lost,
			    "webhook: 3 page: 3 full 0 old 0 refused; again 1 page; 1 missed\n");
	comes_back();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "waiting") == 0));
	assert_int_equal(requests_of("p"), 1);
	assert_int_equal(reported(&f, 0, "missed"), 0);
}

TEST(a_page_that_stays_open_longer_than_a_day_is_not_given_up)
{
	dead_webhook();
	opens("1", "page");
	send_of("1", "fire", "page");
	for (int day = 0; day < 3; day++) {
		assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") > day));
		f.skew_seconds += DELIVER_GIVE_UP_SECONDS;
		assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == day + 1));
		assert_int_equal(reported(&f, 0, "missed"), 1);
		step();
		assert_int_equal(reported(&f, 0, "waiting"), 1);
	}
	comes_back();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(reported(&f, 0, "missed"), 0);
	step();
	assert_int_equal(reported(&f, 0, "waiting"), 0);
}

TEST(a_reminder_that_arrives_tells_it)
{
	webhook(0)->status = 400;
	start();
	opens("1", "page");
	send_of("1", "fire", "page");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 1));
	assert_int_equal(reported(&f, 0, "missed"), 1);
	f.servers[0].status = 200;
	send_of("1", "remind", "page");
	f.skew_seconds += MISSED_REFUSED_MAX_SECONDS;
	step(); /* the reminder waits */
	assert_int_equal(reported(&f, 0, "waiting"), 1);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
	assert_int_equal(reported(&f, 0, "missed"), 0);
}

TEST(an_older_message_does_not_tell_it)
{
	dead_webhook();
	opens("1", "page");
	send_of("1", "fire", "page");
	send_of("1", "joined", "page");
	fill("page", DELIVER_QUEUE_MAX - 1);
	assert_int_equal(reported(&f, 0, "missed"), 1); /* what has joined */
	comes_back();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX));
	assert_int_equal(reported(&f, 0, "missed"), 1);
	step();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == DELIVER_QUEUE_MAX + 1));
	assert_int_equal(requests_of("1"), 2);
	assert_int_equal(reported(&f, 0, "missed"), 0);
}

TEST(a_refused_page_is_sent_again_after_a_while)
{
	static const int waits[] = {300, 600, 1200, 2400, 4800, 9600, 14400, 14400};

	webhook(0)->status = 403;
	start();
	opens("1", "page");
	send_of("1", "fire", "page");
	for (int i = 0; i < 8; i++) {
		assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == i + 1));
		f.skew_seconds += waits[i] - 5;
		step();
		assert_int_equal(reported(&f, 0, "waiting"), 0);
		f.skew_seconds += 6;
		step();
		assert_int_equal(reported(&f, 0, "waiting"), 1);
	}
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 9));
	step();
	assert_int_equal(reported(&f, 0, "waiting"), 0);
	/* other settings: at once */
	assert_int_equal(deliver_configure(f.deliver, &f.config), 0);
	f.servers[0].status = 200;
	step();
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") == 1));
}

TEST(an_alertmanager_misses_nothing)
{
	server_open(&f.servers[0], 0);
	f.servers[0].status = 400;
	add_url(&f, RECEIVER_ALERTMANAGER, f.servers[0].port);
	start();
	opens("1", "page");
	send_of("1", "fire", "page");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "given_up") == 1));
	assert_int_equal(reported(&f, 0, "missed"), 0);
	step();
	assert_string_equal(f.lost, "alertma: 1 page: 0 full 0 old 1 refused; again; 0 missed\n");
}

TEST(what_is_missed_has_an_end)
{
	struct missed missed = {};
	struct delivery *delivery;
	char id[80];
	json_t *json, *saved;

	for (int i = 0; i < MISSED_MAX + 10; i++) {
		snprintf(id, sizeof(id), "%d", i);
		json = message(id, "fire", i % 2 ? "page" : "ticket");
		delivery = delivery_new((uint64_t)i + 1, json);
		assert_int_equal(missed_add(&missed, delivery, false, 0), 0);
		delivery_free(delivery);
		json_decref(json);
	}
	assert_int_equal(missed.n, MISSED_MAX);
	assert_null(missed_find(&missed, "0")); /* the oldest tickets have gone */
	assert_null(missed_find(&missed, "18"));
	assert_non_null(missed_find(&missed, "20"));
	assert_non_null(missed_find(&missed, "1"));
	/* and there is no room for a notice */
	json = message("n", "fire", "notice");
	delivery = delivery_new(1, json);
	assert_int_equal(missed_add(&missed, delivery, false, 0), -E2BIG);
	delivery_free(delivery);
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = 0;
	json_object_set_new(json, "id", json_string(id));
	delivery = delivery_new(1, json);
	assert_int_equal(missed_add(&missed, delivery, false, 0), -EINVAL);
	delivery_free(delivery);
	json_decref(json);
	saved = missed_save(&missed);
	missed_clear(&missed);
	assert_int_equal(missed_load(&missed, saved), 0);
	assert_int_equal(missed.n, MISSED_MAX);
	assert_int_equal(missed_find(&missed, "20")->number, 21);
	assert_int_equal(missed_find(&missed, "20")->class, DELIVERY_TICKET);
	missed_clear(&missed);
	json_decref(saved);
}

TEST(unreadable_ones_are_refused)
{
	static const char *const texts[] = {
		"{}",
		"[1]",
		"[{\"id\": \"1\", \"severity\": \"test\", \"number\": 1}]",
		"[{\"id\": \"1\", \"severity\": \"page\", \"number\": 0}]",
		"[{\"id\": 1, \"severity\": \"page\", \"number\": 1}]",
		"[{\"id\": \"1\", \"severity\": \"page\", \"number\": 1},"
		" {\"id\": \"1\", \"severity\": \"page\", \"number\": 2}]",
	};
	struct missed missed = {};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *saved = json_loads(texts[i], 0, NULL);

		assert_non_null(saved);
		assert_int_equal(missed_load(&missed, saved), -EINVAL);
		assert_int_equal(missed.n, 0);
		json_decref(saved);
	}
	assert_int_equal(missed_load(&missed, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_MISSED(a_page_is_not_displaced_by_lesser_messages),
		TEST_MISSED(what_is_open_is_sent_again_once_there_is_room),
		TEST_MISSED(an_open_page_takes_the_place_of_what_has_become_old),
		TEST_MISSED(a_page_that_stays_open_longer_than_a_day_is_not_given_up),
		TEST_MISSED(a_reminder_that_arrives_tells_it),
		TEST_MISSED(an_older_message_does_not_tell_it),
		TEST_MISSED(a_refused_page_is_sent_again_after_a_while),
		TEST_MISSED(an_alertmanager_misses_nothing),
		TEST_MISSED(what_is_missed_has_an_end),
		TEST_MISSED(unreadable_ones_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
