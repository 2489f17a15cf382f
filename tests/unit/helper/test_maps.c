/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc/PID/maps says, of whoever runs the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "helper/maps.h"

static struct maps maps;

static int teardown(__attribute__((unused)) void **state)
{
	maps_clear(&maps);
	maps.cut = false;
	return 0;
}

static int setup(void **state)
{
	return teardown(state);
}

static bool parse(const char *text, struct maps_file *ret)
{
	static char line[512];

	snprintf(line, sizeof(line), "%s", text);
	return maps_parse(line, ret);
}

TEST(names_file_and_mapping)
{
	struct maps_file file;

	assert_true(parse("7f0000001000-7f0000003000 r-xp 0001f000 fe:01 1234567                  "
			  "  /usr/lib/x86_64-linux-gnu/libssl.so.3",
			  &file));
	assert_int_equal(file.id.dev, 0xfe << 20 | 1);
	assert_int_equal(file.id.ino, 1234567);
	assert_int_equal(file.start, 0x7f0000001000);
	assert_int_equal(file.end, 0x7f0000003000);
	assert_string_equal(file.path, "/usr/lib/x86_64-linux-gnu/libssl.so.3");
	assert_false(file.deleted);
	assert_string_equal(maps_name(file.path), "libssl.so.3");
}

TEST(takes_executable_files_alone)
{
	static const char *const others[] = {
		"",
		"7f0000001000-7f0000003000 r--p 00000000 fe:01 5 /lib/x",
		"7f0000001000-7f0000003000 rw-p 00000000 00:00 0 ",
		"7f0000001000-7f0000003000 r-xp 00000000 00:00 0 [vdso]",
		"7f0000001000-7f0000003000 r-xp 00000000 00:0f 5 anon_inode:x",
		"7f0000001000-7f0000003000 r-xp 00000000 fe:01 5",
		"7f0000001000-7f0000003000 r-xp 00000000 fe:01 0 /lib/x",
		"7f0000003000-7f0000001000 r-xp 00000000 fe:01 5 /lib/x",
		"7f0000001000 7f0000003000 r-xp 00000000 fe:01 5 /lib/x",
		"7f0000001000-7f0000003000 r-xp 00000000 fe:01 99999999999999999999 /lib/x",
		"7f0000001000-7f0000003000 r-xp 00000000 fe01:01 5 /lib/x",
		"7f0000001000-7f0000003000 r-xp 00000000 fe:fffff1 5 /lib/x",
		"7f0000001000-7f0000003000 r-x",
		"7f0000001000-",
		"10000000000000000-20000000000000000 r-xp 00000000 fe:01 5 /lib/x",
	};
	struct maps_file file;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(parse(others[i], &file));
}

TEST(knows_what_was_deleted)
{
	struct maps_file file;

	assert_true(parse("1000-2000 r-xp 0 fe:01 5 /lib/libssl.so.3 (deleted)", &file));
	assert_true(file.deleted);
	assert_string_equal(file.path, "/lib/libssl.so.3");
	assert_true(parse("1000-2000 r-xp 0 fe:01 5 /lib/ (deleted) x", &file));
	assert_false(file.deleted);
}

TEST(takes_any_name)
{
	struct maps_file file;

	assert_true(parse("1000-2000 r-xp 0 fe:01 5 /a b/c\\012d \t\x80", &file));
	assert_string_equal(file.path, "/a b/c\nd \t\x80");
	assert_true(parse("1000-2000 r-xp 0 fe:01 5 /", &file));
	assert_string_equal(maps_name(file.path), "");
}

TEST(has_each_file_once)
{
	char one[] = "1000-2000 r-xp 0 fe:01 5 /lib/a", same[] = "3000-4000 r-xp 0 fe:01 5 /lib/a";
	char other[] = "3000-4000 r-xp 0 fe:02 5 /lib/a";
	const struct maps_id id = {.ino = 5, .dev = 0xfe << 20 | 2};

	assert_int_equal(maps_add(&maps, one), 0);
	assert_int_equal(maps_add(&maps, same), 0);
	assert_int_equal(maps.n, 1);
	assert_null(maps_find(&maps, &id));
	assert_int_equal(maps_add(&maps, other), 0);
	assert_int_equal(maps.n, 2);
	assert_ptr_equal(maps_find(&maps, &id), &maps.list[1]);
}

TEST(is_bounded)
{
	for (int i = 1; i < MAPS_FILES_MAX + 10; i++) {
		char line[64];

		snprintf(line, sizeof(line), "1000-2000 r-xp 0 fe:01 %d /x", i);
		assert_int_equal(maps_add(&maps, line), 0);
	}
	assert_int_equal(maps.n, MAPS_FILES_MAX);
	assert_true(maps.cut);
}

static int file_of(const char *text, size_t len)
{
	char path[] = "/tmp/test_maps.XXXXXX";
	const int fd = mkstemp(path);

	unlink(path);
	assert_int_equal(write(fd, text, len), len);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

TEST(passes_over_lines_that_are_too_long)
{
	const size_t len = (size_t)MAPS_LINE_BYTES * 5;
	char *text = malloc(len);
	static const char last[] = "\n3000-4000 r-xp 0 fe:01 7 /lib/b\n";
	int fd;

	memset(text, 'a', len);
	memcpy(text, "1000-2000 r-xp 0 fe:01 5 /lib/a\n1000-2000 r-xp 0 fe:01 6 /", 58);
	memcpy(text + len - sizeof(last) + 1, last, sizeof(last) - 1);
	fd = file_of(text, len);
	assert_int_equal(maps_read(&maps, fd), 0);
	assert_int_equal(maps.n, 2);
	assert_string_equal(maps.list[1].path, "/lib/b");
	close(fd);
	free(text);
}

TEST(reads_its_own)
{
	const int fd = open("/proc/self/maps", O_RDONLY);

	assert_int_equal(maps_read(&maps, fd), 0);
	assert_true(maps.n > 3);
	assert_string_equal(maps_name(maps.list[0].path), "test_maps");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_file_and_mapping),
		cmocka_unit_test(takes_executable_files_alone),
		cmocka_unit_test(knows_what_was_deleted),
		cmocka_unit_test(takes_any_name),
		WITH_SETUP(has_each_file_once),
		WITH_SETUP(is_bounded),
		WITH_SETUP(passes_over_lines_that_are_too_long),
		WITH_SETUP(reads_its_own),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
