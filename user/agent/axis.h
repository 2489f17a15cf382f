/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's time: the axis its history is on, the spans of it that were counted in, and the
 * windows that SLOs are judged over. Times are seconds on the axis where nothing else is said.
 */
#ifndef SLIPROBE_AGENT_AXIS_H
#define SLIPROBE_AGENT_AXIS_H

#include "config/config.h"
#include "slo/coverage.h"
#include "slo/slo.h"
#include "slo/timeline.h"

/* A calendar month. */
struct axis_month {
	char time_zone[64]; /* "": none */
	double from_seconds;
	double to_seconds;
};

struct axis {
	struct timeline timeline;
	struct coverage coverage; /* up to the last step */
	double stepped_seconds; /* the last step, or the start; NAN: neither is known */
	struct axis_month month; /* remembered: finding one takes a while */
};

void axis_clear(struct axis *axis);

double axis_now(const struct axis *axis);

/* Unix time. */
double axis_wall(const struct axis *axis, double seconds);

/* The next step covers the time since then, unless the last step was later. */
void axis_begin_at(struct axis *axis, double boottime_seconds);

/* Compares with the clocks. Returns by how much the wall clock was stepped since the last time. */
double axis_look(struct axis *axis, double boottime_seconds, double realtime_seconds);

/*
 * The time since the last step was counted in, and now is the last step. Returns 0; -ENOMEM, or
 * -EINVAL if now is before it: then nothing has changed.
 */
int axis_step(struct axis *axis, double now_seconds);

/* Seconds of [from, now] that were counted in; what came after the last step was. */
double axis_covered(const struct axis *axis, double from_seconds, double now_seconds);

/* The window that the SLO is judged over now. Faster, if its month is remembered. */
struct slo_window axis_window(const struct axis *axis, const struct config_slo *slo,
			      double now_seconds);
/* Remembers the SLO's calendar month, if it has one. The wall clock's slewing no longer moves it. */
void axis_remember_month(struct axis *axis, const struct config_slo *slo, double now_seconds);

#endif
