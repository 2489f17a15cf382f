/* SPDX-License-Identifier: GPL-2.0-only */
/* In which order messages are sent, and which go when too many wait. */
#include "tests/unit/deliver/deliver_fixture.h"

static struct deliveries queue;
static uint64_t last_number;

static int begin(void **state)
{
	(void)state;
	TAILQ_INIT(&queue);
	last_number = 0;
	return 0;
}

static int end(void **state)
{
	struct delivery *delivery;

	(void)state;
	while ((delivery = TAILQ_FIRST(&queue))) {
		TAILQ_REMOVE(&queue, delivery, link);
		delivery_free(delivery);
	}
	return 0;
}

static struct delivery *new_delivery(uint64_t number, const char *id, const char *kind,
				     const char *severity)
{
	json_t *json = message(id, kind, severity);
	struct delivery *delivery = delivery_new(number, json);

	json_decref(json);
	return delivery;
}

static void put(const char *id, const char *kind, const char *severity)
{
	deliveries_insert(&queue, new_delivery(++last_number, id, kind, severity));
}

/* The numbers as they are sent. */
static const char *order(void)
{
	static char text[256];
	const struct delivery *delivery;
	size_t len = 0;

	text[0] = 0;
	TAILQ_FOREACH(delivery, &queue, link) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d", len ? " " : "",
					(int)delivery->number);
	}
	return text;
}

/* The numbers as they go, until none is left. */
static const char *drain(const struct delivery *spared)
{
	static char text[256];
	struct delivery *least;
	size_t len = 0;

	text[0] = 0;
	while ((least = deliveries_least(&queue, spared))) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d", len ? " " : "",
					(int)least->number);
		TAILQ_REMOVE(&queue, least, link);
		delivery_free(least);
	}
	return text;
}

#define TEST_QUEUE(name) cmocka_unit_test_setup_teardown(name, begin, end)

TEST(pages_are_sent_first_and_tests_last)
{
	put("t", "test", "page");
	put("a", "fire", "notice");
	put("b", "fire", "ticket");
	put("c", "fire", "page");
	put("b", "resolve", "ticket");
	put("d", "escalate", "page");
	put("u", "test", "notice");
	assert_string_equal(order(), "4 6 3 5 2 1 7");
}

TEST(messages_that_come_back_out_of_order_find_their_place)
{
	static const uint64_t numbers[] = {5, 2, 9, 1, 7};

	for (size_t i = 0; i < 5; i++)
		deliveries_insert(&queue, new_delivery(numbers[i], "a", "joined",
						       numbers[i] == 7 ? "ticket" : "page"));
	assert_string_equal(order(), "1 2 5 9 7");
}

TEST(what_goes_first_is_worth_least)
{
	put("p1", "fire", "page");
	put("t1", "fire", "ticket");
	put("n1", "fire", "notice");
	put("x1", "test", "page");
	put("n2", "resolve", "notice");
	put("x2", "test", "notice");
	put("t2", "fire", "ticket");
	put("p2", "escalate", "page");
	put("n3", "fire", "notice");
	assert_string_equal(drain(NULL), "4 6 5 3 9 2 7 1 8");
}

TEST(of_a_severity_goes_last_what_says_that_something_fails)
{
	put("a", "fire", "page");
	put("b", "joined", "page");
	put("c", "resolve", "page");
	put("d", "fire", "page"); /* and is over */
	put("d", "resolve", "page");
	put("e", "left", "page");
	put("f", "remind", "page");
	put("g", "remind", "page");
	put("h", "escalate", "page");
	assert_string_equal(drain(NULL), "7 8 6 4 3 5 2 1 9");
}

TEST(a_ticket_that_burns_goes_before_a_page_that_is_over)
{
	put("a", "fire", "ticket");
	put("b", "fire", "page");
	put("b", "resolve", "page");
	assert_string_equal(drain(NULL), "1 2 3");
}

/* As after a restart: the end is there first. */
TEST(what_is_over_is_known_whichever_comes_first)
{
	deliveries_insert(&queue, new_delivery(9, "a", "resolve", "page"));
	deliveries_insert(&queue, new_delivery(3, "a", "fire", "page"));
	deliveries_insert(&queue, new_delivery(2, "b", "fire", "page"));
	/* another alarm of this id, after its end */
	deliveries_insert(&queue, new_delivery(10, "a", "fire", "page"));
	assert_string_equal(drain(NULL), "3 9 2 10");
}

TEST(what_is_being_sent_stays)
{
	put("x", "test", "page");
	put("a", "fire", "page");
	assert_string_equal(drain(TAILQ_LAST(&queue, deliveries)), "2");
	assert_string_equal(order(), "1");
}

TEST(strange_messages_are_worth_little_but_more_than_tests)
{
	put("x", "test", "");
	put("a", "fire", "notice");
	put("b", "", "no such");
	put("c", "", "");
	assert_string_equal(order(), "2 3 4 1");
	assert_int_equal(deliveries_least(&queue, NULL)->number, 1);
}

TEST(newer_is_asked_of_one_id)
{
	put("a", "fire", "page");
	put("b", "fire", "page");
	put("a", "test", "page");
	assert_true(deliveries_newer(&queue, "a", 0));
	assert_false(deliveries_newer(&queue, "a", 1));
	assert_true(deliveries_newer(&queue, "b", 1));
	assert_false(deliveries_newer(&queue, "c", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_QUEUE(pages_are_sent_first_and_tests_last),
		TEST_QUEUE(messages_that_come_back_out_of_order_find_their_place),
		TEST_QUEUE(what_goes_first_is_worth_least),
		TEST_QUEUE(of_a_severity_goes_last_what_says_that_something_fails),
		TEST_QUEUE(a_ticket_that_burns_goes_before_a_page_that_is_over),
		TEST_QUEUE(what_is_over_is_known_whichever_comes_first),
		TEST_QUEUE(what_is_being_sent_stays),
		TEST_QUEUE(strange_messages_are_worth_little_but_more_than_tests),
		TEST_QUEUE(newer_is_asked_of_one_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
