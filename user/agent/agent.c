/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's life: start, reload, stop. */
#include "agent/agent.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/changes.h"
#include "agent/explaining.h"
#include "agent/incident_notes.h"
#include "agent/config_changes.h"
#include "agent/parts.h"
#include "agent/periods.h"
#include "agent/recall.h"
#include "agent/rows.h"
#include "agent/snapshot.h"
#include "agent/step.h"
#include "agent/takeover.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/json_values.h"
#include "base/say.h"
#include "config/load.h"

static int load_anew(struct agent *agent, enum probe_hook hook, const struct tables_region *room,
		     struct config *config, struct error *error)
{
	const struct policies_in_use none = {};
	int r = kernel_side_load(&agent->kernel, hook, room, tls_is_wanted(&agent->tls), error);

	agent->axis.stepped_seconds = axis_now(&agent->axis);
	r = r ?: kernel_side_apply(&agent->kernel, &none, &agent->applied, config, error);
	/* attached last: the first request finds its policy */
	return r ?: kernel_side_attach(&agent->kernel, error);
}

static void say_gap(const struct agent *agent, double gap_seconds)
{
	if (gap_seconds < 0)
		say("the wall clock is %.0f s before the last step: how long no agent ran is not "
		    "known, history goes on as if it had not been",
		    -gap_seconds);
	else if (gap_seconds > 60)
		say("no agent ran for %.0f s%s", gap_seconds,
		    agent->kernel.taken_over ? ", the kernel counted meanwhile" : ": no coverage");
}

/* Where nothing of the last agent is left to take over, though it did not end in order. */
static void say_removed(struct agent *agent)
{
	bool removed = kernel_side_was_removed(&agent->kernel);

	if (!agent->kernel.pins || kernel_side_left(&agent->kernel))
		return;
	if (removed || record_was_cut_off(agent->record))
		say_as(SAY_ERROR,
		       "the last agent did not end in order, and nothing of it is left in the kernel (its "
		       "pins in %s were removed): what it counted after its last step is lost",
		       pins_name(agent->kernel.pins));
}

static void note_on_timeline(struct agent *agent, enum timeline_what what, const char *detail)
{
	timeline_add(&agent->timeline, &(struct timeline_change){
					       .at = clock_seconds(CLOCK_REALTIME),
					       .what = what,
					       .detail = detail,
				       });
}

static int agent_start(struct agent *agent, const struct agent_options *options,
		       struct config *config, struct error *error)
{
	struct tables_region room;
	double gap_seconds;
	int r;

	/* a configuration that cannot be applied must not touch what is counting */
	r = applied_room(config, &room, error);
	r = r ?: record_new(options->state_dir, say, &agent->record, error);
	if (r)
		return r;
	agent->alerting.record = agent->record;
	agent->alerting.socket = options->socket ? strdup(options->socket) : NULL;
	gap_seconds = record_start(agent->record, &agent->axis.timeline, &agent->axis.coverage);
	agent->axis.stepped_seconds =
		agent->axis.coverage.n ? axis_now(&agent->axis) - fmax(gap_seconds, 0) : NAN;
	r = kernel_side_open(&agent->kernel, options->state_dir, error);
	if (r)
		return r;
	say_removed(agent);
	if (kernel_side_left(&agent->kernel))
		r = takeover(agent, options->hook, config);
	if (!r && !agent->kernel.probe)
		r = load_anew(agent, options->hook, &room, config, error);
	if (r)
		return r;
	tls_start(agent);
	say_gap(agent, gap_seconds);
	r = timeline_open(&agent->timeline, agent->record);
	note_on_timeline(agent, TIMELINE_AGENT,
			 agent->kernel.taken_over ?
				 "sliprobe started, and took over what had been counted" :
				 "sliprobe started");
	r = r ?: incidents_open(&agent->incidents, agent->record);
	r = r ?: alerting_start(&agent->alerting);
	r = r ?: recall_found(agent, axis_now(&agent->axis));
	agent->versions = versions_new();
	if (!agent->versions)
		r = r ?: -ENOMEM;
	r = r ?: step_run(agent);
	if (!r)
		sampling_apply(agent);
	return r ? error_set(error, r, "the first step failed: %s", strerror(-r)) : 0;
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	alerting_clear(&agent->alerting);
	sampling_clear(&agent->sampling);
	tls_stop(agent);
	tls_clear(&agent->tls);
	kernel_side_close(&agent->kernel);
	applied_clear(&agent->applied);
	services_clear(&agent->services);
	versions_free(agent->versions);
	quotas_clear(&agent->quotas);
	explaining_clear(&agent->explaining);
	incidents_close(&agent->incidents);
	timeline_close(&agent->timeline);
	record_free(agent->record);
	axis_clear(&agent->axis);
	reloads_clear(&agent->reloads);
	free(agent->config_file);
	free(agent);
}

bool agent_stop(struct agent *agent, bool keep)
{
	int r;

	keep = keep && kernel_side_is_pinned(&agent->kernel);
	sampling_stop(agent);
	/* what is attached ends with its pins: from here on nothing is */
	tls_stop(agent);
	if (!keep)
		probe_detach(agent->kernel.probe);
	note_on_timeline(agent, TIMELINE_AGENT,
			 keep ? "sliprobe stopped, the kernel counts on" : "sliprobe stopped");
	r = step_run(agent);
	if (r)
		say("reading the last counts failed: %s", strerror(-r));
	if (!keep)
		step_say_lost(agent, " with this stop (with --keep the kernel would go on "
				     "counting, and the next agent write it)");
	if (!keep && agent->kernel.pins)
		pins_remove(agent->kernel.pins);
	return keep;
}

static int facts_of(void *agent, const struct track *track, struct snapshot_slo *ret)
{
	return snapshot_take_slo(agent, track, ret);
}

int agent_new(const struct agent_options *options, struct config *config, struct agent **ret,
	      struct error *ret_error)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	time_t now = time(NULL);
	struct tm utc;
	int r;

	ret_error->text[0] = 0;
	if (!agent || kernel_side_begin(&agent->kernel, &agent->applied)) {
		free(agent);
		return error_set(ret_error, -ENOMEM, "out of memory");
	}
	agent->alerting = (struct alerting){
		.applied = &agent->applied,
		.axis = &agent->axis,
		.journal = &agent->journal,
		.facts_of = facts_of,
		.others = &incident_notes,
		.context = agent,
	};
	uname(&agent->host);
	strftime(agent->started_at, sizeof(agent->started_at), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&now, &utc));
	if (options->config_file) {
		agent->config_file = strdup(options->config_file);
		if (!agent->config_file) {
			agent_free(agent);
			return error_set(ret_error, -ENOMEM, "out of memory");
		}
	}
	r = reloads_begin(&agent->reloads, config);
	r = r ?: sampling_begin(&agent->sampling, options->sampler, options->state_dir);
	r = r ?: tls_begin(&agent->tls, options->tls_helper, &config->tls);
	r = r ?: agent_start(agent, options, config, ret_error);
	if (r) {
		if (!ret_error->text[0])
			error_set(ret_error, r, "%s", strerror(-r));
		agent_free(agent);
		return r;
	}
	*ret = agent;
	return 0;
}

int agent_remove(const char *state_dir, struct error *ret_error)
{
	struct pins *pins;
	int r = pins_open(&pins_dirs_host, state_dir, &pins, ret_error);

	if (r)
		return r;
	pins_remove(pins);
	pins_close(pins);
	return 0;
}

static void note_new_configuration(struct agent *agent, const json_t *before)
{
	_cleanup_json_ json_t *now = config_parts(agent_config(agent));
	char line[CONFIG_CHANGES_BYTES];

	if (before && now && config_changes(before, now, line))
		note_on_timeline(agent, TIMELINE_CONFIGURATION, line);
}

/* Puts the file in force. *ret gets what that changes. */
static int reload_file(struct agent *agent, struct reload *ret, struct error *ret_error)
{
	const struct config_agent before = agent_config(agent)->agent;
	struct policies_in_use in_use;
	struct config config = {};
	_cleanup_json_ json_t *parts = config_parts(agent_config(agent));
	int r = config_load(agent->config_file, &config, ret_error);

	if (r)
		return r;
	/* SLOs that have ended give back their places */
	ret_error->text[0] = 0;
	r = step_run(agent);
	r = r ?: step_sweep(agent, &in_use);
	if (r)
		error_set(ret_error, r, "cannot walk the connections: %s", strerror(-r));
	r = r ?: kernel_side_apply(&agent->kernel, &in_use, &agent->applied, &config, ret_error);
	config_clear(&config);
	if (r)
		return r;
	note_new_configuration(agent, parts);
	sampling_apply(agent);
	r = recall_new(agent);
	r = r ?: alerting_configure(&agent->alerting);
	r = r ?: reloads_tell(&agent->reloads, &before, agent_config(agent), ret);
	r = r ?: tls_tell_reload(&agent->tls, &agent_config(agent)->tls, ret);
	return r ? error_set(ret_error, r, "applied, but: %s", strerror(-r)) : 0;
}

int agent_reload(struct agent *agent, const struct asker *by, struct reload *ret,
		 struct error *ret_error)
{
	int r;

	*ret = (struct reload){};
	changes_done(&agent->journal, axis_now(&agent->axis), by, "reload");
	ret_error->text[0] = 0;
	r = reload_file(agent, ret, ret_error);
	reloads_note(&agent->reloads, r, ret_error, clock_seconds(CLOCK_REALTIME));
	return r;
}

int agent_ready(struct agent *agent)
{
	__u64 stats[STAT_COUNT];

	return probe_read_stats(agent->kernel.probe, stats);
}

int agent_step(struct agent *agent, double late_seconds)
{
	int r;

	agent->steps.n++;
	agent->steps.late_seconds = late_seconds;
	agent->steps.late_max_seconds = fmax(agent->steps.late_max_seconds, late_seconds);
	kernel_side_look(&agent->kernel);
	r = step_run(agent);
	sampling_step(agent);
	tls_step(agent);
	explaining_step(agent);
	return r;
}

int agent_refresh(struct agent *agent, bool series, struct facts *ret)
{
	return step_refresh(agent, series, ret);
}

int agent_snapshot(const struct agent *agent, struct facts *facts, struct snapshot *ret)
{
	return snapshot_take(agent, facts, ret);
}

int agent_snapshot_periods(struct agent *agent, const struct period_query *query,
			   struct snapshot *snapshot)
{
	return periods_take(agent, query, snapshot);
}

int agent_snapshot_rows(struct agent *agent, const struct rows_query *query,
			const struct snapshot *snapshot, struct snapshot_rows *ret)
{
	return rows_take(agent, query, snapshot, ret);
}

int agent_snapshot_alerts(struct agent *agent, struct snapshot_alerts *ret)
{
	return snapshot_take_alerts(agent, ret);
}

int agent_snapshot_history(struct agent *agent, const char *slo, struct snapshot_history *ret)
{
	return snapshot_take_history(agent, slo, ret);
}

int agent_snapshot_former(struct agent *agent, const char *slo, size_t which,
			  struct snapshot_history *ret)
{
	return snapshot_take_former(agent, slo, which, ret);
}

int agent_silence(struct agent *agent, const struct asker *by, const char *text, size_t len,
		  struct silence_made *ret, struct error *ret_error)
{
	return alerting_silence(&agent->alerting, by, text, len, ret, ret_error);
}

int agent_unsilence(struct agent *agent, const struct asker *by, const char *id)
{
	return alerting_unsilence(&agent->alerting, by, id);
}

int agent_notify_test(struct agent *agent, const struct asker *by, const char *text, size_t len,
		      struct error *ret_error)
{
	int n = alerting_test(&agent->alerting, text, len, ret_error);

	if (n < 0)
		changes_refused(&agent->journal, axis_now(&agent->axis), by, "test message",
				ret_error->text);
	else
		changes_done(&agent->journal, axis_now(&agent->axis), by,
			     "test message to %d receiver%s", n, format_plural((unsigned int)n));
	return n;
}

int agent_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
	      struct error *ret_error)
{
	const char *what = json_string_value(json_object_get(question, "what"));

	if (what && !strcmp(what, "explain"))
		return explain_ask(agent, question, done, context, ret_error);
	return sampling_ask(agent, question, done, context, ret_error);
}

void agent_refused(struct agent *agent, const struct asker *by, const char *what)
{
	changes_refused(&agent->journal, axis_now(&agent->axis), by, what, "not permitted");
}

int agent_incidents(struct agent *agent, const struct incidents_query *query, json_t **ret)
{
	return incidents_list(agent, query, ret);
}

int agent_incident(struct agent *agent, uint64_t number, json_t **ret)
{
	return incidents_show(agent, number, ret);
}

int agent_changes(struct agent *agent, const struct changes_query *query, json_t **ret)
{
	const double from = isnan(query->since_unix) ? -INFINITY : query->since_unix;
	const double until = isnan(query->until_unix) ? INFINITY : query->until_unix;

	*ret = json_pack("{s:o}", "changes",
			 timeline_json(&agent->timeline, query->service, from, until,
				       query->limit));
	return *ret ? 0 : -ENOMEM;
}

struct loop_part agent_part(struct agent *agent)
{
	return alerting_part(&agent->alerting);
}

struct loop_part agent_helper_part(struct agent *agent)
{
	return tls_helper_part(agent);
}

struct loop_part agent_wanted_part(struct agent *agent)
{
	return tls_wanted_part(agent);
}

const struct config *agent_config(const struct agent *agent)
{
	return &agent->applied.in_force.config;
}

const char *agent_hook(const struct agent *agent)
{
	return probe_hook_used(agent->kernel.probe);
}

const char *agent_hook_reason(const struct agent *agent)
{
	return probe_hook_reason(agent->kernel.probe);
}
