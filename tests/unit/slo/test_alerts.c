/* SPDX-License-Identifier: GPL-2.0-only */
/* Properties of alerts_evaluate(), on random traffic and on odd input. */
#include <math.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/slo/alert_bench.h"

/* Traffic with quiet times, outages and slow burns: a mood that changes now and then. */
struct mood {
	uint64_t per_step;
	uint64_t bad_per_million;
	uint64_t seconds;
};

static struct slo_events moody(struct mood *mood)
{
	static const uint64_t volumes[] = {0, 0, 1, 10, 1000, 1000000};
	static const uint64_t shares[] = {0, 0, 100, 500, 1000, 2000, 14400, 100000, 1000000};
	uint64_t bad, exact;

	if (!random_below(300)) {
		mood->per_step = volumes[random_below(6)];
		mood->bad_per_million = shares[random_below(9)];
	}
	if (!random_below(2000))
		mood->seconds = random_below(3) ? STEP : random_below(400) + 1;
	exact = mood->per_step * mood->bad_per_million;
	bad = exact / 1000000 + (random_below(1000000) < exact % 1000000);
	return (struct slo_events){mood->per_step - bad, bad};
}

static void assert_same_states(const struct bench *a, const struct bench *b)
{
	assert_int_equal(a->n_changes, b->n_changes);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->states[i].status, b->states[i].status);
		assert_true(a->states[i].since_seconds == b->states[i].since_seconds);
		assert_true(a->states[i].started_seconds == b->states[i].started_seconds);
	}
}

static void assert_finite(struct maybe ratio)
{
	assert_true(isfinite(ratio.value));
	assert_true(ratio.known || ratio.value == 0);
}

/* With readings every rule is judged at every step; without, most of them are calm. */
TEST(calm_changes_nothing)
{
	size_t changes = 0;

	for (uint64_t seed = 1; seed <= 36; seed++) {
		/* the window: young; soon whole; whole from the beginning */
		static const double ages[] = {0, -27.5 * DAY, -INFINITY};
		static const double objectives[] = {0.999, 0.99, 0.9999, 0.5, 0.999999, 1};
		static const uint64_t windows[] = {30 * DAY, 7 * DAY, HOUR, 90 * DAY};
		struct alert_reading readings[ALERT_RULES_MAX];
		struct coverage_span span = {0, 0};
		struct coverage coverage = {&span, 1, 1};
		struct mood mood = {100, 100, STEP};
		struct bench calm, all;
		double t = 0;

		random_state = seed * 0x9e3779b97f4a7c15;
		bench_init(&calm, objectives[random_below(6)], windows[random_below(4)]);
		calm.month = seed % 4 == 0;
		calm.since = ages[seed / 4 % 3];
		all = calm;
		for (int i = 0; i < 30000; i++) {
			struct slo_events events = moody(&mood);
			struct alert_subject at;

			t += (double)mood.seconds;
			assert_int_equal(slo_history_add(calm.history, t, events), 0);
			calm.now = all.now = t;
			at = subject(&calm);
			if (seed % 3) {
				at.coverage = &coverage;
				if (t - span.to_seconds > 1000 && !random_below(100))
					span.from_seconds = t;
				if (span.from_seconds == t || i % 5000 > 500)
					span.to_seconds = t;
			}
			calm.n_changes = alerts_evaluate(calm.rules, calm.n, &at, t, calm.states,
							 calm.changes, NULL);
			all.n_changes = alerts_evaluate(all.rules, all.n, &at, t, all.states,
							all.changes, readings);
			assert_same_states(&calm, &all);
			changes += all.n_changes;
			for (size_t k = 0; k < all.n; k++) {
				assert_finite(readings[k].burn_long);
				assert_finite(readings[k].burn_short);
				assert_finite(readings[k].exhausted_in_seconds);
			}
		}
		bench_clear(&calm);
	}
	print_message("%zu changes\n", changes);
	assert_true(changes > 1000); /* else the traffic has tried little */
}

TEST(order_of_rules_changes_nothing)
{
	struct bench bench, turned;
	struct mood mood = {100, 100, STEP};

	random_state = 7;
	bench_init(&bench, 0.999, 30 * DAY);
	turned = bench;
	for (size_t i = 0; i < bench.n; i++)
		turned.rules[i] = bench.rules[bench.n - 1 - i];
	for (int i = 1; i < 100000; i++) {
		struct slo_events events = moody(&mood);

		step(&bench, i * STEP, events.good, events.bad);
		evaluate(&turned, i * STEP);
		assert_int_equal(bench.n_changes, turned.n_changes);
		for (size_t k = 0; k < bench.n; k++)
			assert_memory_equal(&bench.states[k], &turned.states[bench.n - 1 - k],
					    offsetof(struct alert_state, calm));
	}
	bench_clear(&bench);
}

TEST(a_restart_changes_nothing)
{
	struct bench bench, restarted = {};
	struct mood mood = {100, 100, STEP};
	size_t changes = 0;

	random_state = 11;
	bench_init(&bench, 0.999, 30 * DAY);
	for (int i = 1; i < 200000; i++) {
		struct slo_events events = moody(&mood);

		if (i % 30011 == 0) {
			slo_history_free(restarted.history);
			restarted = bench;
			for (size_t k = 0; k < bench.n; k++)
				restarted.states[k].calm = (struct alert_calm){};
			restarted.history = history_copy(bench.history, 30 * DAY, NULL, bench.now);
		}
		step(&bench, i * STEP, events.good, events.bad);
		if (!restarted.history)
			continue;
		step(&restarted, i * STEP, events.good, events.bad);
		assert_same_states(&bench, &restarted);
		changes += bench.n_changes;
	}
	assert_true(changes > 100);
	slo_history_free(restarted.history);
	bench_clear(&bench);
}

TEST(never_nan_nor_anything_on_odd_input)
{
	static const double odd[] = {0, 1, 1 - 1e-15, -1, 2, NAN, INFINITY, 1e-300};

	for (size_t o = 0; o < sizeof(odd) / sizeof(odd[0]); o++) {
		struct alert_reading readings[ALERT_RULES_MAX];
		struct alert_subject at;
		struct bench bench;

		bench_init(&bench, odd[o], 30 * DAY);
		for (int i = 0; i < 100; i++) {
			step(&bench, bench.now + STEP, UINT64_MAX / 400, UINT64_MAX / 400);
			at = subject(&bench);
			at.window.length_seconds = odd[i % 8];
			alerts_evaluate(bench.rules, bench.n, &at, bench.now, bench.states,
					bench.changes, readings);
			for (size_t k = 0; k < bench.n; k++) {
				assert_finite(readings[k].burn_long);
				assert_finite(readings[k].burn_short);
				assert_finite(readings[k].exhausted_in_seconds);
			}
		}
		bench_clear(&bench);
	}
}

TEST(names_of_statuses)
{
	assert_string_equal(alert_status_name(ALERT_INACTIVE), "inactive");
	assert_string_equal(alert_status_name(ALERT_FIRING), "firing");
	assert_string_equal(alert_status_name(ALERT_EXHAUSTED), "exhausted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calm_changes_nothing),
		cmocka_unit_test(order_of_rules_changes_nothing),
		cmocka_unit_test(a_restart_changes_nothing),
		cmocka_unit_test(never_nan_nor_anything_on_odd_input),
		cmocka_unit_test(names_of_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
