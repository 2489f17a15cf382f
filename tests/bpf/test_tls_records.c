/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk over TLS records, and what holds them against plaintext, as the kernel runs it: recordings of real
 * connections through BPF_PROG_TEST_RUN, against the same code in user space.
 */
#include <errno.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/vectors/tls_talks.h"
#include "tls_records.skel.h"

static struct tls_records_bpf *skel;

static void play_here(const struct talk *talk, __u32 piece_most, struct tls_play *ret)
{
	tls_play_init(ret, 1);
	for (__u32 i = 0; i < talk->n_steps; i++) {
		const struct tls_step *step = &talk->steps[i];
		const enum tls_way way = (enum tls_way)step->way;

		if (step->kind == TLS_STEP_TOLD)
			tls_play_told(ret, way, step->n, step->asked);
		if (step->kind == TLS_STEP_SETTLED)
			tls_play_settled(ret, TLS_GOES_ON);
		if (step->kind != TLS_STEP_WIRE)
			continue;
		for (__u32 pos = 0; pos < step->n;) {
			__u32 end = step->n - pos < piece_most ? step->n : pos + piece_most;

			tls_records_begin(&ret->records[way]);
			while (pos < end)
				tls_play_feed(ret, way, talk->bytes + step->at, &pos, end,
					      (int)step->nested);
		}
	}
	tls_play_settled(ret, TLS_ENDED);
}

static void play_in_kernel(const struct talk *talk, __u32 piece_most)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);
	int r;

	memcpy(skel->bss->input, talk->bytes, talk->n_bytes);
	memcpy(skel->bss->steps, talk->steps, talk->n_steps * sizeof(talk->steps[0]));
	skel->bss->n_steps = talk->n_steps;
	skel->bss->piece_most = piece_most;
	tls_play_init(&skel->bss->play, 1);
	r = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.run), &opts);
	if (r)
		fail_msg("BPF_PROG_TEST_RUN: %s", strerror(-r));
	assert_int_equal(skel->bss->copies_failed, 0);
}

static void check(const struct talk *talk, bool right)
{
	static const __u32 pieces[] = {1 << 20, 1400, 16, 1};
	const struct tls_play *there = &skel->bss->play;
	struct tls_play here;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		play_in_kernel(talk, pieces[i]);
		play_here(talk, pieces[i], &here);
		if (memcmp(&here, there, sizeof(here)))
			fail_msg("%s, bio %d, pieces of %u: kernel and user space differ",
				 talk->config.name, talk->config.bio, pieces[i]);
		assert_int_equal(there->lost, 0);
		if (tls_match_is_fault((enum tls_verdict)there->worst) == right)
			fail_msg("%s, bio %d, pieces of %u: verdict %u", talk->config.name,
				 talk->config.bio, pieces[i], there->worst);
	}
}

static struct talk *recorded(size_t i, enum talk_bio bio)
{
	struct talk_config config = talk_configs[i];
	struct talk *talk;

	config.bio = bio;
	talk = talk_new(&config);
	talk_requests(talk);
	return talk;
}

TEST(connections_match)
{
	for (size_t i = 0; i < N_TALKS; i++)
		for (int bio = 0; bio < TALK_BIOS; bio++) {
			struct talk *talk = recorded(i, (enum talk_bio)bio);

			check(talk, true);
			talk_free(talk);
		}
}

/* One call was given more than it was told to have been. */
TEST(faults_are_found)
{
	for (size_t i = 0; i < N_TALKS; i++) {
		struct talk *talk = recorded(i, TALK_DESCRIPTOR);

		if (!talk->config.padding) {
			for (__u32 n = 0; n < talk->n_steps; n++)
				if (talk->steps[n].kind == TLS_STEP_TOLD &&
				    talk->steps[n].n == 16384)
					talk->steps[n].n -= 100;
			check(talk, false);
		}
		talk_free(talk);
	}
}

static int set_up(void **state)
{
	int r;

	(void)state;
	skel = tls_records_bpf__open();
	if (!skel) {
		fprintf(stderr, "tls_records: open: %s\n", strerror(errno));
		return -1;
	}
	r = tls_records_bpf__load(skel);
	if (r)
		fprintf(stderr, "tls_records: load: %s\n", strerror(-r));
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	tls_records_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_match),
		cmocka_unit_test(faults_are_found),
	};

	return cmocka_run_group_tests_name("TLS records in the kernel", tests, set_up, tear_down);
}
