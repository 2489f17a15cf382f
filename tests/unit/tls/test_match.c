/* SPDX-License-Identifier: GPL-2.0-only */
/* Real TLS connections, reconciled; and what is wrong with them on purpose, found. */
#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"

#include "tests/vectors/tls_talk.h"
#include "tests/vectors/tls_talks.h"

/* ---- playing ---- */

/* How the bytes of a step are cut: whole; `cut` bytes from the beginning of the recording on; at random. */
struct cuts {
	__u32 cut; /* offset in the recording; 0: none */
	__u32 most; /* bytes a piece; 0: all */
	bool random;
};

static __u32 piece_end(const struct cuts *cuts, __u32 begin, __u32 end)
{
	__u32 n = end - begin;

	if (cuts->cut > begin && cuts->cut < end)
		n = cuts->cut - begin;
	if (cuts->most && n > cuts->most)
		n = cuts->most;
	if (cuts->random)
		n = 1 + (__u32)random_below(n < 700 ? n : 700);
	return begin + n;
}

/* Each piece is an operation; opaque bytes are not there, others in memory of their own size. */
static void play_piece(struct tls_play *play, const struct tls_step *step,
		       const unsigned char *bytes, __u32 begin, __u32 end)
{
	const enum tls_way way = (enum tls_way)step->way;

	tls_records_begin(&play->records[way]);
	while (begin < end) {
		__u32 n = tls_play_unseen(play, way, end - begin, (int)step->nested);
		unsigned char *copy;
		__u32 pos = 0;

		begin += n;
		if (n || begin == end)
			continue;
		n = end - begin;
		copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, bytes + begin, n);
		tls_play_feed(play, way, copy, &pos, n, (int)step->nested);
		assert_in_range(pos, 1, n);
		free(copy);
		begin += pos;
	}
}

static void play_step(struct tls_play *play, const struct talk *talk, const struct tls_step *step,
		      const struct cuts *cuts)
{
	if (step->kind == TLS_STEP_TOLD)
		tls_play_told(play, (enum tls_way)step->way, step->n, step->asked);
	if (step->kind == TLS_STEP_SETTLED)
		tls_play_settled(play, TLS_GOES_ON);
	if (step->kind != TLS_STEP_WIRE)
		return;
	for (__u32 begin = step->at; begin < step->at + step->n;) {
		__u32 end = piece_end(cuts, begin, step->at + step->n);

		play_piece(play, step, talk->bytes, begin, end);
		begin = end;
	}
}

/* Without the step `without`; ~0: all of them. */
static void play_talk(const struct talk *talk, __u32 first, __u32 without, const struct cuts *cuts,
		      struct tls_play *ret)
{
	tls_play_init(ret, !first);
	for (__u32 i = first; i < talk->n_steps; i++)
		if (i != without)
			play_step(ret, talk, &talk->steps[i], cuts);
	tls_play_settled(ret, TLS_ENDED);
}

static void check_right(const struct talk *talk, const struct tls_play *play, const char *what)
{
	unsigned char random[TLS_RANDOM_BYTES];
	const char *name = talk->config.name;

	assert_int_equal(SSL_get_client_random(talk->client, random, sizeof(random)),
			 sizeof(random));
	if (!tls_hello_has_random(&play->hello) ||
	    memcmp(random, play->hello.random, sizeof(random)))
		fail_msg("%s, bio %d, %s: wrong random", name, talk->config.bio, what);
	if (!tls_hello_has_suite(&play->hello) ||
	    play->hello.suite !=
		    (SSL_CIPHER_get_id(SSL_get_current_cipher(talk->client)) & 0xffff) ||
	    play->hello.minor != SSL_version(talk->client) - SSL3_VERSION)
		fail_msg("%s, bio %d, %s: wrong suite", name, talk->config.bio, what);
	if (play->lost)
		fail_msg("%s, bio %d, %s: lost", name, talk->config.bio, what);
	if (tls_match_is_fault((enum tls_verdict)play->worst) ||
	    play->settled[TLS_WAY_READ] != TLS_MATCHES ||
	    play->settled[TLS_WAY_WRITE] != TLS_MATCHES)
		fail_msg("%s, bio %d, %s: verdicts %u, %u, %u", name, talk->config.bio, what,
			 play->worst, play->settled[TLS_WAY_READ], play->settled[TLS_WAY_WRITE]);
}

static void play_right(const struct talk *talk)
{
	const struct cuts cuts[] = {{}, {.most = 1}, {.most = 5}, {.most = 1400}, {.random = true}};
	struct tls_play play;

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		play_talk(talk, 0, ~0U, &cuts[i], &play);
		check_right(talk, &play, "pieces");
	}
}

/* ---- what is wrong is found ---- */

static bool has_fault(const struct tls_play *play)
{
	return tls_match_is_fault((enum tls_verdict)play->worst);
}

/*
 * Each call that was not told is a fault, but for what is undecidable: messages of 2 and 5 bytes, and in TLS 1.3 what
 * was written before the second request was read; the last one (it may not have returned). Each that was told of more
 * is one.
 */
static void play_wrong(struct talk *talk)
{
	const bool hides = talk->config.version == TLS1_3_VERSION;
	const struct cuts cuts = {};
	bool answered = false;
	struct tls_play play;
	__u32 last = 0;

	for (__u32 i = 0; i < talk->n_steps; i++)
		if (talk->steps[i].kind == TLS_STEP_TOLD)
			last = i;
	for (__u32 i = 0; i < talk->n_steps; i++) {
		struct tls_step *step = &talk->steps[i];
		const struct tls_step copy = *step;

		if (step->kind != TLS_STEP_TOLD)
			continue;
		play_talk(talk, 0, i, &cuts, &play);
		if (!has_fault(&play) && (answered || !hides) && i != last)
			fail_msg("%s, bio %d: step %u (way %u, %u bytes) not told, not found",
				 talk->config.name, talk->config.bio, i, step->way, step->n);
		step->n += 40;
		play_talk(talk, 0, ~0U, &cuts, &play);
		if (!has_fault(&play))
			fail_msg("%s, bio %d: step %u (way %u, %u bytes) with more, not found",
				 talk->config.name, talk->config.bio, i, step->way, copy.n);
		*step = copy;
		if (step->way == TLS_WAY_READ && i && talk->steps[i - 1].kind == TLS_STEP_TOLD)
			answered = true;
		if (talk->steps[i].way == TLS_WAY_WRITE)
			answered = true;
	}
}

/* ---- tests ---- */

static const enum talk_bio bios[TALK_BIOS] = {TALK_DESCRIPTOR, TALK_MEMORY, TALK_LAZY};

static void for_each_talk(void (*act)(struct talk *talk))
{
	for (size_t i = 0; i < N_TALKS; i++)
		for (size_t bio = 0; bio < TALK_BIOS; bio++) {
			struct talk_config config = talk_configs[i];
			struct talk *talk;

			config.bio = bios[bio];
			talk = talk_new(&config);
			act(talk);
			talk_free(talk);
		}
}

static void requests_right(struct talk *talk)
{
	talk_requests(talk);
	play_right(talk);
}

TEST(requests_match_with_each_suite_and_bio)
{
	for_each_talk(requests_right);
}

static void small_reads_right(struct talk *talk)
{
	talk_handshake(talk);
	talk_ask(talk, 300, 1);
	talk_answer(talk, 77);
	talk_ask(talk, 301, 10);
	talk_answer(talk, 78);
	talk_ask(talk, 17000, 100);
	talk_answer(talk, 79);
	talk_ask(talk, 303, 4096);
	talk_answer(talk, 80);
	play_right(talk);
}

TEST(reads_of_a_few_bytes_match)
{
	for_each_talk(small_reads_right);
}

/* Several of the client's records are received before the first is read. */
static void pipeline_right(struct talk *talk)
{
	talk_handshake(talk);
	for (int i = 0; i < 60; i++)
		assert_int_equal(SSL_write(talk->client, talk_plain, 100 + i), 100 + i);
	talk_ask(talk, 300, 4096);
	for (int i = 0; i < 61; i++)
		talk_answer(talk, 200 + i);
	talk_ask(talk, 300, 4096);
	talk_answer(talk, 5); /* a last chunk, as it were */
	play_right(talk);
}

TEST(many_records_at_once_match)
{
	for_each_talk(pipeline_right);
}

static void resumed_right(struct talk *talk)
{
	if (talk->config.retry)
		return; /* the two together do not resume */
	talk_requests(talk);
	talk->session = SSL_get1_session(talk->client);
	talk_connect(talk);
	talk_requests(talk);
	if (!SSL_session_reused(talk->client))
		fail_msg("%s, bio %d: not resumed", talk->config.name, talk->config.bio);
	play_right(talk);
}

TEST(resumed_sessions_match)
{
	for_each_talk(resumed_right);
}

static void split_right(struct talk *talk)
{
	struct tls_play play;

	if (talk->config.bio != TALK_DESCRIPTOR)
		return;
	talk_handshake(talk);
	talk_ask(talk, 90, 4096);
	talk_answer(talk, 120);
	for (__u32 way = 0; way < TLS_WAYS; way++) {
		__u32 first = 0;

		while (talk->steps[first].kind != TLS_STEP_WIRE || talk->steps[first].way != way)
			first++;
		for (__u32 at = 1; at < 200; at++) {
			const struct cuts cuts = {.cut = talk->steps[first].at + at};

			play_talk(talk, 0, ~0U, &cuts, &play);
			check_right(talk, &play, "split");
		}
	}
}

TEST(first_bytes_split_anywhere)
{
	for_each_talk(split_right);
}

static void faults_found(struct talk *talk)
{
	if (talk->config.padding || strstr(talk->config.name, "CBC"))
		return;
	talk_handshake(talk);
	for (int i = 0; i < 5; i++) {
		talk_ask(talk, 300 + 7 * i, 4096);
		talk_answer(talk, i & 1 ? 40000 : 450 + i);
	}
	play_right(talk);
	play_wrong(talk);
}

TEST(what_is_not_told_or_told_wrong_is_found)
{
	for_each_talk(faults_found);
}

static struct talk *talk_13(enum talk_bio bio)
{
	struct talk_config config = talk_configs[0];

	config.bio = bio;
	return talk_new(&config);
}

TEST(key_updates_match)
{
	for (size_t bio = 0; bio < TALK_BIOS; bio++) {
		struct talk *talk = talk_13(bios[bio]);

		talk_handshake(talk);
		talk_ask(talk, 300, 4096);
		talk_answer(talk, 500);
		assert_int_equal(SSL_key_update(talk->client, SSL_KEY_UPDATE_REQUESTED), 1);
		talk_ask(talk, 301, 4096);
		talk_answer(talk, 501); /* behind the server's own */
		assert_int_equal(SSL_key_update(talk->client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		talk_ask(talk, 302, 1);
		talk_answer(talk, 502);
		assert_int_equal(SSL_key_update(talk->server, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		talk_ask(talk, 303, 4096);
		talk_answer(talk, 503);
		talk_close(talk);
		play_right(talk);
		talk_free(talk);
	}
}

TEST(certificates_asked_for_later_match)
{
	for (size_t bio = 0; bio < TALK_BIOS; bio++) {
		struct talk_config config = talk_configs[0];
		struct talk *talk;

		config.client_cert = true;
		config.bio = bios[bio];
		talk = talk_new(&config);
		SSL_set_verify(talk->server, SSL_VERIFY_NONE, NULL);
		SSL_set_post_handshake_auth(talk->client, 1);
		talk_handshake(talk);
		talk_ask(talk, 300, 4096);
		SSL_set_verify(talk->server, SSL_VERIFY_PEER, talk_accept_all);
		assert_int_equal(SSL_verify_client_post_handshake(talk->server), 1);
		SSL_do_handshake(talk->server);
		talk_flush(talk);
		talk_client_reads(talk);
		talk_move(talk, talk->client, talk->server, false);
		talk_serve_read(talk, 4096);
		talk_answer(talk, 500);
		talk_ask(talk, 301, 4096);
		talk_answer(talk, 501);
		talk_ask(talk, 302, 4096);
		talk_answer(talk, 502);
		assert_non_null(SSL_get0_peer_certificate(talk->server));
		play_right(talk);
		talk_free(talk);
	}
}

static void early_data(struct talk *talk, bool accepted)
{
	unsigned char buf[4096];
	size_t n;

	talk_requests(talk);
	talk->session = SSL_get1_session(talk->client);
	talk_connect(talk);
	if (!accepted)
		SSL_set_max_early_data(talk->server, 0);
	assert_int_equal(SSL_write_early_data(talk->client, talk_plain, 400, &n), 1);
	assert_int_equal(SSL_write_early_data(talk->client, talk_plain, 36, &n), 1);
	talk_move(talk, talk->client, talk->server, false);
	while (accepted && SSL_read_early_data(talk->server, buf, sizeof(buf), &n) ==
				   SSL_READ_EARLY_DATA_SUCCESS) {
		if (talk->config.bio == TALK_DESCRIPTOR)
			talk_flush(
				talk); /* its flight was sent inside of the first of these calls */
		talk_step(talk, TLS_STEP_TOLD, TLS_WAY_READ, n)->asked = sizeof(buf);
	}
	talk_flush(talk);
	for (int i = 0; i < 4; i++) {
		SSL_do_handshake(talk->client);
		talk_move(talk, talk->client, talk->server, false);
		SSL_do_handshake(talk->server);
		talk_flush(talk);
	}
	assert_int_equal(SSL_get_early_data_status(talk->client),
			 accepted ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
	talk_client_reads(talk);
	talk_answer(talk, 500);
	talk_ask(talk, 301, 4096);
	talk_answer(talk, 501);
	talk_close(talk);
	play_right(talk);
}

TEST(early_data_match)
{
	for (size_t bio = 0; bio < TALK_BIOS; bio++)
		for (int accepted = 0; accepted < 2; accepted++) {
			struct talk *talk = talk_13(bios[bio]);

			early_data(talk, accepted);
			talk_free(talk);
		}
}

/* A write that fails has sent records: the try that ends tells them all. */
TEST(writes_tried_again_match)
{
	struct tls_play play;
	struct talk *talk = talk_13(TALK_DESCRIPTOR);
	struct tls_step told;

	talk_handshake(talk);
	talk_ask(talk, 300, 4096);
	talk_write(talk, 40000);
	told = talk->steps[--talk->n_steps];
	talk_step(talk, TLS_STEP_TOLD, TLS_WAY_WRITE, 0);
	talk_step(talk, TLS_STEP_SETTLED, TLS_WAY_WRITE, 0);
	talk->steps[talk->n_steps++] = told;
	talk_answered(talk);
	talk_ask(talk, 300, 4096);
	talk_answer(talk, 500);
	play_right(talk);

	/* the last one is never tried again: no plaintext has gone by that is not told */
	talk_ask(talk, 300, 4096);
	talk_write(talk, 40000);
	talk->n_steps--;
	talk_step(talk, TLS_STEP_TOLD, TLS_WAY_WRITE, 0);
	play_talk(talk, 0, ~0U, &(struct cuts){}, &play);
	assert_false(has_fault(&play));
	assert_int_equal(play.settled[TLS_WAY_WRITE], TLS_PENDING);
	talk_free(talk);
}

/* The last step, a write of a library over memory, is told when the process has sent most of it by parts. */
static void told_behind_parts(struct talk *talk, __u32 part)
{
	const struct tls_step told = talk->steps[--talk->n_steps];
	const __u32 first = talk->n_steps;
	struct tls_step wire;
	__u32 end;

	talk_flush(talk);
	wire = talk->steps[first];
	end = talk->steps[talk->n_steps - 1].at + talk->steps[talk->n_steps - 1].n;
	talk->n_steps = first;
	for (; wire.at < end; wire.at += wire.n) {
		wire.n = end - wire.at < part ? end - wire.at : part;
		if (wire.at + wire.n == end)
			talk->steps[talk->n_steps++] = told;
		else
			talk_step(talk, TLS_STEP_TOLD, TLS_WAY_WRITE, 0);
		talk->steps[talk->n_steps++] = wire;
	}
}

/* Between two BIOs that hold a record, a write fails again and again, and the process sends what they hold. */
TEST(writes_through_a_pair_of_bios_match)
{
	struct talk *talk = talk_13(TALK_MEMORY);

	talk_handshake(talk);
	for (int i = 0; i < 3; i++) {
		talk_ask(talk, 300, 4096);
		talk_write(talk, 100000);
		told_behind_parts(talk, 17408);
		talk_client_reads(talk);
		talk_step(talk, TLS_STEP_SETTLED, TLS_WAY_WRITE, 0);
	}
	play_right(talk);
	talk_free(talk);
}

/* With memory BIOs, a connection that breaks may not have sent what was told. */
TEST(plaintext_that_was_not_sent_is_a_fault_unless_the_connection_broke)
{
	const enum tls_end ends[] = {TLS_GOES_ON, TLS_BROKEN, TLS_ENDED};
	const enum tls_verdict expected[] = {TLS_PENDING, TLS_PENDING,
					     TLS_PLAINTEXT_WITHOUT_RECORD};
	struct talk *talk = talk_13(TALK_MEMORY);

	talk_handshake(talk);
	talk_ask(talk, 300, 4096);
	talk_write(talk, 400);
	for (size_t i = 0; i < 3; i++) {
		struct tls_play play;

		tls_play_init(&play, 1);
		for (__u32 step = 0; step < talk->n_steps; step++)
			play_step(&play, talk, &talk->steps[step], &(struct cuts){});
		assert_int_equal(tls_match_unsent(&play.match), 400);
		tls_play_settled(&play, ends[i]);
		assert_int_equal(play.settled[TLS_WAY_WRITE], expected[i]);
	}
	talk_free(talk);
}

/* Joined behind the handshake: the overhead is learned, and then a missed call is found. */
static void joins_late(struct talk *talk)
{
	const bool exact = !talk->config.padding && !strstr(talk->config.name, "CBC") &&
			   !strstr(talk->config.name, "CCM8");
	struct tls_play play;
	__u32 first, last = 0;

	if (talk->config.bio != TALK_DESCRIPTOR)
		return;
	talk_handshake(talk);
	talk_ask(talk, 300, 4096);
	first = talk->n_steps;
	talk_answer(talk, 500);
	for (int i = 0; i < 3; i++) {
		talk_ask(talk, 300 + i, 4096);
		last = talk->n_steps;
		talk_answer(talk, 500 + i);
	}
	play_talk(talk, first, ~0U, &(struct cuts){.most = 1400}, &play);
	assert_false(has_fault(&play));
	if (!exact)
		return;
	assert_int_equal(play.settled[TLS_WAY_READ], TLS_MATCHES);
	assert_int_equal(play.settled[TLS_WAY_WRITE], TLS_MATCHES);
	assert_int_equal(talk->steps[last + 1].kind, TLS_STEP_TOLD);
	talk->steps[last + 1].n += 40;
	play_talk(talk, first, ~0U, &(struct cuts){}, &play);
	assert_true(has_fault(&play));
}

TEST(late_joiners_get_in_step)
{
	for_each_talk(joins_late);
}

/* A ClientHello in records of one byte each, as some clients send it on purpose. */
TEST(a_fragmented_hello_is_read)
{
	struct talk *talk = talk_13(TALK_MEMORY);
	unsigned char random[TLS_RANDOM_BYTES];
	struct tls_play play;
	const unsigned char *hello;
	__u32 length;

	talk_handshake(talk);
	hello = talk->bytes + talk->steps[0].at;
	length = (__u32)(hello[3] << 8 | hello[4]);
	tls_play_init(&play, 1);
	for (__u32 i = 0; i < length; i++) {
		unsigned char record[] = {hello[0], hello[1], hello[2], 0, 1, hello[5 + i]};
		struct tls_step step = {.way = TLS_WAY_READ};

		play_piece(&play, &step, record, 0, sizeof(record));
	}
	SSL_get_client_random(talk->client, random, sizeof(random));
	assert_true(tls_hello_has_random(&play.hello));
	assert_memory_equal(play.hello.random, random, sizeof(random));
	assert_int_equal(play.lost, 0);
	talk_free(talk);
}

TEST(what_is_no_hello_or_no_tls_is_said)
{
	static const unsigned char no_hello[] = {0x16, 3, 1, 0, 2, 3, 0};
	static const unsigned char data_first[] = {0x17, 3, 3, 0, 1, 0};
	static const unsigned char no_tls[] = "GET / HTTP/1.1\r\n";
	static const unsigned char empty[] = {0x16, 3, 1, 0, 0};
	static const unsigned char too_long[] = {0x16, 3, 1, 0x48, 1};
	const struct tls_step step = {.way = TLS_WAY_READ};
	struct tls_play play;

	tls_play_init(&play, 1);
	play_piece(&play, &step, no_hello, 0, sizeof(no_hello));
	assert_int_equal(play.hello.client, TLS_HELLO_UNKNOWN);
	assert_int_equal(play.lost, 0);
	tls_play_init(&play, 1);
	play_piece(&play, &step, data_first, 0, sizeof(data_first));
	assert_int_equal(play.hello.client, TLS_HELLO_UNKNOWN);
	assert_int_equal(play.application[TLS_WAY_READ], 1);
	tls_play_init(&play, 1);
	play_piece(&play, &step, no_tls, 0, sizeof(no_tls));
	assert_true(tls_records_is_lost(&play.records[TLS_WAY_READ]));
	tls_play_init(&play, 1);
	play_piece(&play, &step, empty, 0, sizeof(empty));
	assert_int_equal(play.lost, 1);
	tls_play_init(&play, 1);
	play_piece(&play, &step, too_long, 0, sizeof(too_long));
	assert_int_equal(play.lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_match_with_each_suite_and_bio),
		cmocka_unit_test(reads_of_a_few_bytes_match),
		cmocka_unit_test(many_records_at_once_match),
		cmocka_unit_test(resumed_sessions_match),
		cmocka_unit_test(first_bytes_split_anywhere),
		cmocka_unit_test(what_is_not_told_or_told_wrong_is_found),
		cmocka_unit_test(key_updates_match),
		cmocka_unit_test(certificates_asked_for_later_match),
		cmocka_unit_test(early_data_match),
		cmocka_unit_test(writes_tried_again_match),
		cmocka_unit_test(writes_through_a_pair_of_bios_match),
		cmocka_unit_test(
			plaintext_that_was_not_sent_is_a_fault_unless_the_connection_broke),
		cmocka_unit_test(late_joiners_get_in_step),
		cmocka_unit_test(a_fragmented_hello_is_read),
		cmocka_unit_test(what_is_no_hello_or_no_tls_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
