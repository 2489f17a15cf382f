/* SPDX-License-Identifier: GPL-2.0-only */
/* The line that says how far a command is: on a terminal, and after a second. */
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/progress.h"

/* What has been written to the terminal. */
static const char *shown(int master)
{
	static char text[4096];
	ssize_t n;

	fcntl(master, F_SETFL, O_NONBLOCK);
	n = read(master, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	return text;
}

TEST(a_line_comes_after_a_second_and_goes_at_the_end)
{
	char path[] = "/tmp/test_progress-XXXXXX";
	FILE *in = fdopen(mkstemp(path), "r+");
	struct progress progress;
	int master, terminal;
	FILE *out;

	assert_int_equal(openpty(&master, &terminal, NULL, NULL, NULL), 0);
	out = fdopen(terminal, "w");
	assert_int_equal(ftruncate(fileno(in), 1000), 0);
	progress_begin(&progress, out, in, "rows", 50);
	progress_say(&progress, 10, 100, 50.9);
	assert_string_equal(shown(master), "");
	progress_say(&progress, 20, 250, 51);
	assert_string_equal(shown(master), "\r20 rows, 25 %");
	progress_say(&progress, 21, 260, 51.1);
	assert_string_equal(shown(master), "");
	progress_say(&progress, 30, 2000, 52);
	assert_string_equal(shown(master), "\r30 rows, 100 %");
	progress_end(&progress);
	assert_string_equal(shown(master), "\r\033[K");
	/* a quick one says nothing */
	progress_begin(&progress, out, in, "rows", 50);
	progress_end(&progress);
	assert_string_equal(shown(master), "");
	fclose(out);
	close(master);
	fclose(in);
	unlink(path);
}

TEST(there_is_none_without_a_terminal)
{
	struct progress progress;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	progress_begin(&progress, out, stdin, "rows", 50);
	progress_say(&progress, 10, 100, 60);
	progress_end(&progress);
	fclose(out);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_comes_after_a_second_and_goes_at_the_end),
		cmocka_unit_test(there_is_none_without_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
