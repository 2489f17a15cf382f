/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"

void axis_clear(struct axis *axis)
{
	coverage_clear(&axis->coverage);
	*axis = (struct axis){};
}

double axis_now(const struct axis *axis)
{
	return timeline_now(&axis->timeline, clock_seconds(CLOCK_BOOTTIME));
}

double axis_wall(const struct axis *axis, double seconds)
{
	return timeline_wall(&axis->timeline, seconds);
}

void axis_begin_at(struct axis *axis, double boottime_seconds)
{
	double begin_seconds = timeline_now(&axis->timeline, boottime_seconds);

	/* also if it is not known */
	if (!(axis->stepped_seconds > begin_seconds))
		axis->stepped_seconds = begin_seconds;
}

double axis_look(struct axis *axis, double boottime_seconds, double realtime_seconds)
{
	double step_seconds = timeline_look(&axis->timeline, boottime_seconds, realtime_seconds);

	/* the month begins elsewhere on the axis now */
	if (step_seconds != 0)
		axis->month.time_zone[0] = 0;
	return step_seconds;
}

int axis_step(struct axis *axis, double now_seconds)
{
	int r = coverage_add(&axis->coverage, axis->stepped_seconds, now_seconds);

	if (!r)
		axis->stepped_seconds = now_seconds;
	return r;
}

double axis_covered(const struct axis *axis, double from_seconds, double now_seconds)
{
	double counted_from = fmax(axis->stepped_seconds, from_seconds);

	return coverage_seconds(&axis->coverage, from_seconds, axis->stepped_seconds) +
	       fmax(now_seconds - counted_from, 0);
}

static bool is_month_of(const struct axis_month *month, const char *time_zone, double now_seconds)
{
	return !strcmp(month->time_zone, time_zone) && now_seconds >= month->from_seconds &&
	       now_seconds < month->to_seconds;
}

static bool find_month(const struct axis *axis, const char *time_zone, double now_seconds,
		       struct axis_month *ret)
{
	int64_t from, to;

	if (is_month_of(&axis->month, time_zone, now_seconds)) {
		*ret = axis->month;
		return true;
	}
	if (calendar_month(time_zone, (int64_t)axis_wall(axis, now_seconds), &from, &to))
		return false;
	snprintf(ret->time_zone, sizeof(ret->time_zone), "%s", time_zone);
	ret->from_seconds = timeline_axis(&axis->timeline, (double)from);
	ret->to_seconds = timeline_axis(&axis->timeline, (double)to);
	return true;
}

void axis_remember_month(struct axis *axis, const struct config_slo *slo, double now_seconds)
{
	struct axis_month month;

	if (slo->calendar_month && find_month(axis, slo->time_zone, now_seconds, &month))
		axis->month = month;
}

struct slo_window axis_window(const struct axis *axis, const struct config_slo *slo,
			      double now_seconds)
{
	struct axis_month month;

	if (!slo->calendar_month || !find_month(axis, slo->time_zone, now_seconds, &month))
		return slo_window_rolling(now_seconds, (double)slo->window_seconds);
	return (struct slo_window){
		.from_seconds = month.from_seconds,
		.length_seconds = month.to_seconds - month.from_seconds,
		.calendar = true,
		.end_seconds = month.to_seconds,
	};
}
