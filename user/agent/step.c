/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/step.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/counters.h"
#include "agent/discover.h"
#include "agent/recall.h"
#include "agent/retire.h"
#include "agent/series.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/say.h"

int step_sweep(struct agent *agent, struct policies_in_use *ret_in_use)
{
	return kernel_side_sweep(&agent->kernel,
				 agent->applied.in_force.config.agent.unanswered_after_ns,
				 ret_in_use);
}

int step_discover(struct agent *agent)
{
	struct endpoints endpoints = {};
	int r = discover_configured(&agent->services, &agent->applied);

	r = r ?: probe_each_endpoint(agent->kernel.probe, endpoints_add, &endpoints);
	r = r ?: discover_endpoints(&endpoints, &agent->services, &agent->applied);
	if (!r && probe_endpoints_overflow(agent->kernel.probe))
		r = discover_overflow(&agent->services, &agent->applied);
	endpoints_clear(&endpoints);
	return r ?: recall_new(agent);
}

int step_refresh(struct agent *agent, bool series, struct facts *ret)
{
	struct facts facts;
	int r = step_sweep(agent, NULL);

	r = r ?: facts_read(agent->kernel.probe, agent->applied.numbers.routes, series, &facts);
	if (r)
		return r;
	/* after the series: each has its service then */
	r = step_discover(agent);
	if (r)
		facts_clear(&facts);
	else
		*ret = facts;
	return r;
}

/* ---- taking ---- */

/* What has been asked since the step at `from`. */
static int count_traffic(struct agent *agent, double from, double now,
			 const struct collection *collection)
{
	struct traffic *traffic = record_traffic(agent->record);
	struct cells counters = {};
	int r = counters_take(collection, &agent->services, traffic, &counters);

	r = r ?: traffic_step(traffic, agent->kernel.instance, from, now, &counters);
	cells_clear(&counters);
	return r;
}

/* Whether no request has ended since the last step read the histograms. */
static bool nothing_ended(const struct agent *agent, __u64 ended)
{
	return agent->ended == ended && !strcmp(agent->ended_of, agent->kernel.instance);
}

/* Reads the series; their histograms, too, if they can have changed: most of what there is to read. */
static int read_series(struct agent *agent, double from, double now, struct series_list *series)
{
	_cleanup_(collection_clear) struct collection collection = {};
	__u64 stats[STAT_COUNT];
	int r = probe_read_stats(agent->kernel.probe, stats);

	if (!r && nothing_ended(agent, stats[STAT_ENDED])) {
		r = traffic_pass(record_traffic(agent->record), now);
		return r ?: probe_each_series(agent->kernel.probe, series_add, series);
	}
	r = r	  ?:
		    collection_read(agent->kernel.probe, agent->applied.numbers.routes, true,
				    &collection);
	for (size_t i = 0; !r && i < collection.n; i++) {
		const struct collected *collected = &collection.list[i];

		r = series_add(series, collected->id, &collected->key,
			       &(struct series_value){.requests = collected->series->requests});
	}
	r = r ?: count_traffic(agent, from, now, &collection);
	if (r)
		return r;
	agent->ended = stats[STAT_ENDED];
	memcpy(agent->ended_of, agent->kernel.instance, sizeof(agent->ended_of));
	return 0;
}

static int count_series(struct agent *agent, double from, double now, struct series_list *series)
{
	int r = series_init(series, &agent->services, agent->applied.numbers.routes);

	r = r ?: read_series(agent, from, now, series);
	for (size_t i = 0; !r && i < agent->services.n; i++)
		service_rate_step(agent->services.list[i], now,
				  series->requests[agent->services.list[i]->id]);
	return r;
}

static int count_track(struct agent *agent, struct track *track, double now)
{
	const enum alerting_exclusion exclusion = alerting_excluded(&agent->alerting, track, now);
	const uint64_t before = track->excluded;
	struct slo_counts counts;
	int r = kernel_side_counts(&agent->kernel, track, &counts);

	r = r	  ?:
		    track_step(track, now, &counts, &agent->axis.coverage,
			       exclusion != EXCLUSION_NONE);
	if (exclusion == EXCLUSION_SILENCE)
		alerting_silenced_more(&agent->alerting, track, track->excluded - before);
	return r;
}

/* Writes the step to disk, as far as it can be. */
static int record_all(struct agent *agent, const struct store_series *series, size_t n_series)
{
	const struct tracks *counted = &agent->applied.tracks;
	size_t n = tracks_count(counted, TRACKS_IN_FORCE | TRACKS_ENDED), at = 0;
	_cleanup_free_ struct track **tracks = calloc(n ?: 1, sizeof(struct track *));
	struct record_step step = {
		.instance = agent->kernel.instance,
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
	double from = agent->axis.stepped_seconds;
	struct track *track;
	size_t at = 0;
	int r = axis_step(&agent->axis, now);

	while (!r &&
	       (track = tracks_next(&agent->applied.tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at)))
		r = count_track(agent, track, now);
	return r ?: count_series(agent, from, now, series);
}

int step_take(struct agent *agent, double now)
{
	struct series_list series = {};
	int r = count(agent, now, &series);

	r = r ?: record_all(agent, series.list, series.n);
	series_clear(&series);
	return r;
}

/* The counts are recorded, whatever becomes of the alerts. */
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

void step_say_lost(const struct agent *agent, const char *hint)
{
	struct record_report report = record_report(agent->record);

	/* another agent has the place of a record that is not kept, if this one has no pins */
	if (report.state == RECORD_FAILING ||
	    (report.state == RECORD_NOT_KEPT && agent->kernel.pins))
		say_as(SAY_ERROR, "%s: %s: what could not be written is lost%s", report.path,
		       report.reason, hint);
}

/* ---- the whole step ---- */

static void look_at_clock(struct agent *agent)
{
	double seconds = axis_look(&agent->axis, clock_seconds(CLOCK_BOOTTIME),
				   clock_seconds(CLOCK_REALTIME));

	if (seconds == 0)
		return;
	say("the wall clock was set %s by %.1f s; windows and history go by the time that has "
	    "passed, and are not moved",
	    seconds > 0 ? "forward" : "back", fabs(seconds));
}

/* Finds the ended tracks that requests are still judged for, those with half a head included. */
static int review_ending(struct agent *agent)
{
	struct policies_in_use in_use;
	int r = step_sweep(agent, &in_use);

	if (!r)
		applied_review_ending(&agent->applied, &in_use);
	return r;
}

/* A sweep takes as long as there are open connections, and has nothing to do if all are idle. */
static int end_unanswered(struct agent *agent)
{
	bool at_rest;
	int r = probe_at_rest(agent->kernel.probe, &at_rest);

	return r || at_rest ? r : step_sweep(agent, NULL);
}

static void tell_services(struct agent *agent, double now)
{
	for (size_t i = 0; i < agent->services.n; i++) {
		struct service *service = agent->services.list[i];

		if (service->told || !service->port)
			continue;
		service->told = true;
		journal_say(&agent->journal, JOURNAL_SERVICE, SAY_INFO, now,
			    "found service %s: process %s, pid %u, port %u", service->name,
			    service->process, service->pid, service->port);
	}
}

/* A failure to read is that of the next step, too, and is told there. */
static void tell_losses(struct agent *agent, double now)
{
	__u64 stats[STAT_COUNT];
	uint64_t lost[LOST_REASON_COUNT];

	if (probe_read_stats(agent->kernel.probe, stats))
		return;
	for (size_t i = 0; i < LOST_REASON_COUNT; i++)
		lost[i] = stats[STAT_LOST + i];
	journal_losses(&agent->journal, lost, now);
}

int step_run(struct agent *agent)
{
	bool ending = applied_any_ending(&agent->applied);
	int r = ending ? review_ending(agent) : end_unanswered(agent);
	double now;

	r = r ?: step_discover(agent);
	look_at_clock(agent);
	now = axis_now(&agent->axis);
	r = r ?: retire_look(agent, now);
	r = r ?: take_and_judge(agent, now);
	tell_services(agent, now);
	tell_losses(agent, now);
	journal_catch_up(&agent->journal, now);
	if (r || record_report(agent->record).state == RECORD_FAILING)
		return r;
	if (ending)
		applied_forget_ended(&agent->applied);
	r = retire_unused(agent);
	applied_forget_lost(&agent->applied, now);
	return r;
}
