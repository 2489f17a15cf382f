/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that serve together. */
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "helper/family.h"

enum { CHILDREN = 3 };

static pid_t children[CHILDREN], stranger;
static bool met[CHILDREN], met_this, met_stranger;

TEST(parents_are_found_behind_any_name)
{
	assert_int_equal(family_parent_in("7 (a) S 4711 2 3"), 4711);
	assert_int_equal(family_parent_in("7 (a) S 1 (b) R 4712 2 3"), 4712);
	assert_int_equal(family_parent_in("7 (a"), 0);
	assert_int_equal(family_parent_in(""), 0);
}

static void meet(void *context, __u32 tgid)
{
	(void)context;
	for (int i = 0; i < CHILDREN; i++)
		met[i] |= tgid == (__u32)children[i];
	met_this |= tgid == (__u32)getpid();
	met_stranger |= tgid == (__u32)stranger;
}

TEST(parent_children_and_siblings_are_met)
{
	for (int i = 0; i <= CHILDREN; i++) {
		const pid_t pid = fork();

		if (!pid) {
			if (i == CHILDREN)
				execlp("sleep", "sleep", "100", NULL);
			pause();
			_exit(0);
		}
		if (i < CHILDREN)
			children[i] = pid;
		else
			stranger = pid;
	}
	usleep(100000);
	family_each((__u32)getpid(), meet, NULL);
	assert_true(met[0] && met[1] && met[2]);
	assert_false(met_this || met_stranger);
	memset(met, 0, sizeof(met));
	family_each((__u32)children[0], meet, NULL);
	assert_true(!met[0] && met[1] && met[2] && met_this);
	assert_false(met_stranger);
	for (int i = 0; i < CHILDREN; i++)
		kill(children[i], SIGKILL);
	kill(stranger, SIGKILL);
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parents_are_found_behind_any_name),
		cmocka_unit_test(parent_children_and_siblings_are_met),
	};

	return cmocka_run_group_tests_name("family", tests, NULL, NULL);
}
