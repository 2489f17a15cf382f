/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals by phase, in processes of their own. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/signals.h"

static int status_of(void (*run)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		close(STDERR_FILENO);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void stop_in_the_start(void)
{
	signals_begin();
	raise(SIGUSR1);
	raise(SIGALRM);
	if (signals_stop_asked())
		_exit(1);
	raise(SIGTERM);
	if (signals_stop_asked() != SIGTERM)
		_exit(2);
}

TEST(a_stop_in_the_start_is_noted)
{
	assert_int_equal(status_of(stop_in_the_start), 0);
}

static void stop_twice(void)
{
	signals_begin();
	raise(SIGTERM);
	raise(SIGINT);
}

static void stop_when_stopping(void)
{
	int fd;

	signals_begin();
	if (signals_open(&fd))
		_exit(1);
	raise(SIGTERM);
	raise(SIGTERM); /* one: it waits to be read */
	signals_stopping();
}

TEST(the_second_ends_it)
{
	int status = status_of(stop_twice);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	status = status_of(stop_when_stopping);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void hang(void)
{
	signals_begin();
	raise(SIGTERM);
	alarm(1); /* sooner than the real one */
	for (;;)
		pause();
}

TEST(a_start_that_hangs_is_ended)
{
	int status = status_of(hang);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void read_all(void)
{
	struct signalfd_siginfo info;
	int fd, n = 0;

	signals_begin();
	raise(SIGHUP);
	if (signals_open(&fd))
		_exit(1);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (number == SIGKILL || number == SIGSTOP || number == SIGTSTP ||
		    number == SIGTTIN || number == SIGTTOU || number == SIGQUIT ||
		    number == SIGABRT || number == SIGSEGV || number == SIGBUS ||
		    number == SIGFPE || number == SIGILL || number == SIGTRAP || number == SIGSYS ||
		    (number > SIGSYS && number < SIGRTMIN))
			continue;
		raise(number);
	}
	while (read(fd, &info, sizeof(info)) == sizeof(info))
		n++;
	/* HUP INT USR1 USR2 ALRM TERM STKFLT XCPU VTALRM PROF IO PWR, and the realtime ones */
	if (n != 12 + SIGRTMAX - SIGRTMIN + 1)
		_exit(2);
}

TEST(no_other_signal_ends_it)
{
	assert_int_equal(status_of(read_all), 0);
}

TEST(stray_signals_are_told_at_a_rate)
{
	struct signals_stray stray = {};
	unsigned long n = 0;

	assert_true(signals_stray_may_tell(&stray, 100, &n));
	assert_int_equal(n, 1);
	assert_false(signals_stray_may_tell(&stray, 101, &n));
	assert_false(signals_stray_may_tell(&stray, 159, &n));
	assert_true(signals_stray_may_tell(&stray, 160, &n));
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stop_in_the_start_is_noted),
		cmocka_unit_test(the_second_ends_it),
		cmocka_unit_test(a_start_that_hangs_is_ended),
		cmocka_unit_test(no_other_signal_ends_it),
		cmocka_unit_test(stray_signals_are_told_at_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
