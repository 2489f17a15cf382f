/* SPDX-License-Identifier: GPL-2.0-only */
/* An agent that is killed at any moment leaves whole steps. */
#include "tests/unit/store/steps_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { KILLS = 100 };

/* Writes steps and tells their numbers, until it is killed. */
static void write_steps(int fd)
{
	struct store *store;
	int64_t n;

	if (store_open(state_dir, &store, &notice) < 0 || *notice.text)
		_exit(1);
	for (n = last_step(store) + 1;; n++) {
		if (put_step(store, n) || write(fd, &n, sizeof(n)) != sizeof(n))
			_exit(2);
		/* checkpoints, too; nothing is old */
		if (store_prune(store, 1, 1e6))
			_exit(3);
	}
}

static void pause_ms(long ms)
{
	struct timespec pause = {.tv_nsec = ms * 1000000};

	nanosleep(&pause, NULL);
}

/* Returns the last step that was told, 0 if none. */
static int64_t kill_writer(long after_ms)
{
	int fds[2], status;
	int64_t n, told = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(fds[0]);
		write_steps(fds[1]);
	}
	close(fds[1]);
	/* the first one is waited for, so that there is always something under way */
	if (read(fds[0], &n, sizeof(n)) == sizeof(n))
		told = n;
	pause_ms(after_ms);
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (read(fds[0], &n, sizeof(n)) == sizeof(n))
		told = n;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return told;
}

TEST(test_a_killed_agent_leaves_whole_steps)
{
	int64_t before = 0;

	signal(SIGPIPE, SIG_IGN);
	srand(1);
	for (int i = 0; i < KILLS; i++) {
		int64_t told = kill_writer(rand() % 15), now;
		struct store *store = open_good();

		now = last_step(store);
		/* one may have been committed, and not told any more */
		assert_true(now == told || now == told + 1);
		assert_true(told > before);
		before = now;
		store_close(store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_a_killed_agent_leaves_whole_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
