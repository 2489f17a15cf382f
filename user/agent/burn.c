/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/burn.h"

#include <math.h>

#include "slo/burning.h"

/* As far back as the history has steps of 10 s, of a minute. */
enum { LOOK_BACK_SECONDS = 6 * 3600, LOOK_BACK_FAR_SECONDS = 8 * 86400 };

struct burn {
	const struct track *track;
	struct slo_burning burning;
};

static int add_step(void *context, enum slo_tier tier, int64_t end_seconds,
		    struct slo_events events)
{
	struct burn *burn = context;
	const double t_seconds = (double)end_seconds;

	slo_burning_step(&burn->burning, t_seconds - (double)slo_tier_width_seconds[tier],
			 t_seconds, events, burn->track->slo->objective);
	return 0;
}

double burn_began(const struct track *track, double now, double judged_seconds)
{
	const bool long_ago = judged_seconds > LOOK_BACK_SECONDS;
	const enum slo_tier tier = long_ago ? SLO_TIER_1MIN : SLO_TIER_10S;
	const int64_t from = (int64_t)now - (long_ago ? LOOK_BACK_FAR_SECONDS : LOOK_BACK_SECONDS);
	struct burn burn = {.track = track};

	slo_history_each(track->history, tier, from, add_step, &burn);
	return burn.burning.on ? fmax(burn.burning.from_seconds, track->since_seconds) : NAN;
}
