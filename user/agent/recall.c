/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/recall.h"

#include <errno.h>
#include <math.h>

int recall_new(struct agent *agent)
{
	struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at))) {
		int r = 0;

		if (isnan(track->stepped_seconds))
			r = record_load(agent->record, agent->kernel.instance,
					&agent->axis.timeline, agent->axis.stepped_seconds, track);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

static int found_before(void *context, const struct store_slo *slo)
{
	struct agent *agent = context;

	return applied_found_before(&agent->applied, slo->name, slo->service, slo->definition);
}

int recall_found(struct agent *agent, double now_seconds)
{
	int r = record_each_found(agent->record, now_seconds - TRACK_WINDOW_S, found_before, agent);

	return r ?: recall_new(agent);
}
