/* SPDX-License-Identifier: GPL-2.0-only */
/* An agent that is killed at any moment leaves whole steps. */
#include "tests/unit/store/steps_fixture.h"

#include "tests/unit/fixtures/killed.h"

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

TEST(test_a_killed_agent_leaves_whole_steps)
{
	int64_t before = 0;

	signal(SIGPIPE, SIG_IGN);
	srand(1);
	for (int i = 0; i < KILLS; i++) {
		int64_t told = killed_while(write_steps, rand() % 15, 0), now;
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
