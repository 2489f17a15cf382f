/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of what happens: how many, and what becomes of those that are too many. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "agent/journal.h"

static int saved, captured;

static int setup(void **state)
{
	char path[] = "/tmp/sliprobe-journal-XXXXXX";

	*state = calloc(1, sizeof(struct journal));
	captured = mkstemp(path);
	unlink(path);
	saved = dup(STDERR_FILENO);
	return dup2(captured, STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(captured);
	free(*state);
	return 0;
}

/* What was said since the last time. */
static void assert_said(const char *expected)
{
	static char text[4096];
	ssize_t n;

	lseek(captured, 0, SEEK_SET);
	n = read(captured, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	assert_int_equal(ftruncate(captured, 0), 0);
	lseek(captured, 0, SEEK_SET);
	assert_string_equal(text, expected);
}

TEST(a_storm_of_one_kind_hides_no_other)
{
	struct journal *journal = *state;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(journal_may(journal, JOURNAL_SERVICE, 100), i < JOURNAL_BURST);
	assert_true(journal_may(journal, JOURNAL_ALERT, 100));
	journal_say(journal, JOURNAL_ALERT, SAY_ERROR, 100, "one %d", 1);
	assert_said("sliprobed: one 1\n");
	journal_catch_up(journal, 100);
	assert_said("");
}

TEST(what_is_left_out_is_counted_and_said_once_there_is_room)
{
	struct journal *journal = *state;

	for (int i = 0; i < JOURNAL_BURST + 63; i++)
		journal_may(journal, JOURNAL_SERVICE, 100);
	journal_catch_up(journal, 100 + JOURNAL_REFILL_SECONDS - 0.1);
	assert_said("");
	/* a line that comes now waits behind it */
	journal_say(journal, JOURNAL_SERVICE, SAY_INFO, 100 + JOURNAL_REFILL_SECONDS, "x");
	assert_said("");
	journal_catch_up(journal, 100 + JOURNAL_REFILL_SECONDS + 0.1);
	assert_said("sliprobed: and 64 more of the kind \"service found\": slictl services\n");
	journal_say(journal, JOURNAL_SERVICE, SAY_INFO, 100 + 3 * JOURNAL_REFILL_SECONDS, "x");
	assert_said("sliprobed: x\n");
}

TEST(losses_are_what_was_lost_since_the_last_line)
{
	struct journal *journal = *state;
	uint64_t lost[LOST_REASON_COUNT] = {[LOST_PENDING_FULL] = 7};

	journal_losses(journal, lost, 100); /* of the time before */
	journal_losses(journal, lost, 101);
	assert_said("");
	lost[LOST_PENDING_FULL] = 8;
	journal_losses(journal, lost, 102);
	assert_said(
		"sliprobed: 1 request had no outcome that could be known (pending_table_full 1): "
		"slictl status\n");
	for (int i = 0; i < JOURNAL_BURST; i++) {
		lost[LOST_BAD_RESPONSE]++;
		journal_losses(journal, lost, 103);
	}
	lseek(captured, 0, SEEK_SET);
	assert_int_equal(ftruncate(captured, 0), 0);
	/* the one that found no room is in the next line: no count is lost */
	lost[LOST_PENDING_FULL] += 2;
	journal_losses(journal, lost, 103 + 2 * JOURNAL_REFILL_SECONDS);
	assert_said(
		"sliprobed: 3 requests had no outcome that could be known (pending_table_full 2, "
		"response_unparsable 1): slictl status\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_storm_of_one_kind_hides_no_other),
		WITH_SETUP(what_is_left_out_is_counted_and_said_once_there_is_room),
		WITH_SETUP(losses_are_what_was_lost_since_the_last_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
