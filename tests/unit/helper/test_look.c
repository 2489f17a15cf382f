/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that is looked at: what is told of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "helper/look.h"

enum { TOLD_MAX = 16 };

static struct tls_packet_found told[TOLD_MAX];
static size_t n_told;
static char excludes[2][TLS_TEXT_BYTES];
static struct probed *probed;
static struct watch *watch;

static void tell(void *context, const struct tls_packet_found *found)
{
	(void)context;
	assert_true(n_told < TOLD_MAX);
	told[n_told++] = *found;
}

static struct look look;

static int setup(__attribute__((unused)) void **state)
{
	probed = calloc(1, sizeof(*probed));
	watch = watch_new();
	look = (struct look){
		.known = known_new(),
		.probed = probed,
		.watch = watch,
		.excludes = (const char(*)[TLS_TEXT_BYTES])excludes,
		.tell = tell,
	};
	n_told = 0;
	return 0;
}

static int teardown(__attribute__((unused)) void **state)
{
	known_free(look.known);
	free(probed);
	return 0;
}

TEST(patterns_are_of_whole_paths)
{
	strcpy(excludes[0], "/usr/bin/clickhouse*");
	strcpy(excludes[1], "*/java");
	look.n_excludes = 2;
	assert_true(look_is_excluded(&look, "/usr/bin/clickhouse-server"));
	assert_true(look_is_excluded(&look, "/opt/jdk/bin/java"));
	assert_false(look_is_excluded(&look, "/opt/jdk/bin/java2"));
	assert_false(look_is_excluded(&look, "/x/usr/bin/clickhouse"));
	look.n_excludes = 0;
	assert_false(look_is_excluded(&look, "/usr/bin/clickhouse-server"));
}

TEST(libraries_are_known_by_name)
{
	assert_true(look_is_library("libssl.so.3"));
	assert_true(look_is_library("libgnutls.so.30.34.3"));
	assert_false(look_is_library("libc.so.6"));
	assert_false(look_is_library(""));
}

/* Of a program that needs no library but libc's. */
static pid_t start_sleep(void)
{
	int ends[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		execlp("sleep", "sleep", "100", NULL);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* it has executed */
	close(ends[0]);
	usleep(100000); /* and been loaded */
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(a_process_without_a_library_is_told_once)
{
	const pid_t pid = start_sleep();
	const struct tls_packet_look what = {.tgid = (__u32)pid};

	assert_int_equal(look_at(&look, &what), 0);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].kind, TLS_FOUND_NOT);
	assert_int_equal(told[0].tgid, pid);
	assert_int_equal(told[0].reason, TLS_NOT_NO_LIBRARY);
	assert_string_equal(maps_name(told[0].path), "sleep");
	end(pid);
}

TEST(an_excluded_one_is_not_looked_into)
{
	const pid_t pid = start_sleep();
	const struct tls_packet_look what = {.tgid = (__u32)pid};

	strcpy(excludes[0], "*/sleep");
	look.n_excludes = 1;
	look_at(&look, &what);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].reason, TLS_NOT_EXCLUDED);
	end(pid);
}

TEST(one_that_has_ended_is_told_as_that)
{
	struct tls_packet_look what = {};
	const pid_t pid = fork();

	if (!pid)
		_exit(0);
	what.tgid = (__u32)pid;
	waitpid(pid, NULL, 0);
	look_at(&look, &what);
	assert_int_equal(n_told, 1);
	assert_int_equal(told[0].reason, TLS_NOT_ENDED);
	what.tgid = (__u32)getpid();
	what.start_ns = 1; /* it was another one's number then */
	look_at(&look, &what);
	assert_int_equal(told[1].reason, TLS_NOT_ENDED);
}

TEST(a_file_that_is_stuck_is_not_touched)
{
	const struct maps_id one = {.ino = 5, .dev = 1}, other = {.ino = 6, .dev = 1};

	assert_false(watch_is_stuck(watch, &one));
	watch_begin(watch, &one);
	watch_end(watch);
	watch_died(watch); /* while at no file */
	assert_false(watch_is_stuck(watch, &one));
	watch_begin(watch, &one);
	assert_false(watch_is_late(watch));
	watch->since_ms -= WATCH_MS + 1000;
	assert_true(watch_is_late(watch));
	watch_died(watch);
	assert_true(watch_is_stuck(watch, &one));
	assert_false(watch_is_stuck(watch, &other));
	assert_false(watch_is_late(watch));
	for (__u32 i = 0; i < WATCH_STUCK_MAX; i++) {
		watch_begin(watch, &(struct maps_id){.ino = 100 + i});
		watch_died(watch);
	}
	assert_false(watch_is_stuck(watch, &one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(patterns_are_of_whole_paths),
		WITH_SETUP(libraries_are_known_by_name),
		WITH_SETUP(a_process_without_a_library_is_told_once),
		WITH_SETUP(an_excluded_one_is_not_looked_into),
		WITH_SETUP(one_that_has_ended_is_told_as_that),
		WITH_SETUP(a_file_that_is_stuck_is_not_touched),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
