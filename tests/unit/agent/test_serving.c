/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/serving.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"

enum { SECOND = 1000000000 };

static char told[4096]; /* what has changed: "what from>to detail;" */
static struct serving_list serving;

static void on_change(void *context, const struct serving_change *change)
{
	size_t at = strlen(told);

	(void)context;
	snprintf(told + at, sizeof(told) - at, "%s %s>%s %s;", timeline_what_name(change->what),
		 change->from ?: "", change->to ?: "", change->detail ?: "");
}

static const char *version_of(void *context, __u32 id)
{
	static const char *const names[] = {"none", "a", "b", NULL};

	(void)context;
	return id < 3 ? names[id] : NULL;
}

static const struct serving_tells tells = {on_change, version_of, NULL};

static void begin(void)
{
	told[0] = 0;
	serving_init(&serving, 100ULL * SECOND);
}

static struct process_facts process(__u32 pid, __u64 start_s, __u32 root, __u16 version,
				    const char *exe)
{
	struct process_facts facts = {
		.process = {.tgid = pid, .start_ns = start_s * SECOND},
		.root_tgid = root ?: pid,
		.root_start_ns = root ? 100ULL * SECOND : start_s * SECOND,
		.seen_ns = start_s * SECOND,
		.service = 1,
		.version = version,
	};

	snprintf(facts.exe_path, sizeof(facts.exe_path), "%s", exe);
	return facts;
}

static void serve(__u32 pid, __u64 start_s, __u32 root, __u16 version)
{
	struct process_facts facts = process(pid, start_s, root, version, "/usr/sbin/nginx");

	serving_told(&serving, &facts, &tells);
}

static void end(__u32 pid, __u64 start_s, __u32 code, bool oom)
{
	const struct process_exit exit = {
		.process = {.tgid = pid, .start_ns = start_s * SECOND},
		.ended_ns = (start_s + 1) * SECOND,
		.code = code,
		.oom = oom,
	};

	serving_ended(&serving, &exit, &tells);
}

/* What has changed since the last call. */
static const char *changes(void)
{
	static char last[sizeof(told)];

	serving_decide(&serving, 300ULL * SECOND, &tells);
	memcpy(last, told, sizeof(last));
	told[0] = 0;
	return last;
}

TEST(what_was_there_before_is_no_change)
{
	begin();
	serve(1, 50, 0, 1);
	assert_string_equal(changes(), "");
	serve(2, 60, 0, 1);
	assert_string_equal(changes(), "");
	serving_clear(&serving);
}

TEST(a_new_version_is_told_once_and_a_restart_is_a_start)
{
	begin();
	serve(1, 50, 0, 1);
	changes();
	serve(2, 110, 0, 2);
	assert_string_equal(changes(), "version a>b ;instances 1>2 ;");
	serve(2, 110, 0, 2);
	assert_string_equal(changes(), "");
	end(1, 50, 0, false);
	assert_string_equal(changes(), "ended a> exit code 0;instances 2>1 ;");
	/* the old one again, a little later, as in a rolling restart */
	serve(3, 120, 0, 1);
	assert_string_equal(changes(), "started >a ;instances 1>2 ;");
	serving_clear(&serving);
}

TEST(a_version_that_is_not_named_yet_waits)
{
	begin();
	serve(1, 50, 0, 1);
	changes();
	serve(2, 110, 0, 7);
	assert_string_equal(changes(), "instances 1>2 ;");
	serve(2, 110, 0, 2);
	assert_string_equal(changes(), "version a>b ;");
	serving_clear(&serving);
}

TEST(crashes_are_told_and_what_is_asked_to_end_does_not_crash)
{
	begin();
	serve(1, 110, 0, 1);
	changes();
	end(1, 110, SIGSEGV | 0x80, false);
	assert_string_equal(changes(), "crashed a> SIGSEGV;instances 1>0 ;");
	serve(2, 120, 0, 1);
	changes();
	end(2, 120, SIGTERM, false);
	assert_string_equal(changes(), "ended a> SIGTERM;instances 1>0 ;");
	serve(3, 130, 0, 1);
	changes();
	end(3, 130, SIGKILL, true);
	assert_string_equal(changes(),
			    "oom a> killed when the kernel was out of memory;instances 1>0 ;");
	serving_clear(&serving);
}

TEST(workers_are_one_instance)
{
	begin();
	serve(11, 101, 10, 1);
	serve(12, 101, 10, 1);
	assert_string_equal(changes(), "started >a ;");
	end(11, 101, 0, false);
	assert_string_equal(changes(), "");
	end(12, 101, 0, false);
	assert_string_equal(changes(), "ended a> exit code 0;instances 1>0 ;");
	serving_clear(&serving);
}

TEST(newer_workers_of_nginx_are_a_reload_unless_one_has_crashed)
{
	begin();
	serve(11, 101, 10, 1);
	changes();
	serve(13, 140, 10, 1);
	serve(14, 140, 10, 1);
	assert_string_equal(changes(), "reload > new workers under the same master;");
	end(11, 101, 0, false);
	end(13, 140, SIGSEGV, false);
	assert_string_equal(changes(), "crashed a> SIGSEGV;");
	serve(15, 142, 10, 1);
	assert_string_equal(changes(), "");
	/* an idle one of before */
	serve(12, 101, 10, 1);
	assert_string_equal(changes(), "");
	serving_clear(&serving);
}

TEST(a_crash_loop_is_told_so_often)
{
	size_t n = 0;

	begin();
	for (__u32 i = 0; i < 100; i++) {
		serve(100 + i, 110 + i, 0, 1);
		changes();
		end(100 + i, 110 + i, SIGABRT, false);
		n += strlen(changes()) > 0;
	}
	assert_true(n <= CHANGES_OF_SERVICE);
	serve(900, 5000, 0, 1);
	serving_decide(&serving, 5000ULL * SECOND, &tells);
	assert_non_null(strstr(told, "were left out"));
	serving_clear(&serving);
}

TEST(the_number_of_processes_is_bounded)
{
	begin();
	for (__u32 i = 0; i < SERVING_KNOWN_MAX + 10; i++)
		serve(10 + i, 50, 0, 1);
	assert_int_equal(serving.n, SERVING_KNOWN_MAX);
	assert_int_equal(serving_of_version(&serving, 1), SERVING_KNOWN_MAX);
	serving_forget(&serving, 1);
	assert_int_equal(serving.n, 0);
	serving_clear(&serving);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_there_before_is_no_change),
		cmocka_unit_test(a_new_version_is_told_once_and_a_restart_is_a_start),
		cmocka_unit_test(a_version_that_is_not_named_yet_waits),
		cmocka_unit_test(crashes_are_told_and_what_is_asked_to_end_does_not_crash),
		cmocka_unit_test(workers_are_one_instance),
		cmocka_unit_test(newer_workers_of_nginx_are_a_reload_unless_one_has_crashed),
		cmocka_unit_test(a_crash_loop_is_told_so_often),
		cmocka_unit_test(the_number_of_processes_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
