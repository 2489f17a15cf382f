/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that were forked lately. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "helper/births.h"

static pid_t forked, executed;
static int met_forked, met_executed;

TEST(the_last_id_is_the_last_number)
{
	assert_int_equal(births_last_in("0.20 0.18 0.12 1/80 11206\n"), 11206);
	assert_int_equal(births_last_in(""), 0);
}

TEST(a_fork_is_told_by_its_flags_behind_any_name)
{
	struct birth birth = {};

	assert_true(births_read("7 (a) S 4711 7 7 0 -1 4194368 1", &birth));
	assert_int_equal(birth.parent, 4711);
	assert_false(birth.executed);
	assert_true(births_read("7 (a) R 1 (b) R 4712 7 7 0 -1 64 1", &birth));
	assert_int_equal(birth.parent, 4712);
	assert_false(birth.executed);
	assert_true(births_read("7 (a) S 4711 7 7 0 -1 4194304 1", &birth));
	assert_true(birth.executed);
	assert_false(births_read("7 (a) S 4711", &birth));
	assert_false(births_read("", &birth));
}

TEST(ids_begin_anew_behind_the_highest)
{
	assert_true(births_is_new(11, 10, 12));
	assert_true(births_is_new(12, 10, 12));
	assert_false(births_is_new(10, 10, 12));
	assert_false(births_is_new(13, 10, 12));
	assert_true(births_is_new(32000, 31999, 400));
	assert_true(births_is_new(301, 31999, 400));
	assert_false(births_is_new(401, 31999, 400));
	assert_false(births_is_new(31999, 31999, 400));
}

static void meet(void *context, const struct birth *birth)
{
	(void)context;
	if (birth->parent != (__u32)getpid())
		return;
	met_forked += birth->tgid == (__u32)forked && !birth->executed;
	met_executed += birth->tgid == (__u32)executed && birth->executed;
}

static pid_t start(const char *program)
{
	const pid_t pid = fork();

	if (pid)
		return pid;
	if (program)
		execl(program, program, "60", NULL);
	pause();
	_exit(1);
}

TEST(forks_are_met_once_and_so_is_what_executes)
{
	struct births births = {};
	const pid_t older = start(NULL);

	births_each(&births, meet, NULL);
	assert_int_not_equal(births.last, 0);
	forked = start(NULL);
	executed = start("/bin/sleep");
	usleep(100000);
	births_each(&births, meet, NULL);
	births_each(&births, meet, NULL);
	assert_int_equal(met_forked, 1);
	assert_int_equal(met_executed, 1);
	kill(older, SIGKILL);
	kill(forked, SIGKILL);
	kill(executed, SIGKILL);
	for (int i = 0; i < 3; i++)
		wait(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_id_is_the_last_number),
		cmocka_unit_test(a_fork_is_told_by_its_flags_behind_any_name),
		cmocka_unit_test(ids_begin_anew_behind_the_highest),
		cmocka_unit_test(forks_are_met_once_and_so_is_what_executes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
