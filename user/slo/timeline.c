/* SPDX-License-Identifier: GPL-2.0-only */
#include "slo/timeline.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP_SECONDS 0.5

/* A virtual machine put back to an earlier state has the same boot id, but has lost time. */
static bool same_boot(const struct timeline_mark *saved, const char *boot_id,
		      double boottime_seconds)
{
	return *boot_id && !strcmp(saved->boot_id, boot_id) &&
	       saved->anchor_seconds + boottime_seconds >= saved->last_seconds;
}

static void begin_at(struct timeline *timeline, double axis_seconds, double boottime_seconds,
		     double realtime_seconds)
{
	timeline->anchor_seconds = axis_seconds - boottime_seconds;
	timeline->wall_offset_seconds = realtime_seconds - axis_seconds;
}

/* Only the wall clock tells how long the machine was down. */
static double start_after_boot(struct timeline *timeline, const struct timeline_mark *saved,
			       double boottime_seconds, double realtime_seconds)
{
	double elapsed_seconds =
		realtime_seconds - (saved->last_seconds + saved->wall_offset_seconds);
	double right_seconds =
		realtime_seconds - saved->owed_wall_offset_seconds - saved->last_seconds;

	if (saved->owed && right_seconds >= 0) {
		timeline->owed = false; /* it was put right before this boot */
		elapsed_seconds = right_seconds;
	} else if (!saved->owed && elapsed_seconds < 0) {
		timeline->owed = true;
		timeline->owed_wall_offset_seconds = saved->wall_offset_seconds;
	}
	begin_at(timeline, saved->last_seconds + fmax(elapsed_seconds, 0), boottime_seconds,
		 realtime_seconds);
	return elapsed_seconds;
}

double timeline_start(struct timeline *timeline, const struct timeline_mark *saved,
		      const char *boot_id, double boottime_seconds, double realtime_seconds)
{
	if (!saved) {
		*timeline = (struct timeline){0};
		begin_at(timeline, realtime_seconds, boottime_seconds, realtime_seconds);
		return 0;
	}
	*timeline = (struct timeline){
		.anchor_seconds = saved->anchor_seconds,
		.wall_offset_seconds = saved->wall_offset_seconds,
		.owed = saved->owed,
		.owed_wall_offset_seconds = saved->owed_wall_offset_seconds,
	};
	if (!same_boot(saved, boot_id, boottime_seconds))
		return start_after_boot(timeline, saved, boottime_seconds, realtime_seconds);
	timeline_look(timeline, boottime_seconds, realtime_seconds);
	return timeline_now(timeline, boottime_seconds) - saved->last_seconds;
}

double timeline_now(const struct timeline *timeline, double boottime_seconds)
{
	return timeline->anchor_seconds + boottime_seconds;
}

double timeline_look(struct timeline *timeline, double boottime_seconds, double realtime_seconds)
{
	double offset_seconds = realtime_seconds - timeline_now(timeline, boottime_seconds);
	double step_seconds = offset_seconds - timeline->wall_offset_seconds;

	timeline->wall_offset_seconds = offset_seconds;
	if (fabs(step_seconds) < STEP_SECONDS)
		return 0;
	if (timeline->owed && offset_seconds >= timeline->owed_wall_offset_seconds) {
		timeline->anchor_seconds += offset_seconds - timeline->owed_wall_offset_seconds;
		timeline->wall_offset_seconds = timeline->owed_wall_offset_seconds;
		timeline->owed = false;
	}
	return step_seconds;
}

void timeline_mark(const struct timeline *timeline, const char *boot_id, double last_seconds,
		   struct timeline_mark *ret)
{
	*ret = (struct timeline_mark){
		.anchor_seconds = timeline->anchor_seconds,
		.wall_offset_seconds = timeline->wall_offset_seconds,
		.last_seconds = last_seconds,
		.owed = timeline->owed,
		.owed_wall_offset_seconds = timeline->owed_wall_offset_seconds,
	};
	snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id);
}
