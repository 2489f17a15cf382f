/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/sampling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/sample.h"
#include "agent/parts.h"
#include "agent/step.h"
#include "base/place.h"
#include "base/say.h"

int sampling_begin(struct sampling *sampling, struct sampler *sampler, const char *state_dir)
{
	sampling->sampler = sampler;
	sampling->state_dir = strdup(state_dir);
	return sampling->state_dir ? 0 : -ENOMEM;
}

void sampling_clear(struct sampling *sampling)
{
	free(sampling->state_dir);
	names_told_clear(&sampling->told);
}

static void tell_names(struct agent *agent)
{
	struct sampling *sampling = &agent->sampling;
	json_t *context;

	if (sampler_is_told(sampling->sampler) && !names_changed(agent, &sampling->told))
		return;
	context = names_context(agent, &sampling->told);
	/* one that did not arrive is sent with the next step */
	if (context)
		sampler_context(sampling->sampler, context);
	json_decref(context);
}

/* The first time that samples are wanted. */
static int open_sampler(struct agent *agent)
{
	int rings[SAMPLE_RINGS];
	int r;

	if (agent->sampling.opened)
		return 0;
	probe_sample_rings(agent->kernel.probe, rings);
	r = sampler_open(agent->sampling.sampler, place_path(agent->sampling.state_dir));
	r = r ?: sampler_give_rings(agent->sampling.sampler, rings);
	agent->sampling.opened = !r;
	return r;
}

static bool is_wanted(const struct agent *agent)
{
	return agent->sampling.sampler && !agent->applied.in_force.config.samples.off;
}

static void set_rates(struct agent *agent, bool on)
{
	const struct config_samples *samples = &agent->applied.in_force.config.samples;
	const struct sample_settings settings = {
		.on = on,
		.bad_per_second = (__u32)samples->bad_per_second,
		.good_per_second = (__u32)samples->good_per_second,
		.head_bytes = (__u32)samples->head_bytes,
	};

	probe_set_samples(agent->kernel.probe, &settings);
}

void sampling_apply(struct agent *agent)
{
	int r = is_wanted(agent) ? open_sampler(agent) : 0;

	if (r)
		say_as(SAY_WARNING, "no samples are kept: %s", strerror(-r));
	if (agent->sampling.opened)
		tell_names(agent);
	set_rates(agent, is_wanted(agent) && agent->sampling.opened);
}

void sampling_step(struct agent *agent)
{
	/* a disk that was full, say */
	if (is_wanted(agent) && !agent->sampling.opened && !open_sampler(agent)) {
		say("samples are kept");
		set_rates(agent, true);
	}
	if (agent->sampling.opened)
		tell_names(agent);
}

void sampling_stop(struct agent *agent)
{
	set_rates(agent, false);
}

bool sampling_state(const struct agent *agent, struct sampler_state *ret)
{
	if (!is_wanted(agent) || !agent->sampling.opened)
		return false;
	sampler_state(agent->sampling.sampler, ret);
	return true;
}

int sampling_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
		 struct error *ret_error)
{
	if (!agent->sampling.opened)
		return error_set(ret_error, -ENOTCONN,
				 agent->applied.in_force.config.samples.off ?
					 "samples are off (samples: off)" :
					 "no samples are kept");
	/* who has served just now is named, too */
	step_discover(agent);
	step_versions(agent);
	tell_names(agent);
	return sampler_ask(agent->sampling.sampler, question, done, context, ret_error);
}
