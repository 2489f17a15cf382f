/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of something may be used over time: a burst at once, after that so much a second. Pure. */
#ifndef SLIPROBE_SERVER_PACE_H
#define SLIPROBE_SERVER_PACE_H

struct pace {
	double burst; /* that is left after a rest */
	double per_second;
	double advance; /* that may be used, at most: what is used at once can be more than is left */
	double left; /* below 0: used in advance */
	double at_seconds; /* as of then, of any clock that only goes forward */
};

static inline void pace_init(struct pace *pace, double burst, double per_second, double advance)
{
	*pace = (struct pace){burst, per_second, advance, burst, 0};
}

void pace_use(struct pace *pace, double amount, double now_seconds);

/* Seconds until something is left to use; 0: something is. */
double pace_wait(const struct pace *pace, double now_seconds);

#endif
