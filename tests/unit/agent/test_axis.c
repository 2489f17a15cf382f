/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "agent/axis.h"
#include "base/calendar.h"

enum {
	DAY = 86400,
	FEBRUARY = 1769904000, /* 2026-02-01T00:00:00Z */
	MARCH = 1772323200,
	APRIL = 1775001600,
};

static const struct config_slo rolling = {.window_seconds = 30 * DAY};
static const struct config_slo utc = {
	.calendar_month = true, .time_zone = (char *)"UTC", .window_seconds = 30 * DAY};
static const struct config_slo berlin = {
	.calendar_month = true, .time_zone = (char *)"Europe/Berlin", .window_seconds = 30 * DAY};

/* One that began at that Unix time, 100 s after the boot, and stepped at once. */
static struct axis begun(double unix_seconds)
{
	struct axis axis = {.stepped_seconds = unix_seconds};

	timeline_start(&axis.timeline, NULL, "", 100, unix_seconds);
	return axis;
}

static void assert_month(const struct slo_window *window, double from, double to)
{
	assert_true(window->calendar);
	assert_true(window->from_seconds == from);
	assert_true(window->length_seconds == to - from);
	assert_true(window->end_seconds == to);
}

/* ---- windows ---- */

TEST(a_rolling_window_ends_now)
{
	struct axis axis = begun(MARCH);
	struct slo_window window = axis_window(&axis, &rolling, MARCH + 5);

	assert_false(window.calendar);
	assert_true(window.from_seconds == MARCH + 5 - 30 * DAY);
	assert_true(window.length_seconds == 30 * DAY);
}

TEST(a_month_is_that_of_its_zone)
{
	struct axis axis = begun(MARCH - 1800);
	struct slo_window window;

	axis_remember_month(&axis, &utc, MARCH - 1800);
	window = axis_window(&axis, &utc, MARCH - 1800);
	assert_month(&window, FEBRUARY, MARCH);
	window = axis_window(&axis, &berlin, MARCH - 1800);
	/* winter time, then summer time */
	assert_month(&window, MARCH - 3600, APRIL - 7200);
	window = axis_window(&axis, &utc, MARCH - 1800);
	assert_month(&window, FEBRUARY, MARCH);
}

TEST(the_next_month_begins_by_itself)
{
	struct axis axis = begun(MARCH - 10);
	struct slo_window window;

	axis_remember_month(&axis, &utc, MARCH - 0.001);
	window = axis_window(&axis, &utc, MARCH - 0.001);
	assert_month(&window, FEBRUARY, MARCH);
	window = axis_window(&axis, &utc, MARCH);
	assert_month(&window, MARCH, APRIL);
	/* and a time before the month that is remembered */
	window = axis_window(&axis, &utc, MARCH - 1);
	assert_month(&window, FEBRUARY, MARCH);
}

/* The zone's text is the configuration's, which may go. */
TEST(a_month_is_remembered_by_its_zones_name)
{
	char zone[] = "Europe/Berlin";
	const struct config_slo slo = {.calendar_month = true, .time_zone = zone};
	struct axis axis = begun(MARCH - 1800);
	struct slo_window window;

	axis_remember_month(&axis, &slo, MARCH - 1800);
	window = axis_window(&axis, &slo, MARCH - 1800);
	assert_month(&window, MARCH - 3600, APRIL - 7200);
	strcpy(zone, "UTC");
	window = axis_window(&axis, &slo, MARCH - 1800);
	assert_month(&window, FEBRUARY, MARCH);
}

TEST(a_zone_that_is_unknown_has_rolling_windows)
{
	const struct config_slo slo = {
		.calendar_month = true, .time_zone = (char *)"No/Where", .window_seconds = DAY};
	struct axis axis = begun(MARCH);
	struct slo_window window = axis_window(&axis, &slo, MARCH);

	assert_false(window.calendar);
	assert_true(window.from_seconds == MARCH - DAY);
}

TEST(a_stepped_clock_moves_the_month)
{
	struct axis axis = begun(MARCH + 1000);
	struct slo_window window;

	axis_remember_month(&axis, &utc, MARCH + 1000);
	window = axis_window(&axis, &utc, MARCH + 1000);
	assert_month(&window, MARCH, APRIL);
	/* an hour back: it is February again, and the axis goes on */
	assert_true(axis_look(&axis, 110, MARCH + 1010 - 3600) == -3600);
	assert_true(axis_wall(&axis, MARCH + 1010) == MARCH + 1010 - 3600);
	window = axis_window(&axis, &utc, MARCH + 1010);
	assert_month(&window, FEBRUARY + 3600, MARCH + 3600);
}

/* A window that moved at each look would be another one for each alert. */
TEST(a_clock_that_is_slewed_does_not_move_the_month)
{
	struct axis axis = begun(MARCH + 1000);
	struct slo_window window;

	axis_remember_month(&axis, &utc, MARCH + 1000);
	assert_true(axis_look(&axis, 110, MARCH + 1010.25) == 0);
	window = axis_window(&axis, &utc, MARCH + 1010);
	assert_month(&window, MARCH, APRIL);
}

/* ---- coverage ---- */

TEST(what_came_after_the_last_step_is_covered)
{
	struct axis axis = begun(1000);

	assert_true(axis_covered(&axis, 900, 1000) == 0);
	assert_true(axis_covered(&axis, 900, 1007) == 7);
	assert_int_equal(axis_step(&axis, 1010), 0);
	assert_true(axis_covered(&axis, 900, 1013) == 13);
	assert_true(axis_covered(&axis, 1004, 1013) == 9);
	assert_true(axis_covered(&axis, 1012, 1013) == 1);
	/* a new agent, after a minute without one */
	axis.stepped_seconds = 1070;
	assert_int_equal(axis_step(&axis, 1080), 0);
	assert_true(axis_covered(&axis, 900, 1085) == 25);
	assert_int_equal(axis.coverage.n, 2);
	axis_clear(&axis);
}

/* A kernel side that was attached at a boottime of 150 s, which is 1050 on the axis. */
TEST(a_kernel_side_begins_the_next_step_unless_it_was_stepped_since)
{
	struct axis axis = begun(1000);

	axis.stepped_seconds = NAN;
	axis_begin_at(&axis, 150);
	assert_true(axis.stepped_seconds == 1050);
	axis.stepped_seconds = 1020;
	axis_begin_at(&axis, 150);
	assert_true(axis.stepped_seconds == 1050);
	axis.stepped_seconds = 1080;
	axis_begin_at(&axis, 150);
	assert_true(axis.stepped_seconds == 1080);
}

TEST(a_step_back_is_refused)
{
	struct axis axis = begun(1000);

	assert_int_equal(axis_step(&axis, 999), -EINVAL);
	assert_true(axis.stepped_seconds == 1000);
	assert_int_equal(axis.coverage.n, 0);
	axis_clear(&axis);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rolling_window_ends_now),
		cmocka_unit_test(a_month_is_that_of_its_zone),
		cmocka_unit_test(the_next_month_begins_by_itself),
		cmocka_unit_test(a_month_is_remembered_by_its_zones_name),
		cmocka_unit_test(a_zone_that_is_unknown_has_rolling_windows),
		cmocka_unit_test(a_stepped_clock_moves_the_month),
		cmocka_unit_test(a_clock_that_is_slewed_does_not_move_the_month),
		cmocka_unit_test(what_came_after_the_last_step_is_covered),
		cmocka_unit_test(a_kernel_side_begins_the_next_step_unless_it_was_stepped_since),
		cmocka_unit_test(a_step_back_is_refused),
	};

	calendar_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
