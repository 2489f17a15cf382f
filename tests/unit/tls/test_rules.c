/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of reconciliation that recordings of connections do not reach, record by record and call by call. */
#include "tests/unit/fixtures/test.h"

#include "tls/match.h"
#include "tls/records.h"

enum {
	FINISHED = 36,
	OVERHEAD = 17,
	TICKET = 233,
	CERTIFICATE = 2000,
};

static struct tls_match new_match(__u16 suite, __u8 minor)
{
	const struct tls_hello hello = {.server = TLS_HELLO_KNOWN, .minor = minor, .suite = suite};
	struct tls_match m;

	tls_match_init(&m, TLS_FROM_SERVER, 1);
	tls_match_hello(&m, &hello);
	return m;
}

static void reads_record(struct tls_match *m, __u32 n)
{
	assert_false(
		tls_match_is_fault(tls_match_record(m, TLS_WAY_READ, n + m->cipher.overhead, 1)));
}

static void writes_record(struct tls_match *m, __u32 n, int nested)
{
	assert_false(tls_match_is_fault(
		tls_match_record(m, TLS_WAY_WRITE, n + m->cipher.overhead, nested)));
}

static enum tls_verdict reads(struct tls_match *m, __u64 n, __u64 asked)
{
	return tls_match_told(m, TLS_WAY_READ, n, asked);
}

static enum tls_verdict writes(struct tls_match *m, __u64 n)
{
	return tls_match_told(m, TLS_WAY_WRITE, n, n);
}

static void request(struct tls_match *m, __u32 n)
{
	reads_record(m, n);
	assert_int_equal(reads(m, n, 4096), TLS_MATCHES);
}

static void answer(struct tls_match *m, __u32 n)
{
	writes_record(m, n, 1);
	assert_int_equal(writes(m, n), TLS_MATCHES);
}

/* TLS 1.3, behind the handshake, a request and its answer, and the next request. */
static struct tls_match opened(void)
{
	struct tls_match m = new_match(0x1301, 3 + 1);

	writes_record(&m, 700, 0);
	reads_record(&m, FINISHED);
	writes_record(&m, TICKET, 0);
	request(&m, 300);
	answer(&m, 400);
	request(&m, 301);
	return m;
}

/* Reads of one byte, none of which shows where the record ends. */
static void check_finished(__u16 suite, __u32 finished)
{
	struct tls_match m = new_match(suite, 4);

	reads_record(&m, finished);
	reads_record(&m, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(reads(&m, 1, 1), TLS_MATCHES);
	assert_int_equal(m.read.left, 0);
	assert_int_equal(m.read.doubt, 0);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_READ, TLS_ENDED), TLS_MATCHES);
}

TEST(the_first_plaintext_is_behind_finished_of_the_suites_hash)
{
	check_finished(0x1301, 36);
	check_finished(0x1302, 52);
	check_finished(0x1305, 36);
}

/* Without padding the divisor may be that of Finished: that is no block. */
TEST(finished_is_no_block_of_padding)
{
	struct tls_match m = new_match(0x1301, 4);

	reads_record(&m, FINISHED);
	reads_record(&m, 37 * 9 - 1);
	assert_int_equal(reads(&m, 320, 4096), TLS_RECORD_WITHOUT_PLAINTEXT);
}

TEST(early_data_are_read_in_parts_ahead_of_finished)
{
	struct tls_match m = new_match(0x1301, 4);

	reads_record(&m, 300);
	reads_record(&m, 4);
	reads_record(&m, FINISHED);
	reads_record(&m, 200);
	for (int i = 0; i < 3; i++)
		assert_int_equal(reads(&m, 100, 100), TLS_MATCHES);
	assert_int_equal(reads(&m, 200, 4096), TLS_MATCHES);
	assert_int_equal(m.read.head, m.read.tail);
}

TEST(what_ends_early_data_is_no_plaintext_once)
{
	struct tls_match m = new_match(0x1301, 4);

	request(&m, 300);
	reads_record(&m, 4);
	reads_record(&m, FINISHED);
	request(&m, 200);
	reads_record(&m, FINISHED);
	reads_record(&m, 201);
	assert_true(tls_match_is_fault(reads(&m, 201, 4096)));
}

TEST(a_record_that_no_call_returned_is_a_fault_at_the_next_and_at_the_end)
{
	struct tls_match m = opened();

	reads_record(&m, 50);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_READ, TLS_GOES_ON), TLS_PENDING);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_READ, TLS_BROKEN),
			 TLS_RECORD_WITHOUT_PLAINTEXT);
	m = opened();
	reads_record(&m, 50);
	reads_record(&m, 60);
	assert_true(tls_match_is_fault(reads(&m, 60, 4096)));
	m = opened();
	assert_int_equal(reads(&m, 60, 4096), TLS_PLAINTEXT_WITHOUT_RECORD);
	assert_int_equal(reads(&m, 1, 1), TLS_PLAINTEXT_WITHOUT_RECORD);
}

TEST(a_handshake_alone_is_no_request)
{
	struct tls_match m = new_match(0x1301, 4);

	assert_false(tls_read_is_handshake(&m));
	reads_record(&m, CERTIFICATE);
	reads_record(&m, 80);
	assert_false(tls_read_is_handshake(&m));
	reads_record(&m, FINISHED);
	reads_record(&m, 2);
	assert_true(tls_read_is_handshake(&m));
	assert_false(tls_read_has_unread(&m));
	reads_record(&m, FINISHED); /* of the same length, by chance */
	assert_false(tls_read_is_handshake(&m));
	assert_true(tls_read_has_unread(&m));
	m = new_match(0x1301, 4); /* early data */
	reads_record(&m, 300);
	reads_record(&m, 4);
	reads_record(&m, FINISHED);
	assert_false(tls_read_is_handshake(&m));
	m = new_match(0xc02f, 3);
	reads_record(&m, FINISHED);
	assert_false(tls_read_is_handshake(&m));
	assert_true(tls_read_has_unread(&m));
}

TEST(what_no_call_has_had_is_unread)
{
	struct tls_match m = opened();

	assert_false(tls_read_has_unread(&m));
	reads_record(&m, 2);
	assert_false(tls_read_has_unread(&m));
	reads_record(&m, 18);
	assert_true(tls_read_has_unread(&m));
	assert_int_equal(reads(&m, 10, 10), TLS_MATCHES);
	assert_true(tls_read_has_unread(&m)); /* the rest of it */
	assert_int_equal(reads(&m, 8, 10), TLS_MATCHES);
	assert_false(tls_read_has_unread(&m));
	for (int i = 0; i < TLS_RING + 1; i++)
		reads_record(&m, 2);
	assert_true(tls_read_has_unread(&m)); /* of what nobody knows the lengths */
}

TEST(an_alert_that_waits_is_too_short_for_a_request)
{
	struct tls_match m = opened();

	assert_int_equal(tls_read_least(&m), 5 + 17 + 5);
	m = new_match(0xc02f, 3);
	assert_int_equal(tls_read_least(&m), 5 + 24 + 5);
	m = new_match(0x1301, 4);
	assert_int_equal(tls_read_least(&m), ~0U); /* the handshake is not read */
	reads_record(&m, FINISHED);
	assert_int_equal(tls_read_least(&m), 5 + 17 + 5);
	tls_match_unsync(&m, TLS_WAY_READ);
	assert_int_equal(tls_read_least(&m), ~0U);
}

/* In the middle of a connection a certificate is one only if it was asked for, and tickets only behind one. */
TEST(handshakes_later_need_evidence)
{
	struct tls_match m = opened();

	reads_record(&m, CERTIFICATE);
	reads_record(&m, 100);
	assert_true(tls_match_is_fault(reads(&m, 100, 4096)));

	m = opened();
	answer(&m, 401);
	writes_record(&m, 60, 0); /* CertificateRequest */
	reads_record(&m, CERTIFICATE);
	request(&m, 100);
	writes_record(&m, TICKET, 0);
	assert_int_equal(writes(&m, 400), TLS_PENDING);
	writes_record(&m, 400, 0);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_WRITE, TLS_ENDED), TLS_MATCHES);

	m = opened();
	answer(&m, 401);
	writes_record(&m, TICKET, 0);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_WRITE, TLS_ENDED),
			 TLS_RECORD_WITHOUT_PLAINTEXT);
}

/* A server that sends them with its next answer, inside of the call. */
TEST(tickets_behind_a_certificate_may_be_sent_by_a_call)
{
	struct tls_match m = opened();

	answer(&m, 401);
	writes_record(&m, 60, 0);
	reads_record(&m, CERTIFICATE);
	request(&m, 100);
	writes_record(&m, TICKET, 1);
	answer(&m, 400);
}

TEST(tickets_behind_early_data_match)
{
	struct tls_match m = new_match(0x1301, 4);

	writes_record(&m, 700, 0);
	request(&m, 300);
	answer(&m, 400);
	request(&m, 301);
	answer(&m, 401);
	reads_record(&m, 4);
	reads_record(&m, FINISHED);
	writes_record(&m, TICKET, 0);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_READ, TLS_ENDED), TLS_MATCHES);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_WRITE, TLS_ENDED), TLS_MATCHES);
}

TEST(a_record_of_no_call_is_a_fault_at_the_next_call)
{
	struct tls_match m = opened();

	answer(&m, 401);
	writes_record(&m, 100, 0);
	assert_int_equal(writes(&m, 402), TLS_RECORD_WITHOUT_PLAINTEXT);
}

/* A BIO pair: what a try has left is sent outside of the call. */
TEST(records_between_tries_wait_for_the_one_that_succeeds)
{
	struct tls_match m = opened();

	for (int i = 0; i < 2; i++) {
		tls_match_told(&m, TLS_WAY_WRITE, 0, 0);
		writes_record(&m, TLS_PLAIN_MAX, 0);
	}
	assert_int_equal(writes(&m, 40000), TLS_PENDING);
	writes_record(&m, 40000 - 2 * TLS_PLAIN_MAX, 0);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_WRITE, TLS_ENDED), TLS_MATCHES);
}

/* Earlier calls have left their records to the process, which sends them, and its own, in the middle of a call. */
TEST(what_a_call_sends_behind_what_earlier_ones_have_left_is_its_own)
{
	struct tls_match m = opened();

	answer(&m, 100);
	reads_record(&m, 30); /* so what the process sends could be tickets */
	assert_int_equal(writes(&m, 200), TLS_PENDING);
	assert_int_equal(writes(&m, 14), TLS_PENDING);
	writes_record(&m, 200, 1);
	writes_record(&m, 14, 1);
	writes_record(&m, 15, 1);
	assert_int_equal(writes(&m, 15), TLS_MATCHES);
	assert_int_equal(tls_match_unsent(&m), 0);
	assert_int_equal(writes(&m, 16), TLS_PENDING);
	assert_int_equal(tls_match_unsent(&m), 16);
	writes_record(&m, 16, 0);
	assert_int_equal(tls_match_unsent(&m), 0);
}

TEST(the_next_request_may_be_told_before_the_call_that_has_answered)
{
	struct tls_match m = new_match(0x1301, TLS_MINOR_13);

	writes_record(&m, TICKET, 0);
	reads_record(&m, FINISHED);
	request(&m, 100);
	writes_record(&m, 40000 - 2 * TLS_PLAIN_MAX, 1);
	writes_record(&m, TLS_PLAIN_MAX, 1);
	writes_record(&m, TLS_PLAIN_MAX, 1);
	reads_record(&m, 90);
	assert_false(tls_match_is_fault(reads(&m, 1, 1)));
	assert_int_equal(writes(&m, 40000), TLS_MATCHES);
	assert_int_equal(reads(&m, 89, 4096), TLS_MATCHES);
	answer(&m, 7);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_WRITE, TLS_ENDED), TLS_MATCHES);
}

TEST(a_way_that_is_off_always_matches)
{
	struct tls_match m = opened();

	tls_match_off(&m, TLS_WAY_READ);
	tls_match_off(&m, TLS_WAY_WRITE);
	assert_int_equal(reads(&m, 100, 4096), TLS_MATCHES);
	assert_int_equal(writes(&m, 100), TLS_MATCHES);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_READ, TLS_ENDED), TLS_MATCHES);
	assert_int_equal(tls_match_settled(&m, TLS_WAY_WRITE, TLS_ENDED), TLS_MATCHES);
}

/* Something was missed, and that is known: from a call that returned just a record on, all counts again. */
TEST(out_of_step_nothing_is_a_fault)
{
	struct tls_match m = opened();

	tls_match_unsync(&m, TLS_WAY_READ);
	tls_match_unsync(&m, TLS_WAY_WRITE);
	assert_int_equal(reads(&m, 100, 4096), TLS_PENDING);
	writes_record(&m, 70, 1);
	assert_int_equal(writes(&m, 100), TLS_PENDING);
	request(&m, 90);
	answer(&m, 80);
	assert_int_equal(reads(&m, 100, 4096), TLS_PLAINTEXT_WITHOUT_RECORD);
	writes_record(&m, 70, 1);
	assert_int_equal(writes(&m, 50), TLS_RECORD_WITHOUT_PLAINTEXT);
}

/* An operation that reads several records at once, and the calls that return them one by one. */
TEST(records_of_one_read_do_not_get_it_in_step_before_all_are_told)
{
	struct tls_match m;

	tls_match_init(&m, TLS_FROM_SERVER, 0);
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 20; i++)
			reads_record(&m, 100 + OVERHEAD);
		for (int i = 0; i < 20; i++)
			assert_int_equal(reads(&m, 100, 4096), TLS_PENDING);
	}
	reads_record(&m, 90 + OVERHEAD);
	assert_int_equal(reads(&m, 90, 4096), TLS_MATCHES);
	assert_int_equal(reads(&m, 90, 4096), TLS_PLAINTEXT_WITHOUT_RECORD);
}

/* Requests and answers of one length each: nothing shows which record an untold one before them was. */
static struct tls_match joined_behind_one(enum tls_inside read, enum tls_inside sent)
{
	struct tls_match m = new_match(0xc02f, TLS_MINOR_13 - 1);

	tls_match_unsync(&m, TLS_WAY_READ);
	tls_match_unsync(&m, TLS_WAY_WRITE);
	for (int i = 0; i < 5; i++) {
		tls_match_record(&m, TLS_WAY_READ, 100 + m.cipher.overhead, (int)read);
		assert_int_equal(reads(&m, 100, 4096),
				 read == TLS_INSIDE ? TLS_MATCHES : TLS_PENDING);
		tls_match_record(&m, TLS_WAY_WRITE, 300 + m.cipher.overhead, (int)sent);
		assert_int_equal(writes(&m, 300), sent == TLS_INSIDE ? TLS_MATCHES : TLS_PENDING);
	}
	return m;
}

TEST(what_is_read_or_sent_outside_of_the_call_does_not_get_it_in_step)
{
	static const enum tls_inside sent[] = {TLS_OUTSIDE, TLS_INSIDE_LATE};

	for (int i = 0; i < 2; i++) {
		struct tls_match m = joined_behind_one(TLS_OUTSIDE, sent[i]);

		assert_int_equal(reads(&m, 90, 4096), TLS_PENDING);
		assert_int_equal(writes(&m, 290), TLS_PENDING);
		writes_record(&m, 290, TLS_OUTSIDE);
		writes_record(&m, 5, TLS_OUTSIDE);
		for (int way = 0; way < TLS_WAYS; way++)
			assert_int_equal(tls_match_settled(&m, (enum tls_way)way, TLS_ENDED),
					 TLS_PENDING);
		assert_int_equal(tls_match_unsent(&m), 0);
	}
}

TEST(what_is_read_and_sent_inside_of_the_call_gets_it_in_step)
{
	struct tls_match m = joined_behind_one(TLS_INSIDE, TLS_INSIDE);

	for (int way = 0; way < TLS_WAYS; way++)
		assert_int_equal(tls_match_settled(&m, (enum tls_way)way, TLS_ENDED), TLS_MATCHES);
	assert_int_equal(reads(&m, 100, 4096), TLS_PLAINTEXT_WITHOUT_RECORD);
	writes_record(&m, 300, 0);
	assert_int_equal(writes(&m, 290), TLS_RECORD_WITHOUT_PLAINTEXT);
}

/* What a call is told to have had, of a connection of which calls may have been missed: all of the only record, or not. */
TEST(a_call_has_had_the_only_record_or_not)
{
	struct tls_match m = new_match(0x1301, TLS_MINOR_13);

	reads_record(&m, FINISHED);
	reads_record(&m, 88);
	assert_true(tls_read_is_whole(&m, 88, 4096));
	assert_false(tls_read_is_whole(&m, 64, 4096));
	assert_false(tls_read_is_whole(&m, 88, 88));
	reads_record(&m, 88);
	assert_false(tls_read_is_whole(&m, 88, 4096));
}

/* The first call that is told returns what came behind a request that no call has told. */
TEST(plaintext_that_is_passed_is_known_to_be_missed)
{
	static const __u32 before[][3] = {{FINISHED, 200}, {CERTIFICATE, FINISHED, 200}};
	static const __u32 handshakes[][3] = {
		{FINISHED}, {CERTIFICATE, 100, FINISHED}, {FINISHED, 2}};

	for (int i = 0; i < 2; i++) {
		struct tls_match m = new_match(0x1301, TLS_MINOR_13);

		for (int k = 0; k < 3 && before[i][k]; k++)
			reads_record(&m, before[i][k]);
		request(&m, 300);
		assert_true(m.read.missed);
	}
	for (int i = 0; i < 3; i++) {
		struct tls_match m = new_match(0x1301, TLS_MINOR_13);

		for (int k = 0; k < 3 && handshakes[i][k]; k++)
			reads_record(&m, handshakes[i][k]);
		request(&m, 300);
		assert_false(m.read.missed);
	}
}

/* How a record begins where an operation does, in the middle of a connection. */
TEST(in_the_middle_only_what_looks_like_a_record_is_one)
{
	static const unsigned char wrong[][5] = {
		{0x13, 3, 3, 0, 9}, {0x18, 3, 3, 0, 9}, {0x17, 2, 3, 0, 9},
		{0x17, 3, 1, 0, 9}, {0x17, 3, 3, 0, 0}, {0x17, 3, 3, 0x50, 9},
	};
	static const unsigned char right[5] = {0x17, 3, 3, 0, 9};
	struct tls_hello hello = {};
	struct tls_records r;
	__u32 pos = 0;

	tls_records_init(&r, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		pos = 0;
		tls_records_begin(&r);
		assert_int_equal(tls_records_feed(&r, &hello, TLS_FROM_CLIENT, wrong[i], &pos, 5),
				 TLS_EV_LOST);
		assert_int_equal(tls_records_opaque(&r), ~0ULL);
	}
	pos = 0;
	tls_records_begin(&r);
	assert_int_equal(tls_records_feed(&r, &hello, TLS_FROM_CLIENT, right, &pos, 5),
			 TLS_EV_NONE);
	assert_int_equal(tls_records_opaque(&r), 9);
	assert_int_equal(tls_records_pass(&r, 9), TLS_EV_RECORD);
	tls_records_lost(&r, &hello, TLS_FROM_CLIENT);
	assert_false(tls_records_follows(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_plaintext_is_behind_finished_of_the_suites_hash),
		cmocka_unit_test(finished_is_no_block_of_padding),
		cmocka_unit_test(early_data_are_read_in_parts_ahead_of_finished),
		cmocka_unit_test(what_ends_early_data_is_no_plaintext_once),
		cmocka_unit_test(
			a_record_that_no_call_returned_is_a_fault_at_the_next_and_at_the_end),
		cmocka_unit_test(a_handshake_alone_is_no_request),
		cmocka_unit_test(what_no_call_has_had_is_unread),
		cmocka_unit_test(an_alert_that_waits_is_too_short_for_a_request),
		cmocka_unit_test(handshakes_later_need_evidence),
		cmocka_unit_test(tickets_behind_a_certificate_may_be_sent_by_a_call),
		cmocka_unit_test(tickets_behind_early_data_match),
		cmocka_unit_test(a_record_of_no_call_is_a_fault_at_the_next_call),
		cmocka_unit_test(records_between_tries_wait_for_the_one_that_succeeds),
		cmocka_unit_test(what_a_call_sends_behind_what_earlier_ones_have_left_is_its_own),
		cmocka_unit_test(the_next_request_may_be_told_before_the_call_that_has_answered),
		cmocka_unit_test(a_way_that_is_off_always_matches),
		cmocka_unit_test(out_of_step_nothing_is_a_fault),
		cmocka_unit_test(records_of_one_read_do_not_get_it_in_step_before_all_are_told),
		cmocka_unit_test(what_is_read_or_sent_outside_of_the_call_does_not_get_it_in_step),
		cmocka_unit_test(what_is_read_and_sent_inside_of_the_call_gets_it_in_step),
		cmocka_unit_test(a_call_has_had_the_only_record_or_not),
		cmocka_unit_test(plaintext_that_is_passed_is_known_to_be_missed),
		cmocka_unit_test(in_the_middle_only_what_looks_like_a_record_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
