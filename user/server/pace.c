/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/pace.h"

#include <math.h>

static double left_at(const struct pace *pace, double now_seconds)
{
	const double passed = fmax(now_seconds - pace->at_seconds, 0);

	return fmin(pace->burst, pace->left + passed * pace->per_second);
}

void pace_use(struct pace *pace, double amount, double now_seconds)
{
	pace->left = fmax(left_at(pace, now_seconds) - amount, -pace->advance);
	pace->at_seconds = fmax(now_seconds, pace->at_seconds);
}

double pace_wait(const struct pace *pace, double now_seconds)
{
	const double left = left_at(pace, now_seconds);

	/* a little more: then it is surely there, however it is rounded */
	return left > 0 ? 0 : -left / pace->per_second + 1e-3;
}
