/* SPDX-License-Identifier: GPL-2.0-only */
/* A sentence becomes one line on standard error, written at once. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/say.h"

/* Each write(2) of say() is a datagram. `journal`: standard error is said to be systemd's stream. */
static void assert_said_as(enum say_level level, bool journal, const char *sentence,
			   const char *line)
{
	char read_back[4096] = "", stream[64];
	struct stat status;
	int ends[2], saved;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	saved = dup(STDERR_FILENO);
	assert_true(dup2(ends[0], STDERR_FILENO) >= 0);
	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof(stream), "%lu:%lu", status.st_dev, status.st_ino + !journal);
	setenv("JOURNAL_STREAM", stream, 1);
	if (level == SAY_NOTICE)
		say("%s", sentence);
	else
		say_as(level, "%s", sentence);
	unsetenv("JOURNAL_STREAM");
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(read(ends[1], read_back, sizeof(read_back) - 1), strlen(line));
	assert_string_equal(read_back, line);
	assert_int_equal(recv(ends[1], read_back, 1, MSG_DONTWAIT), -1);
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

static void assert_said(const char *sentence, const char *line)
{
	assert_said_as(SAY_NOTICE, false, sentence, line);
}

TEST(the_journal_is_told_the_level)
{
	assert_said_as(SAY_ERROR, true, "x", "<3>sliprobed: x\n");
	assert_said_as(SAY_WARNING, true, "x", "<4>sliprobed: x\n");
	assert_said_as(SAY_NOTICE, true, "x", "<5>sliprobed: x\n");
	assert_said_as(SAY_INFO, true, "x", "<6>sliprobed: x\n");
	assert_said_as(SAY_ERROR, false, "x", "sliprobed: x\n");
}

TEST(test_a_sentence_is_one_line)
{
	assert_said("no agent ran for 61 s", "sliprobed: no agent ran for 61 s\n");
	assert_said("", "sliprobed: \n");
}

TEST(test_a_long_sentence_is_not_cut)
{
	char sentence[2001], line[2048];

	memset(sentence, 'x', sizeof(sentence) - 1);
	sentence[sizeof(sentence) - 1] = 0;
	snprintf(line, sizeof(line), "sliprobed: %s\n", sentence);
	assert_said(sentence, line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_journal_is_told_the_level),
		cmocka_unit_test(test_a_sentence_is_one_line),
		cmocka_unit_test(test_a_long_sentence_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
