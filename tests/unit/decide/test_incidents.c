/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents from recorded alerts, and their cost. */
#include <math.h>

#include "tests/unit/fixtures/test.h"
#include "decide/incidents.h"

#define assert_near(got, expected) assert_true(fabs((got) - (expected)) <= 1e-9)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TEST(test_overlapping_and_touching_alerts_are_one_incident)
{
	struct incident_span spans[] = {
		{"late", 500, INFINITY},  {"burn-6h", 120, 200}, {"burn-1h", 100, 150},
		{"exhaust-4h", 200, 210}, {"next", 211, 220},
	};
	struct incident incidents[COUNT(spans)];

	assert_int_equal(incidents_merge(spans, COUNT(spans), incidents), 3);
	assert_string_equal(incidents[0].alert, "burn-1h");
	assert_true(incidents[0].fired_seconds == 100);
	assert_true(incidents[0].resolved_seconds == 210);
	assert_string_equal(incidents[1].alert, "next");
	assert_true(incidents[1].resolved_seconds == 220);
	assert_string_equal(incidents[2].alert, "late");
	assert_true(isnan(incidents[2].resolved_seconds));
	assert_true(isnan(incidents[2].detect_seconds));
	assert_int_equal(incidents_merge(spans, 0, incidents), 0);
}

TEST(test_an_alert_within_an_open_one_does_not_close_it)
{
	struct incident_span spans[] = {{"burn-1h", 100, INFINITY}, {"burn-6h", 120, 200}};
	struct incident incidents[COUNT(spans)];

	assert_int_equal(incidents_merge(spans, COUNT(spans), incidents), 1);
	assert_true(isnan(incidents[0].resolved_seconds));
}

/* Ten seconds each, from 100000 on; then all is well. */
static struct incident_step steps[360];

static struct incident_history history_with_outage(size_t first_bad, size_t n_bad)
{
	for (size_t i = 0; i < COUNT(steps); i++) {
		int bad = i >= first_bad && i < first_bad + n_bad;

		steps[i] = (struct incident_step){100010 + 10.0 * (double)i, 10, bad ? 0 : 100,
						  bad ? 100 : 0};
	}
	return (struct incident_history){.objective = 0.99,
					 .window_seconds = 3600,
					 .now_seconds = 103600,
					 .steps = steps,
					 .n_steps = COUNT(steps)};
}

TEST(test_detected_after_the_first_bad_step_began)
{
	/* bad from 101000 to 101600; the page comes at 101052 */
	struct incident_history history = history_with_outage(100, 60);
	struct incident incident = {"burn-1h", 101052, 101900, NAN, NAN};

	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 52);
	/* 6000 bad; in (98300, 101900] are 190 steps of 100: 190 events may be bad */
	assert_near(incident.spent_ratio, 6000.0 / 190);
}

TEST(test_an_open_incident_spends_until_now)
{
	struct incident_history history = history_with_outage(100, 260);
	struct incident incident = {"burn-1h", 101052, NAN, NAN, NAN};

	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 52);
	assert_near(incident.spent_ratio, 26000.0 / 360);
}

TEST(test_a_burn_of_exactly_1_is_not_bad_yet)
{
	struct incident_history history = history_with_outage(100, 60);
	struct incident incident = {"burn-1h", 101052, 101900, NAN, NAN};

	history.objective = 0.9; /* 1 - 0.9 is less than 0.1 */
	steps[99].good = 90;
	steps[99].bad = 10;
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 52);
	steps[99].good = 89;
	steps[99].bad = 11;
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 62);
}

TEST(test_steps_without_events_neither_begin_nor_end_it)
{
	struct incident_history history = history_with_outage(100, 60);
	struct incident incident = {"burn-1h", 101052, 101900, NAN, NAN};

	steps[99] = (struct incident_step){steps[99].t_seconds, 10, 0, 0};
	steps[102] = (struct incident_step){steps[102].t_seconds, 10, 0, 0};
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 52);
}

/* Traffic is little, and errors come in bursts: steps without one are no recovery for 5 min. */
TEST(test_a_step_without_an_error_does_not_begin_it_anew)
{
	struct incident_history history = history_with_outage(100, 60);
	struct incident incident = {"burn-1h", 101112, 101900, NAN, NAN};

	steps[103] = steps[110] = steps[0];
	steps[103].t_seconds = 101040;
	steps[110].t_seconds = 101110;
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 112);
	/* a burn that ended 5 min before is another one */
	history = history_with_outage(100, 60);
	steps[60].bad = 50;
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 112);
	steps[70].bad = 50; /* 300 s from its end to the outage's first step: it goes on */
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 512);
}

TEST(test_unknown_if_bad_for_all_of_the_long_window)
{
	/* bad from 100000 to 102000: longer than the lookback */
	struct incident_history history = history_with_outage(0, 200);
	struct incident incident = {"burn-30m", 101900, 102000, NAN, NAN};

	incident_measure(&incident, &history);
	assert_true(isnan(incident.detect_seconds));
	/* from the window's beginning, 100100, on: 190 steps, of 200 in all */
	assert_near(incident.spent_ratio, 19000.0 / 200);
	history = history_with_outage(50, 150);
	incident.alert = "exhaust-40m"; /* 10 min back is not far enough */
	incident_measure(&incident, &history);
	assert_true(isnan(incident.detect_seconds));
	incident.alert = "mine"; /* 6 h */
	incident_measure(&incident, &history);
	assert_true(incident.detect_seconds == 1400);
}

TEST(test_unknown_if_steps_are_too_wide_or_do_not_reach_back)
{
	static const struct incident_step hours[] = {{3600, 3600, 100, 0}, {7200, 3600, 0, 100}};
	struct incident_history history = {.objective = 0.99,
					   .window_seconds = 7200,
					   .now_seconds = 7200,
					   .steps = hours,
					   .n_steps = 2};
	struct incident incident = {"burn-6h", 3700, NAN, NAN, NAN};

	incident_measure(&incident, &history);
	assert_true(isnan(incident.detect_seconds));
	assert_near(incident.spent_ratio, 100.0 / 2);
	history.steps = hours + 1;
	history.n_steps = 1;
	incident.fired_seconds = 3500;
	incident_measure(&incident, &history);
	assert_true(isnan(incident.spent_ratio));
	history.n_steps = 0;
	incident_measure(&incident, &history);
	assert_true(isnan(incident.spent_ratio));
}

TEST(test_means_are_of_what_is_known)
{
	static const struct incident incidents[] = {
		{"a", 100, 400, 50, 0.25}, {"b", 1000, NAN, NAN, 0.5}, {"c", 2000, 2100, 70, NAN}};
	struct incidents_summary summary = incidents_sum_up(incidents, COUNT(incidents));

	assert_int_equal(summary.n, 3);
	assert_int_equal(summary.n_open, 1);
	assert_true(summary.mean_detect_seconds == 60);
	assert_true(summary.mean_repair_seconds == 200);
	assert_true(summary.spent_ratio == 0.75);
	summary = incidents_sum_up(incidents, 0);
	assert_true(isnan(summary.mean_detect_seconds));
	assert_true(isnan(summary.mean_repair_seconds));
	assert_true(isnan(summary.spent_ratio));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlapping_and_touching_alerts_are_one_incident),
		cmocka_unit_test(test_an_alert_within_an_open_one_does_not_close_it),
		cmocka_unit_test(test_detected_after_the_first_bad_step_began),
		cmocka_unit_test(test_an_open_incident_spends_until_now),
		cmocka_unit_test(test_a_burn_of_exactly_1_is_not_bad_yet),
		cmocka_unit_test(test_steps_without_events_neither_begin_nor_end_it),
		cmocka_unit_test(test_a_step_without_an_error_does_not_begin_it_anew),
		cmocka_unit_test(test_unknown_if_bad_for_all_of_the_long_window),
		cmocka_unit_test(test_unknown_if_steps_are_too_wide_or_do_not_reach_back),
		cmocka_unit_test(test_means_are_of_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
