/* SPDX-License-Identifier: GPL-2.0-only */
/* A process and its files, told apart from those that take their places. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/clock.h"
#include "helper/mapped.h"

enum { NS_A_TICK = 10000000 };

TEST(start_is_found_behind_any_name)
{
	__u64 ticks;

	assert_int_equal(
		mapped_began_in("7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20",
				&ticks),
		0);
	assert_int_equal(ticks, 4711);
	assert_int_equal(mapped_began_in("7 (a) S ) ( 1) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 "
					 "17 18 4712 20",
					 &ticks),
			 0);
	assert_int_equal(ticks, 4712);
	assert_int_equal(mapped_began_in("7 (a) S 1 2", &ticks), -EINVAL);
	assert_int_equal(mapped_began_in("", &ticks), -EINVAL);
}

TEST(start_is_the_same_in_both_clocks)
{
	const __u64 hour = 3600ULL * 1000000000;

	assert_true(mapped_is_start(100, 100, 100ULL * NS_A_TICK, 0));
	assert_true(mapped_is_start(100, 100, 100ULL * NS_A_TICK + 9999999, 0));
	assert_false(mapped_is_start(100, 100, 103ULL * NS_A_TICK, 0));
	assert_false(mapped_is_start(100, 100, 97ULL * NS_A_TICK, 0));
	/* suspended for an hour before it began, or after */
	assert_true(mapped_is_start(360100, 100, 100ULL * NS_A_TICK, hour));
	assert_true(mapped_is_start(100, 100, 100ULL * NS_A_TICK, hour));
	assert_false(mapped_is_start(360200, 100, 100ULL * NS_A_TICK, hour));
}

TEST(process_is_that_one_or_none)
{
	const pid_t pid = fork();
	__u64 start_ns;
	int process, stays;

	if (!pid) {
		pause();
		_exit(0);
	}
	start_ns = clock_ns(CLOCK_MONOTONIC);
	process = mapped_process((__u32)pid, start_ns);
	stays = mapped_process((__u32)pid, 0);
	assert_true(process >= 0);
	assert_true(stays >= 0);
	assert_int_equal(mapped_process((__u32)pid, start_ns + 1000000000), -ESRCH);
	assert_int_equal(mapped_process((__u32)pid, 1), -ESRCH);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(mapped_process((__u32)pid, 0), -ESRCH);
	{
		static struct maps maps;
		__u64 ticks;

		assert_int_equal(mapped_files(stays, &maps), -ESRCH);
		assert_int_equal(mapped_began(stays, &ticks), -ESRCH);
	}
	close(process);
	close(stays);
}

/* ---- files ---- */

static char path[] = "/tmp/test_mapped.XXXXXX";
static void *mapping;
static struct maps_file file;

static int map_one(__attribute__((unused)) void **state)
{
	static struct maps maps;
	char name[sizeof(path)];
	const int self = mapped_process((__u32)getpid(), 0);
	int fd;

	memcpy(name, "/tmp/test_mapped.XXXXXX", sizeof(name));
	fd = mkstemp(name);
	memcpy(path, name, sizeof(path));
	assert_int_equal(ftruncate(fd, 8192), 0);
	mapping = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapping, MAP_FAILED);
	close(fd);
	assert_int_equal(mapped_files(self, &maps), 0);
	for (size_t i = 0; i < maps.n; i++) {
		if (!strcmp(maps.list[i].path, path)) {
			file = maps.list[i];
			file.path = path;
		}
	}
	assert_true(file.id.ino);
	maps_clear(&maps);
	close(self);
	return 0;
}

static int unmap(__attribute__((unused)) void **state)
{
	munmap(mapping, 8192);
	unlink(path);
	return 0;
}

TEST(file_is_opened)
{
	const int self = mapped_process((__u32)getpid(), 0), fd = mapped_open(self, &file);
	struct mapped_state found;
	struct stat status;

	assert_true(fd >= 0);
	assert_int_equal(mapped_state(fd, &found), 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(found.id.ino, file.id.ino);
	assert_int_equal(found.id.dev, file.id.dev);
	assert_int_equal(found.size, 8192);
	assert_int_equal(found.changed.tv_nsec, status.st_ctim.tv_nsec);
	close(fd);
	close(self);
}

TEST(another_file_in_its_place_is_not)
{
	const int self = mapped_process((__u32)getpid(), 0);
	int fd, other;

	/* the mapping itself is out of reach: /proc has no such range */
	file.start += 4096;
	unlink(path);
	assert_int_equal(mapped_open(self, &file), -ESTALE);
	other = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(other, 8192), 0);
	close(other);
	assert_int_equal(mapped_open(self, &file), -ESTALE);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = mapped_open(self, &file);
	assert_true(fd < 0);
	unlink(path);
	assert_int_equal(symlink("/dev/tty", path), 0);
	fd = mapped_open(self, &file);
	assert_true(fd < 0);
	file.start -= 4096;
	close(self);
}

TEST(path_is_below_the_root_it_begins_with)
{
	assert_string_equal(mapped_below("/srv/a", "/srv/a/lib/libssl.so"), "/lib/libssl.so");
	assert_string_equal(mapped_below("/srv/a", "/srv/ab/libssl.so"), "/srv/ab/libssl.so");
	assert_string_equal(mapped_below("/srv/a", "/lib/libssl.so"), "/lib/libssl.so");
	assert_string_equal(mapped_below("/", "/lib/libssl.so"), "/lib/libssl.so");
}

TEST(executable_is_known_by_its_path)
{
	static struct maps maps;
	const int self = mapped_process((__u32)getpid(), 0);

	assert_null(mapped_executable(self, &maps));
	assert_int_equal(mapped_files(self, &maps), 0);
	assert_string_equal(maps_name(mapped_executable(self, &maps)->path), "test_mapped");
	maps_clear(&maps);
	close(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_is_found_behind_any_name),
		cmocka_unit_test(start_is_the_same_in_both_clocks),
		cmocka_unit_test(process_is_that_one_or_none),
		cmocka_unit_test_setup_teardown(file_is_opened, map_one, unmap),
		cmocka_unit_test_setup_teardown(another_file_in_its_place_is_not, map_one, unmap),
		cmocka_unit_test(path_is_below_the_root_it_begins_with),
		cmocka_unit_test(executable_is_known_by_its_path),
	};

	return cmocka_run_group_tests_name("mapped", tests, NULL, NULL);
}
