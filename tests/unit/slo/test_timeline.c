/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include "slo/timeline.h"

static const char boot_a[] = "5c2ee7a2-2f33-4d9f-8a0c-0d2b1a6c9f01";
static const char boot_b[] = "9b1f6c34-77f1-4a0e-b7a5-64f0f3e9d302";
static const char boot_c[] = "c0ffee00-77f1-4a0e-b7a5-64f0f3e9d303";

/* All numbers are exact in binary. */
static void assert_number(double found, double wanted)
{
	if (found != wanted)
		fail_msg("%.17g is not %.17g", found, wanted);
}

/* Made at wall 1000, boottime 10; its last step at axis 1100. */
static void first_boot(struct timeline *timeline, struct timeline_mark *ret_mark)
{
	assert_number(timeline_start(timeline, NULL, boot_a, 10, 1000), 0);
	timeline_mark(timeline, boot_a, 1100, ret_mark);
}

TEST(begins_at_the_wall_clocks_time)
{
	struct timeline timeline;
	struct timeline_mark mark;

	first_boot(&timeline, &mark);
	assert_number(timeline_now(&timeline, 10), 1000);
	assert_number(timeline_now(&timeline, 25.5), 1015.5);
	assert_number(timeline_wall(&timeline, 1015), 1015);
	assert_false(timeline.owed);
	assert_string_equal(mark.boot_id, boot_a);
	assert_number(mark.last_seconds, 1100);
}

TEST(steps_of_the_wall_clock_do_not_move_it)
{
	struct timeline timeline;
	struct timeline_mark mark;

	first_boot(&timeline, &mark);
	assert_number(timeline_look(&timeline, 20, 1010), 0);
	assert_number(timeline_look(&timeline, 30, 1120), 100);
	assert_number(timeline_now(&timeline, 30), 1020);
	assert_number(timeline_wall(&timeline, 1020), 1120);
	assert_number(timeline_axis(&timeline, 1120), 1020);
	assert_number(timeline_look(&timeline, 31, 1121), 0);
	assert_number(timeline_look(&timeline, 40, 30), -1100);
	assert_number(timeline_now(&timeline, 40), 1030);
	assert_number(timeline_wall(&timeline, 1030), 30);
	assert_false(timeline.owed);
}

TEST(less_than_half_a_second_is_no_step)
{
	struct timeline timeline;
	struct timeline_mark mark;

	first_boot(&timeline, &mark);
	assert_number(timeline_look(&timeline, 20, 1010.25), 0);
	assert_number(timeline_look(&timeline, 20, 1010.5), 0);
	assert_number(timeline_wall(&timeline, 1010), 1010.5);
	assert_number(timeline_look(&timeline, 20, 1010), -0.5);
	assert_number(timeline_look(&timeline, 20, 1010.5), 0.5);
}

TEST(the_same_boot_goes_on_with_the_same_axis)
{
	struct timeline timeline;
	struct timeline_mark mark;

	first_boot(&timeline, &mark);
	assert_number(timeline_start(&timeline, &mark, boot_a, 200, 1190), 90);
	assert_number(timeline_now(&timeline, 200), 1190);
	assert_number(timeline_wall(&timeline, 1190), 1190);
	/* the wall clock was stepped meanwhile, in both directions */
	assert_number(timeline_start(&timeline, &mark, boot_a, 200, 5000), 90);
	assert_number(timeline_now(&timeline, 200), 1190);
	assert_number(timeline_wall(&timeline, 1190), 5000);
	assert_number(timeline_start(&timeline, &mark, boot_a, 200, 5), 90);
	assert_number(timeline_now(&timeline, 200), 1190);
	assert_false(timeline.owed);
}

TEST(a_new_boot_goes_on_by_the_wall_clock)
{
	struct timeline timeline;
	struct timeline_mark mark;

	first_boot(&timeline, &mark);
	mark.wall_offset_seconds = 7; /* wall 1107 at the last step */
	assert_number(timeline_start(&timeline, &mark, boot_b, 3, 1607), 500);
	assert_number(timeline_now(&timeline, 3), 1600);
	assert_number(timeline_now(&timeline, 13), 1610);
	assert_number(timeline.wall_offset_seconds, 7);
	assert_false(timeline.owed);
	/* a boot id that could not be read is empty */
	mark.boot_id[0] = '\0';
	assert_number(timeline_start(&timeline, &mark, "", 200, 1607), 500);
	assert_number(timeline_now(&timeline, 200), 1600);
}

TEST(an_old_state_of_the_same_boot_goes_on_by_the_wall_clock)
{
	struct timeline timeline;
	struct timeline_mark mark;

	first_boot(&timeline, &mark);
	assert_number(timeline_start(&timeline, &mark, boot_a, 109, 1300), 200);
	assert_number(timeline_now(&timeline, 109), 1300);
	assert_number(timeline_start(&timeline, &mark, boot_a, 110, 1300), 0);
	assert_number(timeline_now(&timeline, 110), 1100);
}

/* The last step was at 1100, wall 1107; then the clock says 207. */
static void boot_in_the_past(struct timeline *timeline)
{
	struct timeline_mark mark;

	first_boot(timeline, &mark);
	mark.wall_offset_seconds = 7;
	assert_number(timeline_start(timeline, &mark, boot_b, 3, 207), -900);
	assert_number(timeline_now(timeline, 3), 1100);
	assert_number(timeline_wall(timeline, 1100), 207);
	assert_true(timeline->owed);
}

TEST(stands_still_when_the_clock_went_back_over_a_reboot)
{
	struct timeline timeline;

	boot_in_the_past(&timeline);
	assert_number(timeline_look(&timeline, 13, 217), 0);
	assert_number(timeline_now(&timeline, 13), 1110);
}

TEST(a_step_forward_makes_up_for_it_once)
{
	struct timeline timeline;

	boot_in_the_past(&timeline);
	/* not enough, and back */
	assert_number(timeline_look(&timeline, 13, 317), 100);
	assert_number(timeline_look(&timeline, 13, 117), -200);
	assert_true(timeline.owed);
	assert_number(timeline_now(&timeline, 13), 1110);
	/* the time it really was: 60 s after the last step */
	assert_number(timeline_look(&timeline, 13, 1167), 1050);
	assert_false(timeline.owed);
	assert_number(timeline_now(&timeline, 13), 1160);
	assert_number(timeline_wall(&timeline, 1160), 1167);
	/* once */
	assert_number(timeline_look(&timeline, 13, 2167), 1000);
	assert_number(timeline_now(&timeline, 13), 1160);
}

TEST(what_is_owed_survives_a_restart)
{
	struct timeline timeline;
	struct timeline_mark mark;

	boot_in_the_past(&timeline);
	timeline_mark(&timeline, boot_b, 1110, &mark);
	assert_number(timeline_start(&timeline, &mark, boot_b, 23, 227), 10);
	assert_true(timeline.owed);
	/* the clock was put right while no agent ran */
	assert_number(timeline_start(&timeline, &mark, boot_b, 23, 1187), 70);
	assert_false(timeline.owed);
	assert_number(timeline_now(&timeline, 23), 1180);
}

TEST(what_is_owed_survives_another_boot)
{
	struct timeline timeline;
	struct timeline_mark mark;

	boot_in_the_past(&timeline);
	timeline_mark(&timeline, boot_b, 1110, &mark); /* wall 217 */
	/* the clock is as wrong as it was */
	assert_number(timeline_start(&timeline, &mark, boot_c, 3, 257), 40);
	assert_number(timeline_now(&timeline, 3), 1150);
	assert_true(timeline.owed);
	assert_number(timeline_look(&timeline, 3, 1207), 950);
	assert_number(timeline_now(&timeline, 3), 1200);
	/* it went back once more */
	assert_number(timeline_start(&timeline, &mark, boot_c, 3, 17), -200);
	assert_number(timeline_now(&timeline, 3), 1110);
	assert_true(timeline.owed);
	assert_number(timeline_look(&timeline, 3, 1207), 1190);
	assert_number(timeline_now(&timeline, 3), 1200);
	/* it was put right */
	assert_number(timeline_start(&timeline, &mark, boot_c, 3, 1167), 50);
	assert_number(timeline_now(&timeline, 3), 1160);
	assert_number(timeline_wall(&timeline, 1160), 1167);
	assert_false(timeline.owed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_at_the_wall_clocks_time),
		cmocka_unit_test(steps_of_the_wall_clock_do_not_move_it),
		cmocka_unit_test(less_than_half_a_second_is_no_step),
		cmocka_unit_test(the_same_boot_goes_on_with_the_same_axis),
		cmocka_unit_test(a_new_boot_goes_on_by_the_wall_clock),
		cmocka_unit_test(an_old_state_of_the_same_boot_goes_on_by_the_wall_clock),
		cmocka_unit_test(stands_still_when_the_clock_went_back_over_a_reboot),
		cmocka_unit_test(a_step_forward_makes_up_for_it_once),
		cmocka_unit_test(what_is_owed_survives_a_restart),
		cmocka_unit_test(what_is_owed_survives_another_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
