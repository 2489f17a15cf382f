/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "apply/track.h"

enum { DAY = 86400, HOUR = 3600 };

/* ---- tracks ---- */

static const struct track_birth birth = {.serial = 9, .boottime_seconds = 123};

static char any_name[] = "x-{service}", any_service[] = "*";

static struct track *track_for(const struct config_slo *slo)
{
	struct track *track = NULL;

	assert_int_equal(track_new("x", "shop", "d", slo, 7, birth, &track), 0);
	assert_non_null(track);
	return track;
}

static struct track *track_of(uint64_t window_seconds)
{
	static struct config_slo slo;

	slo = (struct config_slo){.name = any_name,
				  .service = any_service,
				  .objective = 0.999,
				  .window_seconds = window_seconds};
	return track_for(&slo);
}

static void step(struct track *track, double now, __u64 good, __u64 bad)
{
	assert_int_equal(track_step(track, now, &(struct slo_counts){.good = good, .bad = {bad}},
				    NULL, false),
			 0);
}

static void assert_events(const struct track *track, double now, double span, __u64 good_now,
			  __u64 bad_now, uint64_t good, uint64_t bad)
{
	struct slo_counts counts = {.good = good_now, .bad = {bad_now}};
	struct slo_events events = track_events(track, now, span, &counts);

	assert_int_equal(events.good, good);
	assert_int_equal(events.bad, bad);
}

TEST(track_takes_copies)
{
	char name[] = "name", service[] = "service", definition[] = "definition";
	const struct config_slo slo = {
		.name = name, .service = service, .objective = 0.95, .window_seconds = 7 * DAY};
	struct track *track = NULL;

	assert_int_equal(track_new(name, service, definition, &slo, 42, birth, &track), 0);
	memset(name, 'x', 4);
	memset(service, 'x', 7);
	memset(definition, 'x', 10);
	assert_string_equal(track->name, "name");
	assert_string_equal(track->service, "service");
	assert_string_equal(track->definition, "definition");
	assert_ptr_equal(track->slo, &slo);
	assert_int_equal(track->birth.serial, 9);
	assert_int_equal(track->counts, 42);
	assert_int_equal(track->stepped.good, 0);
	assert_int_equal(slo_counts_bad(&track->stepped), 0);
	track_free(track);
	track_free(NULL);
}

/* It is counted on, in slices too, when its configuration has gone. */
TEST(an_ended_one_goes_on_counting)
{
	struct alert_rule rules[] = {{.name = "a"}};
	struct config_slo slo = {.name = any_name,
				 .service = any_service,
				 .slice_seconds = 60,
				 .slice_target = 0.5,
				 .alerts = rules,
				 .n_alerts = 1};
	struct track *track = track_for(&slo);

	track->alerts.states[0].status = ALERT_FIRING;
	step(track, 60, 5, 0);
	track_end(track);
	memset(&slo, 0xff, sizeof(slo));
	assert_null(track->slo);
	assert_int_equal(track_n_alerts(track), 0);
	assert_false(track_alerting(track));
	assert_string_equal(track->slo_name, "x-{service}");
	assert_true(track->wildcard);
	step(track, 120, 6, 9);
	step(track, 180, 6, 9);
	assert_events(track, 180, HOUR, 6, 9, 6, 9);
	assert_int_equal(slo_history_sum(track_budgeted(track), 180, HOUR).bad, 1);
	assert_int_equal(track->slices.seconds, 60);

	/* as it was before, but with other alerts */
	slo = (struct config_slo){.alerts = rules, .n_alerts = 1};
	track_configure(track, &slo);
	assert_int_equal(track->alerts.states[0].status, ALERT_INACTIVE);
	track_free(track);
}

/* A changed list of alerts: state goes by the alert's name. */
TEST(alerts_of_the_same_name_go_on)
{
	struct alert_rule before[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
	struct alert_rule after[] = {{.name = "c"}, {.name = "new"}, {.name = "a"}};
	const struct config_slo old = {
		.name = any_name, .service = any_service, .alerts = before, .n_alerts = 3};
	const struct config_slo new = {
		.name = any_name, .service = any_service, .alerts = after, .n_alerts = 3};
	struct track *track = track_for(&old);

	track->alerts.states[0] = (struct alert_state){
		.status = ALERT_FIRING, .since_seconds = 10, .started_seconds = 11};
	track->alerts.states[1] = (struct alert_state){.status = ALERT_FIRING, .since_seconds = 20};
	track->alerts.states[2] = (struct alert_state){
		.status = ALERT_EXHAUSTED, .since_seconds = 30, .started_seconds = 31};
	track_configure(track, &new);
	assert_ptr_equal(track->slo, &new);
	assert_int_equal(track->alerts.states[0].status, ALERT_EXHAUSTED);
	assert_true(track->alerts.states[0].since_seconds == 30 &&
		    track->alerts.states[0].started_seconds == 31);
	assert_int_equal(track->alerts.states[1].status, ALERT_INACTIVE);
	assert_int_equal(track->alerts.states[2].status, ALERT_FIRING);
	assert_true(track->alerts.states[2].since_seconds == 10);
	track_free(track);
}

/* Events of maintenance are in no window, and counted as left out. */
TEST(excluded_events)
{
	struct track *track = track_of(DAY);
	struct slo_counts counts = {.good = 10, .bad = {4}};

	step(track, 10, 3, 1);
	assert_int_equal(track_step(track, 20, &counts, NULL, true), 0);
	assert_int_equal(track->excluded, 10);
	assert_events(track, 20, 100, 10, 4, 3, 1);
	/* as long as it lasts, nor is what came since */
	assert_events(track, 25, 100, 12, 4, 3, 1);
	step(track, 30, 15, 4);
	assert_events(track, 30, 100, 15, 4, 8, 1);
	assert_int_equal(track->excluded, 10);
	track_free(track);
}

/* A step longer than 20 s is spread over its time; the kernel counted while no agent read. */
TEST(long_step_is_spread)
{
	struct track *track = track_of(DAY);

	step(track, 1000, 0, 0);
	step(track, 1100, 100, 10);
	assert_events(track, 1100, 50, 100, 10, 50, 5);
	assert_events(track, 1100, 100, 100, 10, 100, 10);
	track_free(track);
}

/* Of timeslices the budget is in slices: one bad minute of three. */
TEST(slices_are_judged)
{
	const struct config_slo slo = {
		.name = any_name,
		.service = any_service,
		.objective = 0.99,
		.window_seconds = DAY,
		.slice_seconds = 60,
		.slice_target = 0.9,
	};
	struct track *track = track_for(&slo);
	struct slo_events slices;

	assert_ptr_equal(track_budgeted(track), track->sliced);
	for (int i = 0; i <= 24; i++)
		step(track, 6000 + 10.0 * i, 10ULL * i, i > 6 && i <= 12 ? i - 6 : i > 12 ? 20 : 0);
	slices = slo_history_sum(track->sliced, 6240, DAY);
	assert_int_equal(slices.good, 3);
	assert_int_equal(slices.bad, 1);
	track_free(track);
}

TEST(events_by_hand)
{
	struct track *track = track_of(30 * DAY);

	assert_events(track, 1000, 300, 0, 0, 0, 0);
	/* before the first step: all there is, in any span */
	assert_events(track, 1000, 300, 5, 1, 5, 1);
	step(track, 1000, 5, 1);
	assert_events(track, 1000, 300, 5, 1, 5, 1);
	assert_events(track, 1005, 300, 8, 1, 8, 1);
	step(track, 1010, 10, 1);
	step(track, 1020, 10, 1);
	step(track, 1030, 10, 4);
	assert_int_equal(track->stepped.good, 10);
	assert_int_equal(slo_counts_bad(&track->stepped), 4);
	/* in (now - span, now]: the steps that ended at 1010, 1020, 1030, and since */
	assert_events(track, 1030, 10, 10, 4, 0, 3);
	assert_events(track, 1030, 20, 10, 4, 0, 3);
	assert_events(track, 1030, 30, 10, 4, 5, 3);
	assert_events(track, 1030, 40, 10, 4, 10, 4);
	assert_events(track, 1035, 15, 12, 5, 2, 4);
	/* what came since the last step is in however short a span */
	assert_events(track, 1035, 1, 12, 5, 2, 1);
	/* an hour of silence later */
	assert_events(track, 1030 + HOUR, HOUR, 10, 4, 0, 0);
	assert_events(track, 1030 + HOUR, 2 * HOUR, 10, 4, 10, 4);
	track_free(track);
}

/* A step that could not be added is not lost: the next one brings its events, too. */
TEST(failed_step_loses_nothing)
{
	struct track *track = track_of(DAY);

	step(track, 10, 3, 1);
	assert_int_equal(track_step(track, NAN, &(struct slo_counts){.good = 9, .bad = {2}}, NULL,
				    false),
			 -EINVAL);
	assert_int_equal(track_step(track, INFINITY, &(struct slo_counts){.good = 9, .bad = {2}},
				    NULL, false),
			 -EINVAL);
	assert_int_equal(track->stepped.good, 3);
	assert_int_equal(slo_counts_bad(&track->stepped), 1);
	assert_events(track, 20, 100, 9, 2, 9, 2);
	step(track, 30, 10, 4);
	assert_events(track, 30, 20, 10, 4, 7, 3);
	assert_events(track, 30, 100, 10, 4, 10, 4);
	track_free(track);
}

/* Counters near the end of 64 bits, as differences are what counts. */
TEST(large_counters)
{
	const __u64 large = ~0ULL - 1000;
	struct track *track = track_of(DAY);

	step(track, 10, large, large - 7);
	step(track, 20, large + 3, large);
	assert_events(track, 20, 10, large + 5, large, 5, 7);
	assert_events(track, 20, 100, large + 5, large, large + 5, large);
	track_free(track);
}

/* Seeded traffic at 10 s steps for a day: every total is exact, at every moment and over any span. */
TEST(totals_are_exact)
{
	enum { STEPS = DAY / 10 };
	struct slo_counts *counts = calloc(STEPS + 1, sizeof(*counts));
	struct track *track = track_of(30 * DAY);

	assert_non_null(counts);
	for (size_t i = 1; i <= STEPS; i++) {
		struct slo_counts between = counts[i - 1];

		counts[i] = between;
		counts[i].good += random_below(5) ? random_below(1009) : 0;
		counts[i].bad[0] += random_below(7) ? 0 : random_below(13);
		/* between two steps */
		between.good += (counts[i].good - between.good) / 2;
		assert_events(track, 10.0 * i - 5, 30.0 * DAY, between.good, between.bad[0],
			      between.good, between.bad[0]);
		step(track, 10.0 * i, counts[i].good, counts[i].bad[0]);
		assert_events(track, 10.0 * i, 30.0 * DAY, counts[i].good, counts[i].bad[0],
			      counts[i].good, counts[i].bad[0]);
		/* windows within the 6 h that are kept at full resolution */
		for (size_t span = 1; span <= 360 && span < i; span = span * 5 / 3 + 1) {
			const struct slo_counts *then = &counts[i - span];

			assert_events(track, 10.0 * i, 10.0 * span, counts[i].good,
				      counts[i].bad[0], counts[i].good - then->good,
				      counts[i].bad[0] - then->bad[0]);
		}
	}
	assert_true(counts[STEPS].good > 1000000 && counts[STEPS].bad[0] > 1000);
	track_free(track);
	free(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(track_takes_copies),
		cmocka_unit_test(an_ended_one_goes_on_counting),
		cmocka_unit_test(alerts_of_the_same_name_go_on),
		cmocka_unit_test(excluded_events),
		cmocka_unit_test(long_step_is_spread),
		cmocka_unit_test(slices_are_judged),
		cmocka_unit_test(events_by_hand),
		cmocka_unit_test(failed_step_loses_nothing),
		cmocka_unit_test(large_counters),
		cmocka_unit_test(totals_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
