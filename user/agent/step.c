/* SPDX-License-Identifier: GPL-2.0-only */
/* A step: what the kernel has counted becomes history. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discover.h"
#include "agent/private.h"
#include "agent/series.h"
#include "base/cleanup.h"
#include "base/clock.h"

int agent_sweep(struct agent *agent, struct policies_in_use *ret_in_use)
{
	struct probe_swept swept;
	int r = probe_sweep(agent->probe, agent->applied.in_force.config.agent.unanswered_after_ns,
			    &swept, ret_in_use);

	if (r)
		return r;
	agent->consistent = swept.consistent;
	if (!agent->consistent)
		fprintf(stderr,
			"sliprobed: the counters disagree with the connections: %llu requests in flight, "
			"expected %lld to %lld\n",
			swept.in_flight, (long long)swept.at_least, (long long)swept.at_most);
	return 0;
}

int agent_discover(struct agent *agent)
{
	struct endpoints endpoints = {};
	int r = discover_configured(&agent->services, &agent->applied);

	r = r ?: probe_each_endpoint(agent->probe, endpoints_add, &endpoints);
	r = r ?: discover_endpoints(&endpoints, &agent->services, &agent->applied);
	endpoints_clear(&endpoints);
	return r ?: agent_recall(agent);
}

/* ---- tracks ---- */

int agent_counts(struct agent *agent, const struct track *track, struct slo_counts *ret)
{
	int r;

	if (track->counts == TRACK_NO_COUNTS) {
		*ret = track->stepped;
		return 0;
	}
	r = probe_read_counts(agent->probe, track->counts, ret);
	if (!r && (ret->good < track->stepped.good || ret->bad < track->stepped.bad)) {
		/* never seen; events must not be made up from it */
		fprintf(stderr,
			"sliprobed: SLO %s: the kernel's counters are below those of the last "
			"step: they are taken as they are\n",
			track->name);
		*ret = track->stepped;
	}
	return r;
}

static int found_before(void *context, const struct store_slo *slo)
{
	struct agent *agent = context;

	return applied_found_before(&agent->applied, slo->name, slo->service, slo->definition);
}

int agent_recall(struct agent *agent)
{
	struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at))) {
		int r = 0;

		if (isnan(track->stepped_seconds))
			r = record_load(agent->record, agent->instance, &agent->axis.timeline,
					agent->axis.stepped_seconds, track);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

int agent_recall_found(struct agent *agent, double now_seconds)
{
	int r = record_each_found(agent->record, now_seconds - TRACK_WINDOW_S, found_before, agent);

	return r ?: agent_recall(agent);
}

static int step_series(struct agent *agent, double now, struct series_list *series)
{
	int r = series_init(series, &agent->services, agent->applied.numbers.routes);

	r = r ?: probe_each_series(agent->probe, series_add, series);
	for (size_t i = 0; !r && i < agent->services.n; i++)
		service_rate_step(agent->services.list[i], now,
				  series->requests[agent->services.list[i]->id]);
	return r;
}

/* ---- the step ---- */

static int step_track(struct agent *agent, struct track *track, double now)
{
	struct slo_counts counts;
	int r = agent_counts(agent, track, &counts);

	return r
		       ?: track_step(track, now, &counts,
				     alerting_excluded(&agent->alerting, track, now));
}

/* Writes the step to disk, as far as it can be. */
static int record_all(struct agent *agent, const struct store_series *series, size_t n_series)
{
	const struct tracks *counted = &agent->applied.tracks;
	size_t n = tracks_count(counted, TRACKS_IN_FORCE | TRACKS_ENDED), at = 0;
	_cleanup_free_ struct track **tracks = calloc(n ?: 1, sizeof(struct track *));
	struct record_step step = {
		.instance = agent->instance,
		.timeline = &agent->axis.timeline,
		.coverage = &agent->axis.coverage,
		.now_seconds = agent->axis.stepped_seconds,
		.tracks = tracks,
		.n_tracks = n,
		.series = series,
		.n_series = n_series,
	};

	if (!tracks)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		tracks[i] = tracks_next(counted, TRACKS_IN_FORCE | TRACKS_ENDED, &at);
	return record_step(agent->record, &step);
}

/* Turns what was counted since the last step into history, in memory. */
static int count(struct agent *agent, double now, struct series_list *series)
{
	struct track *track;
	size_t at = 0;
	int r = 0;

	while (!r &&
	       (track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at)))
		r = step_track(agent, track, now);
	r = r ?: axis_step(&agent->axis, now);
	return r ?: step_series(agent, now, series);
}

int agent_take(struct agent *agent, double now)
{
	struct series_list series = {};
	int r = count(agent, now, &series);

	r = r ?: record_all(agent, series.list, series.n);
	series_clear(&series);
	return r;
}

/* What was counted is recorded, whatever becomes of the alerts. */
static int take_and_judge(struct agent *agent, double now)
{
	struct series_list series = {};
	int r = count(agent, now, &series), judged;

	if (!r) {
		judged = alerting_step(&agent->alerting, now);
		r = record_all(agent, series.list, series.n) ?: judged;
	}
	series_clear(&series);
	return r;
}

static void look_at_clock(struct agent *agent)
{
	double step = axis_look(&agent->axis, clock_seconds(CLOCK_BOOTTIME),
				clock_seconds(CLOCK_REALTIME));

	if (step == 0)
		return;
	fprintf(stderr,
		"sliprobed: the wall clock was set %s by %.1f s; windows and history go by the time "
		"that has passed, and are not moved\n",
		step > 0 ? "forward" : "back", fabs(step));
}

/* Which rules that have ended are still gone by, also by requests whose head is half read. */
static int review_ending(struct agent *agent)
{
	struct policies_in_use in_use;
	int r = agent_sweep(agent, &in_use);

	if (!r)
		applied_review_ending(&agent->applied, &in_use);
	return r;
}

/* A sweep takes as long as there are open connections, and has nothing to do if all are idle. */
static int end_unanswered(struct agent *agent)
{
	bool at_rest;
	int r = probe_at_rest(agent->probe, &at_rest);

	return r || at_rest ? r : agent_sweep(agent, NULL);
}

int agent_step(struct agent *agent)
{
	bool ending = applied_any_ending(&agent->applied);
	int r = ending ? review_ending(agent) : end_unanswered(agent);

	r = r ?: agent_discover(agent);
	look_at_clock(agent);
	r = r ?: take_and_judge(agent, axis_now(&agent->axis));
	if (!r && ending && record_report(agent->record).state != RECORD_FAILING)
		applied_forget_ended(&agent->applied);
	return r;
}
