/* SPDX-License-Identifier: GPL-2.0-only */
/* A state directory of this process's user, below one that this process may not search. */
#include "tests/unit/store/store_fixture.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "base/place.h"

enum { USER = 65525 };

/* Runs as another user. Returns which of the steps has failed, 0 for none. */
static int as_user(bool kept)
{
	struct store *store = NULL;
	const int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (kept && place_keep(state_dir, fd)))
		return 1;
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		return 2;
	if (access(state_dir, F_OK) != -1 || errno != EACCES)
		return 3;
	if (store_open(state_dir, &store, &notice))
		return 4;
	if (!store_bytes(store) || store_vanished(store))
		return 5;
	store_close(store);
	place_clear();
	return 0;
}

static int outcome(bool kept)
{
	int status = -1;
	pid_t pid;

	if (geteuid())
		skip();
	assert_int_equal(mkdir(state_dir, 0750), 0);
	assert_int_equal(chown(state_dir, USER, USER), 0);
	pid = fork();
	if (!pid)
		_exit(as_user(kept));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST(a_kept_directory_is_reached_below_one_that_is_not)
{
	struct stat status;

	assert_int_equal(outcome(true), 0);
	assert_int_equal(stat(database, &status), 0);
	assert_int_equal(status.st_uid, USER);
}

TEST(one_that_is_not_kept_is_out_of_reach)
{
	assert_int_equal(outcome(false), 4);
}

static void damage(void)
{
	FILE *file = fopen(database, "we");

	assert_non_null(file);
	for (int i = 0; i < 4096; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(chown(database, USER, USER), 0);
}

/* The name that people know stands in the notice. */
TEST(a_damaged_one_is_set_aside_there)
{
	int fd, status = -1;
	pid_t pid;

	if (geteuid())
		skip();
	assert_int_equal(mkdir(state_dir, 0750), 0);
	assert_int_equal(chown(state_dir, USER, USER), 0);
	damage();
	fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = fork();
	if (!pid) {
		struct store *store = NULL;
		int r = place_keep(state_dir, fd);

		if (r || setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
			_exit(1);
		if (store_open(state_dir, &store, &notice))
			_exit(2);
		store_close(store);
		place_clear();
		_exit(strstr(notice.text, database) == notice.text &&
				      strstr(notice.text, "was set aside as") ?
			      0 :
			      3);
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_kept_directory_is_reached_below_one_that_is_not),
		STORE_TEST(one_that_is_not_kept_is_out_of_reach),
		STORE_TEST(a_damaged_one_is_set_aside_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
