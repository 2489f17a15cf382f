/* SPDX-License-Identifier: GPL-2.0-only */
/* Reasons add up to the bad events of each window, however its steps were spread. */
#include "tests/unit/fixtures/malloc_fail.h"
#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "apply/track.h"

enum { STEPS = 3000 };

static char any_name[] = "x", any_service[] = "s";
static const struct config_slo slo = {
	.name = any_name, .service = any_service, .objective = 0.99, .window_seconds = 30 * 86400};

static struct track *track_any(void)
{
	struct track *track = NULL;

	assert_int_equal(track_new("x", "s", "d", &slo, 0, (struct track_birth){}, &track), 0);
	return track;
}

static void assert_reasons(const struct track *track, double now, double span,
			   const struct slo_counts *counts)
{
	struct slo_events events = track_events(track, now, span, counts);
	struct slo_counts reasons;

	track_reasons(track, now, span, counts, &reasons);
	assert_int_equal(slo_counts_bad(&reasons), events.bad);
	assert_int_equal(reasons.good, 0);
}

/* Some reasons are rare, and some steps long enough to be spread. */
TEST(reasons_add_up_in_each_window)
{
	struct track *track = track_any();
	struct slo_counts counts = {}, reasons;
	double now = 1000;

	for (size_t i = 0; i < STEPS; i++) {
		now += random_below(20) ? 10 : 10 + (double)random_below(4000);
		counts.good += random_below(1000);
		for (size_t k = 0; k < BAD_REASON_COUNT; k++)
			counts.bad[k] += random_below(3 + 40 * k) ? 0 : random_below(17);
		counts.left_out += random_below(3);
		counts.status_unknown += random_below(5);
		assert_reasons(track, now, (double)random_below(400000), &counts);
		assert_int_equal(track_step(track, now, &counts, NULL, false), 0);
		assert_reasons(track, now, (double)random_below(400000), &counts);
	}
	track_reasons(track, now, 1e9, &counts, &reasons);
	for (size_t k = 0; k < BAD_REASON_COUNT; k++)
		assert_int_equal(reasons.bad[k], counts.bad[k]);
	assert_int_equal(reasons.left_out, counts.left_out);
	assert_int_equal(reasons.status_unknown, counts.status_unknown);
	track_free(track);
}

TEST(a_window_has_its_own_reasons)
{
	struct track *track = track_any();
	struct slo_counts counts = {.bad = {[BAD_STATUS] = 5}}, reasons;

	assert_int_equal(track_step(track, 1000, &counts, NULL, false), 0);
	counts.bad[BAD_LATENCY] = 3;
	counts.left_out = 2;
	counts.status_unknown = 6;
	assert_int_equal(track_step(track, 1010, &counts, NULL, false), 0);
	counts.bad[BAD_CLIENT_ABORT] = 1; /* since the last step */
	track_reasons(track, 1012, 5, &counts, &reasons);
	assert_int_equal(reasons.bad[BAD_STATUS], 0);
	assert_int_equal(reasons.bad[BAD_LATENCY], 3);
	assert_int_equal(reasons.bad[BAD_CLIENT_ABORT], 1);
	assert_int_equal(reasons.left_out, 2);
	assert_int_equal(reasons.status_unknown, 6);
	track_reasons(track, 1012, 100, &counts, &reasons);
	assert_int_equal(reasons.bad[BAD_STATUS], 5);
	track_free(track);
}

TEST(maintenance_has_no_reasons)
{
	struct track *track = track_any();
	struct slo_counts counts = {.good = 7,
				    .bad = {[BAD_BODY] = 5},
				    .left_out = 4,
				    .status_unknown = 3},
			  reasons;

	assert_int_equal(track_step(track, 1000, &counts, NULL, true), 0);
	track_reasons(track, 1000, 100, &counts, &reasons);
	assert_int_equal(slo_counts_bad(&reasons), 0);
	assert_int_equal(reasons.left_out, 0);
	assert_int_equal(reasons.status_unknown, 0);
	assert_int_equal(track->excluded, 12);
	track_free(track);
}

static size_t n_pairs(const struct track *track)
{
	size_t n = 0;

	for (size_t i = 0; i < REASON_PAIRS; i++)
		n += track->reasons.pairs[i] != NULL;
	return n;
}

/* Nothing is kept for an SLO without bad events, and one history for the last reasons alone. */
TEST(only_what_happened_takes_memory)
{
	struct track *track = track_any();
	struct slo_counts counts = {.good = 7};

	assert_int_equal(track_step(track, 1000, &counts, NULL, false), 0);
	assert_int_equal(n_pairs(track), 0);
	counts.bad[BAD_LATENCY] = 1;
	assert_int_equal(track_step(track, 1010, &counts, NULL, false), 0);
	assert_int_equal(n_pairs(track), 1);
	counts.left_out = 1;
	assert_int_equal(track_step(track, 1020, &counts, NULL, false), 0);
	assert_int_equal(n_pairs(track), 2);
	counts.bad[BAD_SERVER_ABORT] = 1;
	assert_int_equal(track_step(track, 1030, &counts, NULL, false), 0);
	assert_int_equal(n_pairs(track), REASON_PAIRS);
	track_free(track);
}

/* The step does not fail for a reason that there is no memory for; nor is another one made up. */
TEST(a_reason_without_memory_is_unknown)
{
	struct slo_counts counts = {.bad = {2, 3, 5, 7, 11, 13}, .left_out = 17}, got;

	for (unsigned long n = 1;; n++) {
		struct reasons reasons = {};
		bool failed;

		n_allocations = 0;
		fail_at = n;
		reasons_add_span(&reasons, 1000, 1010, &counts);
		failed = n_allocations >= n;
		fail_at = 0;
		reasons_sum(&reasons, 1010, 100, &got);
		assert_true(slo_counts_bad(&got) <= slo_counts_bad(&counts));
		if (!failed)
			assert_int_equal(slo_counts_bad(&got), slo_counts_bad(&counts));
		reasons_clear(&reasons);
		if (!failed)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_add_up_in_each_window),
		cmocka_unit_test(a_window_has_its_own_reasons),
		cmocka_unit_test(maintenance_has_no_reasons),
		cmocka_unit_test(only_what_happened_takes_memory),
		cmocka_unit_test(a_reason_without_memory_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
