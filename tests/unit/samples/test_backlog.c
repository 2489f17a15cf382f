/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "samples/backlog.h"

struct seen {
	char text[64];
	const char *keep; /* what begins with one of these stays */
};

static bool each(void *context, const void *record, size_t bytes)
{
	struct seen *seen = context;

	strncat(seen->text, record, bytes);
	return !seen->keep || !strchr(seen->keep, *(const char *)record);
}

static void add(struct backlog *backlog, const char *text)
{
	backlog_add(backlog, text, strlen(text));
}

TEST(records_come_out_once_and_in_order_but_those_that_stay)
{
	struct backlog backlog;
	struct seen seen = {.keep = "bd"};

	assert_int_equal(backlog_init(&backlog, 1024), 0);
	add(&backlog, "a1");
	add(&backlog, "b12345678");
	add(&backlog, "c");
	add(&backlog, "d123");
	backlog_take(&backlog, each, &seen);
	assert_string_equal(seen.text, "a1b12345678cd123");
	add(&backlog, "e");
	seen = (struct seen){.keep = "d"};
	backlog_take(&backlog, each, &seen);
	assert_string_equal(seen.text, "b12345678d123e");
	seen = (struct seen){};
	backlog_take(&backlog, each, &seen);
	assert_string_equal(seen.text, "d123");
	assert_int_equal(backlog.len, 0);
	assert_int_equal(backlog.lost, 0);
	backlog_clear(&backlog);
}

TEST(what_finds_no_room_is_counted_and_disturbs_nothing)
{
	struct backlog backlog;
	struct seen seen = {};

	assert_int_equal(backlog_init(&backlog, 40), 0);
	add(&backlog, "a");
	add(&backlog, "b");
	add(&backlog, "c"); /* 16 bytes each */
	backlog_add(&backlog, "", SIZE_MAX);
	assert_int_equal(backlog.lost, 2);
	backlog_take(&backlog, each, &seen);
	assert_string_equal(seen.text, "ab");
	add(&backlog, "d");
	assert_int_equal(backlog.lost, 2);
	backlog_clear(&backlog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_once_and_in_order_but_those_that_stay),
		cmocka_unit_test(what_finds_no_room_is_counted_and_disturbs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
