/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "report/json.h"

struct fixture {
	struct slo_history *history;
	struct coverage coverage;
	struct timeline timeline;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->timeline.wall_offset_seconds = 1700000000;
	assert_int_equal(slo_history_new(2592000, &f->history), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	slo_history_free(f->history);
	coverage_clear(&f->coverage);
	free(f);
	return 0;
}

static void add(struct fixture *f, double t_seconds, uint64_t good, uint64_t bad)
{
	assert_int_equal(slo_history_add(f->history, t_seconds, (struct slo_events){good, bad}), 0);
}

static struct snapshot_history filled(struct fixture *f, double until_seconds)
{
	struct snapshot_history history = {};

	assert_int_equal(snapshot_history_fill(&history, f->history, &f->coverage, &f->timeline,
					       until_seconds),
			 0);
	return history;
}

static void assert_step(const struct snapshot_history *history, size_t i, double end, uint64_t good,
			uint64_t bad)
{
	assert_true(i < history->n_steps);
	assert_true(history->steps[i].end_unix == 1700000000 + end);
	assert_int_equal(history->steps[i].width_seconds, 10);
	assert_int_equal(history->steps[i].events.good, good);
	assert_int_equal(history->steps[i].events.bad, bad);
}

TEST(nothing_counted)
{
	struct fixture *f = *state;
	struct snapshot_history history;

	assert_int_equal(coverage_add(&f->coverage, 5, 100), 0);
	history = filled(f, 100);
	assert_int_equal(history.n_steps, 0);
	assert_int_equal(history.n_covered, 1);
	snapshot_history_clear(&history);
	assert_null(history.covered);
}

/* A step without events is there if at least half of it was covered. */
TEST(idle_steps_are_shown_where_covered)
{
	struct fixture *f = *state;
	struct snapshot_history history;

	assert_int_equal(coverage_add(&f->coverage, 0, 35), 0); /* half of the step at 40 */
	assert_int_equal(coverage_add(&f->coverage, 55.1, 74), 0); /* less of the one at 60 */
	add(f, 20, 5, 1);
	add(f, 70, 2, 0);
	history = filled(f, 89);
	assert_int_equal(history.n_steps, 4);
	assert_step(&history, 0, 20, 5, 1);
	assert_step(&history, 1, 30, 0, 0);
	assert_step(&history, 2, 40, 0, 0);
	assert_step(&history, 3, 70, 2, 0);
	snapshot_history_clear(&history);
}

TEST(idle_steps_go_on_to_the_end)
{
	struct fixture *f = *state;
	struct snapshot_history history;

	assert_int_equal(coverage_add(&f->coverage, 0, 10020), 0);
	add(f, 20, 5, 1);
	history = filled(f, 10019);
	assert_int_equal(history.n_steps, 1000);
	assert_step(&history, 0, 20, 5, 1);
	for (size_t i = 1; i < history.n_steps; i++)
		assert_step(&history, i, 20 + 10 * (double)i, 0, 0);
	snapshot_history_clear(&history);
}

TEST(rendered)
{
	struct fixture *f = *state;
	struct snapshot_history history;
	char *text;

	assert_int_equal(coverage_add(&f->coverage, 5.25, 30), 0);
	add(f, 20, 5, 1);
	history = filled(f, 30);
	history.name = "checkout";
	history.service = "shop";
	history.objective = 0.999;
	history.window_seconds = 2592000;
	history.since_unix = 1700000005.25;
	history.now_unix = 1700000031.5;
	text = json_history(&history);
	assert_string_equal(text,
			    "{\"name\": \"checkout\", \"service\": \"shop\", \"objective\": 0.999, "
			    "\"window_seconds\": 2592000, \"since\": \"2023-11-14T22:13:25Z\", "
			    "\"now_seconds\": 1700000031.5, "
			    "\"coverage\": [[1700000005.25, 1700000030.0]], "
			    "\"steps\": [[1700000020.0, 10, 5, 1], [1700000030.0, 10, 0, 0]]}");
	free(text);
	history.since_unix = NAN;
	text = json_history(&history);
	assert_non_null(strstr(text, "\"since\": null, "));
	free(text);
	snapshot_history_clear(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(nothing_counted),
		WITH_SETUP(idle_steps_are_shown_where_covered),
		WITH_SETUP(idle_steps_go_on_to_the_end),
		WITH_SETUP(rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
