/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's life: start, reload, stop. */
#include "agent/agent.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/parts.h"
#include "agent/periods.h"
#include "agent/recall.h"
#include "agent/rows.h"
#include "agent/snapshot.h"
#include "agent/step.h"
#include "agent/takeover.h"
#include "base/clock.h"
#include "base/say.h"
#include "config/load.h"

static int load_anew(struct agent *agent, enum probe_hook hook, const struct tables_region *room,
		     struct config *config, struct error *error)
{
	const struct policies_in_use none = {};
	int r = kernel_side_load(&agent->kernel, hook, room, error);

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

static int agent_start(struct agent *agent, const struct agent_options *options,
		       struct config *config, struct error *error)
{
	struct tables_region room;
	double gap_seconds;
	int r;

	/* a configuration that cannot be applied must not touch what is counting */
	r = applied_room(config, &room, error);
	r = r ?: record_new(options->state_dir, say, &agent->record);
	if (r)
		return r;
	agent->alerting.record = agent->record;
	agent->alerting.socket = options->socket ? strdup(options->socket) : NULL;
	gap_seconds = record_start(agent->record, &agent->axis.timeline, &agent->axis.coverage);
	agent->axis.stepped_seconds =
		agent->axis.coverage.n ? axis_now(&agent->axis) - fmax(gap_seconds, 0) : NAN;
	kernel_side_open(&agent->kernel, options->state_dir);
	if (kernel_side_left(&agent->kernel))
		r = takeover(agent, options->hook, config);
	if (!r && !agent->kernel.probe)
		r = load_anew(agent, options->hook, &room, config, error);
	if (r)
		return r;
	say_gap(agent, gap_seconds);
	r = alerting_start(&agent->alerting);
	r = r ?: recall_found(agent, axis_now(&agent->axis));
	r = r ?: step_run(agent);
	return r ? error_set(error, r, "the first step failed: %s", strerror(-r)) : 0;
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	alerting_clear(&agent->alerting);
	kernel_side_close(&agent->kernel);
	applied_clear(&agent->applied);
	services_clear(&agent->services);
	record_free(agent->record);
	axis_clear(&agent->axis);
	reloads_clear(&agent->reloads);
	free(agent->config_file);
	free(agent);
}

bool agent_stop(struct agent *agent, bool keep)
{
	int r;

	keep = keep && agent->kernel.pins;
	if (!keep)
		probe_detach(agent->kernel.probe);
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

/* Puts the file in force. *ret gets what that changes. */
static int reload_file(struct agent *agent, struct reload *ret, struct error *ret_error)
{
	const struct config_agent before = agent_config(agent)->agent;
	struct policies_in_use in_use;
	struct config config = {};
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
	r = recall_new(agent);
	r = r ?: alerting_configure(&agent->alerting);
	r = r ?: reloads_tell(&agent->reloads, &before, agent_config(agent), ret);
	return r ? error_set(ret_error, r, "applied, but: %s", strerror(-r)) : 0;
}

int agent_reload(struct agent *agent, struct reload *ret, struct error *ret_error)
{
	int r;

	*ret = (struct reload){};
	ret_error->text[0] = 0;
	r = reload_file(agent, ret, ret_error);
	reloads_note(&agent->reloads, r, ret_error, clock_seconds(CLOCK_REALTIME));
	return r;
}

int agent_step(struct agent *agent)
{
	return step_run(agent);
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

int agent_silence(struct agent *agent, const char *text, size_t len, const char *by,
		  char ret_id[static SILENCE_ID_BYTES], struct error *ret_error)
{
	return alerting_silence(&agent->alerting, text, len, by, ret_id, ret_error);
}

int agent_unsilence(struct agent *agent, const char *id)
{
	return alerting_unsilence(&agent->alerting, id);
}

int agent_notify_test(struct agent *agent, const char *text, size_t len)
{
	return alerting_test(&agent->alerting, text, len);
}

struct loop_part agent_part(struct agent *agent)
{
	return alerting_part(&agent->alerting);
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
