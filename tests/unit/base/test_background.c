/* SPDX-License-Identifier: GPL-2.0-only */
/* Going to the background, as seen by the process that starts the program. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/background.h"

/* The exit code of a program that goes to the background and then does `work`. */
static int started(void (*work)(int ready_fd))
{
	pid_t pid = fork();
	int ready_fd = -1, status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (background_begin(&ready_fd))
			_exit(99);
		work(ready_fd);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The process in the background writes a byte: y or n. */
static int report[2];

static void becomes_ready(int ready_fd)
{
	struct stat null, out;
	char byte = 'y';

	if (background_ready(ready_fd) || stat("/dev/null", &null) || fstat(1, &out))
		byte = 'n';
	else if (out.st_rdev != null.st_rdev || getsid(0) != getpid())
		byte = 'n';
	if (write(report[1], &byte, 1) != 1)
		_exit(1);
}

static void ends_before(int ready_fd)
{
	(void)ready_fd;
}

TEST(the_started_process_ends_with_0_once_all_is_ready)
{
	char byte = 0;

	assert_int_equal(pipe(report), 0);
	assert_int_equal(started(becomes_ready), 0);
	assert_int_equal(read(report[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(report[0]);
	close(report[1]);
}

TEST(it_ends_with_1_if_that_does_not_come)
{
	assert_int_equal(started(ends_before), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_started_process_ends_with_0_once_all_is_ready),
		cmocka_unit_test(it_ends_with_1_if_that_does_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
