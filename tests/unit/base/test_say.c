/* SPDX-License-Identifier: GPL-2.0-only */
/* A sentence becomes one line on standard error, written at once. */
#include <fcntl.h>
#include <signal.h>
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

TEST(what_a_terminal_must_not_get_is_written_out)
{
	assert_said("a\x1b[2Jb\x7f \xc2\x9b \xe2\x80\xae \xff\n<0>sshd: c",
		    "sliprobed: a\\u001b[2Jb\\u007f \\u009b \\u202e \\xff\\u000a<0>sshd: c\n");
	assert_said("\xc3\xa9 \xe6\x97\xa5", "sliprobed: \xc3\xa9 \xe6\x97\xa5\n");
}

/* What it says into a pipe or a socket that is full is left out, and told later. */
static void assert_never_waits(const int ends[2])
{
	static char buffer[1 << 20];
	int saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	for (int i = 0; i < 3000; i++)
		say("%0200d", i);
	assert_false(say_was_taken());
	while ((n = read(ends[0], buffer, sizeof(buffer))) == sizeof(buffer))
		;
	assert_true(n > 0 && buffer[n - 1] == '\n');
	say("again");
	assert_true(say_was_taken());
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	n = read(ends[0], buffer, sizeof(buffer) - 1);
	assert_true(n > 0);
	buffer[n] = 0;
	assert_non_null(strstr(buffer, " lines were left out here"));
	assert_non_null(strstr(buffer, "\nsliprobed: again\n"));
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

TEST(a_reader_that_does_not_read_is_not_waited_for)
{
	int ends[2], swapped[2];

	assert_int_equal(pipe2(ends, 0), 0);
	assert_never_waits(ends);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	swapped[0] = ends[1];
	swapped[1] = ends[0];
	assert_never_waits(swapped);
}

TEST(a_reader_that_is_gone_costs_nothing)
{
	int ends[2], saved = dup(STDERR_FILENO);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, 0), 0);
	close(ends[0]);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	say("x");
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_false(say_was_taken());
	say("y");
	assert_true(say_was_taken());
	close(saved);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_journal_is_told_the_level),
		cmocka_unit_test(test_a_sentence_is_one_line),
		cmocka_unit_test(test_a_long_sentence_is_not_cut),
		cmocka_unit_test(what_a_terminal_must_not_get_is_written_out),
		cmocka_unit_test(a_reader_that_does_not_read_is_not_waited_for),
		cmocka_unit_test(a_reader_that_is_gone_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
