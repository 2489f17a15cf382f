/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's time axis, in seconds. It begins at the wall clock's (Unix) time when the state is
 * first made, and goes on with CLOCK_BOOTTIME: steps of the wall clock do not move it, suspend
 * does. Across a reboot it goes on by as much as has passed by the wall clock, or stands still if
 * that is less than nothing. The wall clock's offset from it only serves to show times, and
 * calendars. Pure.
 */
#ifndef SLIPROBE_SLO_TIMELINE_H
#define SLIPROBE_SLO_TIMELINE_H

#include <stdbool.h>

enum { TIMELINE_BOOT_ID_BYTES = 37 };

struct timeline {
	double anchor_seconds; /* axis - CLOCK_BOOTTIME */
	double wall_offset_seconds; /* CLOCK_REALTIME - axis */
	/* the wall clock went back over a reboot: a step forward will make up for it, */
	bool owed;
	double owed_wall_offset_seconds; /* until the offset is again what it had been */
};

/* The axis, as it is kept on disk. */
struct timeline_mark {
	char boot_id[TIMELINE_BOOT_ID_BYTES]; /* /proc/sys/kernel/random/boot_id */
	double anchor_seconds;
	double wall_offset_seconds;
	double last_seconds; /* axis, at the last step */
	bool owed;
	double owed_wall_offset_seconds;
};

/*
 * saved: NULL if there is none. Returns the seconds between the last step and now. They are
 * negative if, by the wall clock, now is before the last step; the axis then stands still.
 */
double timeline_start(struct timeline *timeline, const struct timeline_mark *saved,
		      const char *boot_id, double boottime_seconds, double realtime_seconds);

double timeline_now(const struct timeline *timeline, double boottime_seconds);

/*
 * Looks at the wall clock. Returns by how much it was stepped since the last look; 0 for less than
 * half a second, as adjustments of its rate move both clocks. While `owed`, a step forward that
 * brings the offset back to what it had been, or beyond, moves the axis by what lies beyond, once.
 */
double timeline_look(struct timeline *timeline, double boottime_seconds, double realtime_seconds);

/* The mark to keep. last_seconds: of the step that is being written, on the axis. */
void timeline_mark(const struct timeline *timeline, const char *boot_id, double last_seconds,
		   struct timeline_mark *ret);

static inline double timeline_wall(const struct timeline *timeline, double axis_seconds)
{
	return axis_seconds + timeline->wall_offset_seconds;
}

static inline double timeline_axis(const struct timeline *timeline, double wall_seconds)
{
	return wall_seconds - timeline->wall_offset_seconds;
}

#endif
