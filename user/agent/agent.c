/* SPDX-License-Identifier: GPL-2.0-only */
/* The agent's life: start, what it takes over from one before it, reload, end. */
#include "agent/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "agent/private.h"
#include "apply/note.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/say.h"
#include "config/load.h"

/* ---- the kernel side's note ---- */

static void unpin(struct agent *agent)
{
	fprintf(stderr, "sliprobed: %s: counting ends with this process\n", agent->unpinned.text);
	pins_remove(agent->pins);
	pins_close(agent->pins);
	agent->pins = NULL;
}

static int keep_note(void *context, __u32 generation, const json_t *rules)
{
	struct agent *agent = context;
	char build[20];
	const struct note_head head = {
		.build = build,
		.instance = agent->instance,
		.attached_boottime_seconds = agent->attached_boottime,
	};
	json_t *note;
	int r;

	if (!agent->pins)
		return 0;
	snprintf(build, sizeof(build), "%016" PRIx64, (uint64_t)probe_build());
	note = note_wrap(&head, rules);
	r = note ? pins_note(agent->pins, generation, note) : -ENOMEM;
	json_decref(note);
	if (r) {
		snprintf(agent->unpinned.text, sizeof(agent->unpinned.text),
			 "the note on the kernel side cannot be written: %s", strerror(-r));
		unpin(agent);
	}
	return 0;
}

static int apply(struct agent *agent, const struct policies_in_use *in_use, struct config *config,
		 struct error *error)
{
	int r = applied_apply(&agent->applied, agent->probe, in_use, config, error);

	if (!r && agent->pins)
		pins_forget_notes(agent->pins, agent->applied.in_force.generation);
	return r;
}

/* ---- taking over ---- */

static bool same_build(const char *noted)
{
	char build[20];

	snprintf(build, sizeof(build), "%016" PRIx64, (uint64_t)probe_build());
	return noted && !strcmp(noted, build);
}

static int adopt(struct agent *agent, bool *ret_same_build, struct policies_in_use *ret_in_use,
		 struct error *error)
{
	struct probe_swept swept;
	struct note_head head;
	const json_t *body;
	json_t *note;
	int r = probe_adopt(pins_dir(agent->pins), &agent->probe, error);

	if (r)
		return r;
	note = pins_noted(agent->pins, probe_generation(agent->probe));
	if (note_open(note, &head, &body)) {
		snprintf(error->text, sizeof(error->text), "%s",
			 note ? "it is of another version" : "there is no note on it");
		json_decref(note);
		return -EINVAL;
	}
	snprintf(agent->instance, sizeof(agent->instance), "%s", head.instance);
	agent->attached_boottime = head.attached_boottime_seconds;
	/* nothing is ended here: the time a request may take is not known yet */
	r = probe_sweep(agent->probe, ~0ULL >> 1, &swept, ret_in_use);
	r = r ?: applied_restore(&agent->applied, agent->probe, ret_in_use, body);
	if (r)
		snprintf(error->text, sizeof(error->text), "its rules cannot be restored: %s",
			 strerror(-r));
	else
		*ret_same_build = same_build(head.build);
	json_decref(note);
	return r;
}

static int applied_begin(struct agent *agent)
{
	int r;

	applied_clear(&agent->applied);
	r = applied_init(&agent->applied);
	agent->applied.persist = keep_note;
	agent->applied.persist_context = agent;
	return r;
}

static int discard(struct agent *agent)
{
	probe_close(agent->probe);
	agent->probe = NULL;
	pins_remove(agent->pins);
	services_clear(&agent->services);
	return applied_begin(agent);
}

static void say_unwritten(const struct agent *agent, const char *hint)
{
	struct record_report report = record_report(agent->record);

	/* what another agent has the place for is not this one's to lose */
	if (report.state == RECORD_FAILING || (report.state == RECORD_NOT_KEPT && agent->pins))
		fprintf(stderr, "sliprobed: %s: %s: what could not be written is lost%s\n",
			report.path, report.reason, hint);
}

/* What the former kernel side has counted is taken, and then it is removed. */
static int hand_over(struct agent *agent, const char *why)
{
	int r;

	fprintf(stderr,
		"sliprobed: what the last agent left counting is taken over and loaded anew: "
		"%s\n",
		why);
	probe_detach(agent->probe);
	r = agent_discover(agent);
	r = r ?: agent_take(agent, axis_now(&agent->axis));
	if (r)
		fprintf(stderr, "sliprobed: its last counts cannot be read: %s\n", strerror(-r));
	say_unwritten(agent, "");
	return discard(agent);
}

/*
 * Goes on with the kernel side that a former agent left, if it left one. agent->probe is NULL
 * afterwards if another has to be loaded.
 */
static int take_over(struct agent *agent, const struct agent_options *options,
		     struct config *config, struct error *error)
{
	struct policies_in_use in_use;
	double attached;
	bool same;
	int r = adopt(agent, &same, &in_use, error);

	if (r) {
		fprintf(stderr,
			"sliprobed: what the last agent left counting cannot be taken over: %s; what "
			"it counted after its last step is lost\n",
			error->text);
		return discard(agent);
	}
	/* the last step may have been of a kernel side before it */
	attached = timeline_now(&agent->axis.timeline, agent->attached_boottime);
	if (!(agent->axis.stepped_seconds > attached))
		agent->axis.stepped_seconds = attached;
	if (!same)
		return hand_over(agent, "the kernel side of this version is another one");
	if (options->hook != PROBE_HOOK_AUTO && options->hook != probe_hook(agent->probe))
		return hand_over(agent, "other hooks are asked for");
	if (apply(agent, &in_use, config, error))
		return hand_over(agent, error->text);
	agent->adopted = true;
	return agent_discover(agent);
}

/* ---- start ---- */

static void open_pins(struct agent *agent, const char *state_dir)
{
	if (pins_open(&pins_dirs_host, state_dir, &agent->pins, &agent->unpinned))
		fprintf(stderr, "sliprobed: %s: counting ends with this process\n",
			agent->unpinned.text);
}

static int draw_instance(struct agent *agent)
{
	unsigned char bytes[(INSTANCE_BYTES - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(agent->instance + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int load_anew(struct agent *agent, const struct agent_options *options,
		     const struct tables_region *room, struct config *config, struct error *error)
{
	int r = draw_instance(agent);

	if (r)
		snprintf(error->text, sizeof(error->text), "no random numbers: %s", strerror(-r));
	agent->attached_boottime = clock_seconds(CLOCK_BOOTTIME);
	agent->axis.stepped_seconds = axis_now(&agent->axis);
	r = r ?: probe_open(options->hook, room, &agent->probe, error);
	r = r ?: apply(agent, &(struct policies_in_use){}, config, error);
	/* attached last: the first request already finds its rules */
	r = r ?: probe_attach(agent->probe, error);
	if (!r && agent->pins && probe_pin(agent->probe, pins_dir(agent->pins), &agent->unpinned))
		unpin(agent);
	return r;
}

static void say_gap(const struct agent *agent, double gap_seconds)
{
	if (gap_seconds < 0)
		fprintf(stderr,
			"sliprobed: the wall clock is %.0f s before the last step: how long no agent "
			"ran is not known, history goes on as if it had not been\n",
			-gap_seconds);
	else if (gap_seconds > 60)
		fprintf(stderr, "sliprobed: no agent ran for %.0f s%s\n", gap_seconds,
			agent->adopted ? ", the kernel counted meanwhile" : ": no coverage");
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
	gap_seconds = record_start(agent->record, &agent->axis.timeline, &agent->axis.coverage);
	agent->axis.stepped_seconds =
		agent->axis.coverage.n ? axis_now(&agent->axis) - fmax(gap_seconds, 0) : NAN;
	open_pins(agent, options->state_dir);
	if (agent->pins && pins_any(agent->pins))
		r = take_over(agent, options, config, error);
	if (!r && !agent->probe)
		r = load_anew(agent, options, &room, config, error);
	if (r)
		return r;
	say_gap(agent, gap_seconds);
	r = alerting_start(&agent->alerting);
	r = r ?: agent_recall_found(agent, axis_now(&agent->axis));
	r = r ?: agent_step(agent);
	if (r)
		snprintf(error->text, sizeof(error->text), "the first step failed: %s",
			 strerror(-r));
	return r;
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	alerting_clear(&agent->alerting);
	probe_close(agent->probe);
	pins_close(agent->pins);
	applied_clear(&agent->applied);
	services_clear(&agent->services);
	record_free(agent->record);
	axis_clear(&agent->axis);
	free(agent->config_file);
	free(agent);
}

void agent_stop(struct agent *agent, bool keep)
{
	int r;

	keep = keep && agent->pins;
	if (!keep)
		probe_detach(agent->probe);
	r = agent_step(agent);
	if (r)
		fprintf(stderr, "sliprobed: reading the last counts failed: %s\n", strerror(-r));
	if (!keep)
		say_unwritten(agent,
			      " with this stop (with --keep the kernel would go on counting, "
			      "and the next agent write it)");
	if (!keep && agent->pins)
		pins_remove(agent->pins);
}

int agent_new(const struct agent_options *options, struct config *config, struct agent **ret,
	      struct error *ret_error)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	time_t now = time(NULL);
	struct tm utc;
	int r;

	ret_error->text[0] = 0;
	if (!agent || applied_begin(agent)) {
		free(agent);
		snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
		return -ENOMEM;
	}
	agent->consistent = true;
	agent->alerting = (struct alerting){
		.applied = &agent->applied,
		.axis = &agent->axis,
		.facts_of = agent_facts,
		.context = agent,
	};
	uname(&agent->kernel);
	strftime(agent->started_at, sizeof(agent->started_at), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&now, &utc));
	if (options->config_file) {
		agent->config_file = strdup(options->config_file);
		if (!agent->config_file) {
			agent_free(agent);
			snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
			return -ENOMEM;
		}
	}
	r = agent_start(agent, options, config, ret_error);
	if (r) {
		if (!ret_error->text[0])
			snprintf(ret_error->text, sizeof(ret_error->text), "%s", strerror(-r));
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

int agent_reload(struct agent *agent, struct error *ret_error)
{
	struct policies_in_use in_use;
	struct config config = {};
	int r = config_load(agent->config_file, &config, ret_error);

	if (r)
		return r;
	/* SLOs that have ended give back their places */
	ret_error->text[0] = 0;
	r = agent_step(agent);
	r = r ?: agent_sweep(agent, &in_use);
	if (r)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "cannot walk the connections: %s", strerror(-r));
	r = r ?: apply(agent, &in_use, &config, ret_error);
	config_clear(&config);
	if (r)
		return r;
	agent->reloads++;
	r = agent_recall(agent);
	r = r ?: alerting_configure(&agent->alerting);
	if (r)
		snprintf(ret_error->text, sizeof(ret_error->text), "applied, but: %s",
			 strerror(-r));
	return r;
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
	return probe_hook_used(agent->probe);
}

const char *agent_hook_reason(const struct agent *agent)
{
	return probe_hook_reason(agent->probe);
}
