/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of TLS in processes: who is looked at, when, and what is found. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "agent/tls_table.h"
#include "agent/tls_words.h"

static struct tls_wanted wanted(__u32 tgid, enum tls_wanted_why why)
{
	return (struct tls_wanted){
		.start_ns = 1000 + tgid, .tgid = tgid, .why = why, .port = (__u16)(8000 + tgid)};
}

static void want(struct tls_table *table, __u32 tgid, enum tls_wanted_why why, double now)
{
	const struct tls_wanted process = wanted(tgid, why);

	assert_int_equal(tls_table_want(table, &process, now), 0);
}

/* Asks for the one that is due, which must be this one. */
static void asked(struct tls_table *table, __u32 tgid, double now)
{
	struct tls_process *due = tls_table_due(table, now);

	assert_non_null(due);
	assert_int_equal(due->tgid, tgid);
	tls_process_ask(due);
}

static void found(struct tls_table *table, __u32 tgid, __u32 profile, enum tls_not_reason reason,
		  const char *text)
{
	struct tls_packet_found packet = {
		.start_ns = 1000 + tgid,
		.tgid = tgid,
		.kind = reason == TLS_NOT_NONE ? TLS_FOUND_ATTACHED : TLS_FOUND_NOT,
		.reason = reason,
		.profile = profile,
		.probes = 8,
		.name = "OpenSSL 3.0.17",
		.path = "/usr/lib/libssl.so.3",
	};

	snprintf(packet.text, sizeof(packet.text), "%s", text);
	assert_int_equal(tls_table_found(table, &packet), 0);
}

static struct tls_process *looked(struct tls_table *table, __u32 tgid, double now)
{
	const struct tls_packet_looked packet = {.start_ns = 1000 + tgid, .tgid = tgid};

	return tls_table_looked(table, &packet, now);
}

TEST(a_process_is_looked_at_once_and_known_as_probed)
{
	struct tls_table table = {};
	struct tls_process *process;

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	assert_int_equal(tls_table_open(&table), 1);
	asked(&table, 7, 1);
	assert_null(tls_table_due(&table, 1));
	found(&table, 7, 3, TLS_NOT_NONE, "");
	process = looked(&table, 7, 2);
	assert_non_null(process);
	assert_true(process->probed);
	assert_int_equal(tls_table_open(&table), 0);
	assert_int_equal(table.n_files, 1);
	assert_int_equal(table.files[0].probes, 8);
	assert_int_equal(tls_table_users(&table, 3), 1);
	want(&table, 7, TLS_WANTED_SPEAKS, 100);
	assert_null(tls_table_due(&table, 200));
	tls_table_clear(&table);
}

TEST(what_is_not_probed_is_looked_at_again_when_it_speaks_but_not_at_once)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_SPEAKS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 0, TLS_NOT_JAVA, "");
	assert_false(looked(&table, 7, 2)->probed);
	want(&table, 7, TLS_WANTED_SPEAKS, 3);
	assert_null(tls_table_due(&table, 3));
	assert_null(tls_table_due(&table, 2 + TLS_AGAIN_SECONDS - 1));
	asked(&table, 7, 2 + TLS_AGAIN_SECONDS);
	tls_table_clear(&table);
}

TEST(an_executable_that_has_begun_to_serve_is_looked_at_at_once)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 0, TLS_NOT_NOT_SERVED, "");
	assert_false(looked(&table, 7, 2)->probed);
	want(&table, 7, TLS_WANTED_SPEAKS, 2);
	assert_true(tls_table_due(&table, 2)->serves);
	/* also while it is being looked at as a listener */
	tls_table_clear(&table);
	want(&table, 7, TLS_WANTED_LISTENS, 1);
	asked(&table, 7, 1);
	want(&table, 7, TLS_WANTED_SPEAKS, 1);
	assert_null(tls_table_due(&table, 1));
	found(&table, 7, 0, TLS_NOT_NOT_SERVED, "");
	assert_non_null(looked(&table, 7, 2));
	asked(&table, 7, 2);
	tls_table_clear(&table);
}

TEST(a_busy_helper_is_asked_again_later)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 0, TLS_NOT_BUSY, "");
	assert_false(looked(&table, 7, 1)->probed);
	assert_null(tls_table_due(&table, 1));
	asked(&table, 7, 1 + TLS_BUSY_SECONDS);
	tls_table_clear(&table);
}

TEST(an_answer_to_nobodys_question_says_nothing)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	found(&table, 7, 3, TLS_NOT_NONE, "");
	assert_null(looked(&table, 7, 1));
	assert_null(looked(&table, 8, 1));
	assert_int_equal(table.processes[0].n, 0);
	tls_table_clear(&table);
}

TEST(a_reused_number_is_another_process)
{
	struct tls_table table = {};
	struct tls_wanted other = wanted(7, TLS_WANTED_LISTENS);

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 3, TLS_NOT_NONE, "");
	assert_true(looked(&table, 7, 1)->probed);
	other.start_ns = 5;
	assert_int_equal(tls_table_want(&table, &other, 1), 0);
	assert_int_equal(table.n_processes, 1);
	assert_false(table.processes[0].probed);
	assert_int_equal(tls_table_users(&table, 3), 0);
	asked(&table, 7, 1);
	/* of the one before */
	assert_null(looked(&table, 7, 1));
	tls_table_clear(&table);
}

TEST(a_helper_that_begins_anew_is_asked_all_again)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 3, TLS_NOT_NONE, "");
	looked(&table, 7, 1);
	want(&table, 8, TLS_WANTED_LISTENS, 1);
	asked(&table, 8, 1);
	tls_table_anew(&table);
	assert_int_equal(table.n_files, 0);
	assert_int_equal(tls_table_open(&table), 2);
	asked(&table, 7, 1);
	assert_int_equal(table.processes[0].n, 0);
	tls_table_clear(&table);
}

TEST(files_go_with_their_profile)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 3, TLS_NOT_NONE, "");
	found(&table, 7, 4, TLS_NOT_NONE, "");
	found(&table, 7, 3, TLS_NOT_NONE, "");
	assert_int_equal(table.n_files, 2);
	tls_table_gone(&table, 3);
	assert_int_equal(table.n_files, 1);
	assert_int_equal(table.files[0].profile, 4);
	tls_table_clear(&table);
}

static bool is_eight(const struct tls_process *process)
{
	return process->tgid == 8;
}

static void note_gone(void *context, const struct tls_process *process)
{
	*(__u32 *)context = process->tgid;
}

TEST(processes_that_have_ended_are_forgotten)
{
	struct tls_table table = {};
	__u32 gone = 0;

	want(&table, 7, TLS_WANTED_LISTENS, 1);
	want(&table, 8, TLS_WANTED_LISTENS, 1);
	tls_table_forget(&table, is_eight, note_gone, &gone);
	assert_int_equal(gone, 7);
	assert_int_equal(table.n_processes, 1);
	assert_int_equal(table.processes[0].tgid, 8);
	tls_table_clear(&table);
}

TEST(the_table_is_bounded)
{
	struct tls_table table = {};

	for (__u32 i = 1; i <= TLS_PROCESSES_MAX + 10; i++)
		want(&table, i, TLS_WANTED_LISTENS, i);
	assert_int_equal(table.n_processes, TLS_PROCESSES_MAX);
	assert_non_null(tls_table_process(&table, TLS_PROCESSES_MAX + 10));
	want(&table, 5, TLS_WANTED_LISTENS, 1);
	tls_table_clear(&table);
}

/* ---- words ---- */

static void assert_words(const struct tls_table *table, enum config_tls_mode mode,
			 enum blind_reason reason, const char *expected)
{
	const struct blind_listener listener = {
		.key = {.endpoint = {.port = 8007}, .reason = reason}, .blind = {.tgid = 7}};
	char *words = tls_words(table, mode, &listener);

	if (expected) {
		assert_non_null(words);
		assert_string_equal(words, expected);
	} else {
		assert_null(words);
	}
	free(words);
}

TEST(words_name_what_the_process_uses)
{
	struct tls_table table = {};

	assert_words(&table, CONFIG_TLS_SERVERS, BLIND_TLS, NULL);
	want(&table, 7, TLS_WANTED_SPEAKS, 1);
	assert_words(&table, CONFIG_TLS_SERVERS, BLIND_TLS, "tls: not looked at yet");
	asked(&table, 7, 1);
	found(&table, 7, 0, TLS_NOT_NO_LIBRARY, "");
	found(&table, 7, 0, TLS_NOT_JAVA, "");
	looked(&table, 7, 1);
	assert_words(&table, CONFIG_TLS_SERVERS, BLIND_TLS, "tls: Java");
	assert_words(&table, CONFIG_TLS_OFF, BLIND_TLS, NULL);
	assert_words(&table, CONFIG_TLS_SERVERS, BLIND_HTTP2, NULL);
	tls_table_clear(&table);
}

TEST(words_carry_the_helpers_own)
{
	struct tls_table table = {};

	want(&table, 7, TLS_WANTED_SPEAKS, 1);
	asked(&table, 7, 1);
	found(&table, 7, 0, TLS_NOT_REFUSED, "SSL_read jumps away\033");
	looked(&table, 7, 1);
	assert_words(&table, CONFIG_TLS_ALL, BLIND_TLS,
		     "tls: its functions cannot be followed: SSL_read jumps away\\u001b");
	tls_table_clear(&table);
}

TEST(words_of_a_worker_are_those_of_a_process_at_its_port)
{
	struct tls_table table = {};
	struct tls_wanted master = wanted(9, TLS_WANTED_LISTENS);

	master.port = 8007;
	assert_int_equal(tls_table_want(&table, &master, 1), 0);
	asked(&table, 9, 1);
	found(&table, 9, 0, TLS_NOT_NO_LIBRARY, "");
	looked(&table, 9, 1);
	assert_words(&table, CONFIG_TLS_ALL, BLIND_TLS, "tls: no TLS library that is known");
	tls_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_looked_at_once_and_known_as_probed),
		cmocka_unit_test(
			what_is_not_probed_is_looked_at_again_when_it_speaks_but_not_at_once),
		cmocka_unit_test(an_executable_that_has_begun_to_serve_is_looked_at_at_once),
		cmocka_unit_test(a_busy_helper_is_asked_again_later),
		cmocka_unit_test(an_answer_to_nobodys_question_says_nothing),
		cmocka_unit_test(a_reused_number_is_another_process),
		cmocka_unit_test(a_helper_that_begins_anew_is_asked_all_again),
		cmocka_unit_test(files_go_with_their_profile),
		cmocka_unit_test(processes_that_have_ended_are_forgotten),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(words_name_what_the_process_uses),
		cmocka_unit_test(words_carry_the_helpers_own),
		cmocka_unit_test(words_of_a_worker_are_those_of_a_process_at_its_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
