/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/step.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
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
	r = r ?: quotas_read(&agent->quotas, agent->kernel.probe, agent->applied.numbers.services);
	return r ?: recall_new(agent);
}

/* A change of a service that is known by now. */
static void tell_change(void *context, const struct serving_change *change, double at_unix)
{
	struct agent *agent = context;
	const struct service *service = services_by_id(&agent->services, change->service);
	char pid[24] = "";

	if (!service)
		return;
	if (change->pid)
		snprintf(pid, sizeof(pid), ", pid %u", change->pid);
	journal_say(&agent->journal, JOURNAL_SERVICE, SAY_INFO, axis_now(&agent->axis),
		    "service %s: %s%s%s%s%s%s%s%s", service->name, timeline_what_name(change->what),
		    change->from ? " from " : "", change->from ?: "", change->to ? " to " : "",
		    change->to ?: "", change->detail ? ": " : "", change->detail ?: "", pid);
	timeline_add(&agent->timeline, &(struct timeline_change){
					       .at = at_unix,
					       .service = service->name,
					       .found = change->service >= SERVICE_FOUND,
					       .what = change->what,
					       .from = change->from,
					       .to = change->to,
					       .detail = change->detail,
					       .pid = change->pid,
				       });
}

int step_versions(struct agent *agent)
{
	return agent->versions ?
		       versions_refresh(agent->versions, agent->kernel.probe, tell_change, agent) :
		       0;
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
	r = r ?: step_versions(agent);
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

/* A service that was counted before an upgrade, in a container, is not any more: that must be heard. */
static void tell_near(struct agent *agent, const struct service *service, double now)
{
	const char *near = service->near != SERVICE_NONE ?
				   ids_name(agent->applied.numbers.services, service->near) :
				   NULL;

	if (!near || !config_service_named(&agent->applied.in_force.config, near))
		return;
	journal_say(&agent->journal, JOURNAL_SERVICE, SAY_WARNING, now,
		    "service %s would be %s but for its %s namespace, which is not the host's: "
		    "%sunit, cgroup or container in the match of %s would name it",
		    service->name, near, service->near_lacks & LACKS_NETNS ? "network" : "mount",
		    service->near_lacks == LACKS_NETNS ? "netns, " : "", near);
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
		tell_near(agent, service, now);
	}
}

/* One line for all services that have come to have too many series since the last step. */
static void tell_folded(struct agent *agent, double now)
{
	__u64 folded = probe_folded_requests(agent->kernel.probe);
	const struct service *first = NULL;
	size_t n = 0;

	if (folded == agent->folded)
		return;
	agent->folded = folded;
	for (size_t i = 0; i < agent->services.n; i++) {
		struct service *service = agent->services.list[i];
		struct service_books books;

		if (service->folds || probe_read_books(agent->kernel.probe, service->id, &books) ||
		    !books.folded)
			continue;
		service->folds = true;
		first = n++ ? first : service;
	}
	if (n)
		journal_say(
			&agent->journal, JOURNAL_QUOTA, SAY_WARNING, now,
			"quota of series: service %s and %zu others have met theirs: requests of "
			"further methods, routes and statuses count by class of status: slictl "
			"services",
			first->name, n - 1);
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

	r = r ?: applied_look_up(&agent->applied, agent->kernel.probe);
	r = r ?: step_discover(agent);
	look_at_clock(agent);
	now = axis_now(&agent->axis);
	r = r ?: retire_look(agent, now);
	r = r ?: step_versions(agent);
	r = r ?: take_and_judge(agent, now);
	if (!r && agent->versions)
		r = versions_step(agent->versions, agent->kernel.probe, now);
	tell_services(agent, now);
	tell_losses(agent, now);
	tell_folded(agent, now);
	r = r ?: quotas_step(&agent->quotas, agent->kernel.probe, &agent->journal, now);
	journal_catch_up(&agent->journal, now);
	if (r || record_report(agent->record).state == RECORD_FAILING)
		return r;
	if (ending)
		applied_forget_ended(&agent->applied);
	r = retire_unused(agent);
	applied_forget_lost(&agent->applied, now);
	return r;
}
