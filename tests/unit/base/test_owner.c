/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory that others could change is closed to them, or refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/owner.h"

enum { NOBODY = 65534 };

static char told[1024];
static struct error error;

static void hear(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void hear(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(told, sizeof(told), format, args);
	va_end(args);
}

static char above[64], dir[80];

static void make(mode_t mode)
{
	strcpy(above, "/tmp/owner-XXXXXX");
	assert_non_null(mkdtemp(above));
	snprintf(dir, sizeof(dir), "%s/state", above);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, mode), 0);
	*told = 0;
}

static void remove_all(void)
{
	char file[96];

	snprintf(file, sizeof(file), "%s/file", dir);
	unlink(file);
	snprintf(file, sizeof(file), "%s/sliprobe.db", dir);
	unlink(file);
	rmdir(dir);
	rmdir(above);
}

static mode_t mode_now(void)
{
	struct stat status;

	assert_int_equal(stat(dir, &status), 0);
	return status.st_mode & 07777;
}

static void put(const char *name)
{
	char file[96];

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	close(open(file, O_WRONLY | O_CREAT, 0600));
}

TEST(one_of_its_own_is_fine)
{
	make(0750);
	assert_int_equal(owner_check_dir(dir, hear, &error), 0);
	assert_string_equal(told, "");
	assert_int_equal(mode_now(), 0750);
	remove_all();
	assert_int_equal(owner_check_dir(dir, hear, &error), 0); /* it is made later */
}

TEST(one_that_is_open_to_others_is_closed)
{
	make(0777);
	assert_int_equal(owner_check_dir(dir, hear, &error), 0);
	assert_non_null(strstr(told, "mode 0777): its mode is 0755 now"));
	assert_int_equal(mode_now(), 0755);
	remove_all();
	make(0770);
	put("sliprobe.db");
	put("file");
	assert_int_equal(owner_check_dir(dir, hear, &error), 0);
	assert_int_equal(mode_now(), 0750);
	remove_all();
}

TEST(one_that_others_use_is_refused)
{
	make(0777);
	put("file");
	assert_int_equal(owner_check_dir(dir, hear, &error), -EPERM);
	assert_non_null(strstr(error.text, "has other files in it"));
	assert_int_equal(mode_now(), 0777);
	remove_all();
}

TEST(a_sticky_one_is_only_told)
{
	make(01777);
	assert_int_equal(owner_check_dir(dir, hear, &error), 0);
	assert_non_null(strstr(told, "may be written to by others (mode 1777)"));
	assert_int_equal(mode_now(), 01777);
	remove_all();
}

TEST(one_of_another_user_is_refused)
{
	if (geteuid())
		return;
	make(0700);
	assert_int_equal(chown(dir, NOBODY, NOBODY), 0);
	assert_int_equal(owner_check_dir(dir, hear, &error), -EPERM);
	assert_non_null(strstr(error.text, "belongs to user 65534"));
	remove_all();
}

TEST(what_is_above_is_told)
{
	make(0700);
	assert_int_equal(chmod(above, 0777), 0);
	assert_int_equal(owner_check_dir(dir, hear, &error), 0);
	assert_non_null(strstr(told, "they could put another directory in its place"));
	assert_ptr_equal(strstr(told, above), told);
	remove_all();
}

TEST(a_file_is_no_directory)
{
	make(0700);
	put("file");
	strcat(dir, "/file");
	assert_int_equal(owner_check_dir(dir, hear, &error), -ENOTDIR);
	assert_non_null(strstr(error.text, "is no directory"));
	*strrchr(dir, '/') = 0;
	remove_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_its_own_is_fine),
		cmocka_unit_test(one_that_is_open_to_others_is_closed),
		cmocka_unit_test(one_that_others_use_is_refused),
		cmocka_unit_test(a_sticky_one_is_only_told),
		cmocka_unit_test(one_of_another_user_is_refused),
		cmocka_unit_test(what_is_above_is_told),
		cmocka_unit_test(a_file_is_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
