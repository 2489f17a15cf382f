/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples, as far as the agent has to do with them: it says how many the kernel takes, tells the process that keeps
 * them what they mean, and hands questions on. Nothing here waits, and nothing that fails here fails the agent.
 */
#ifndef SLIPROBE_AGENT_SAMPLING_H
#define SLIPROBE_AGENT_SAMPLING_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/names.h"
#include "base/elsewhere.h"
#include "base/error.h"
#include "samples/sampler.h"

struct agent;

struct sampling {
	struct sampler *sampler; /* the caller's; NULL: there is none */
	char *state_dir;
	bool opened; /* it has its directory, and the rings */
	struct names_told told;
};

/* Returns 0 or -ENOMEM. */
int sampling_begin(struct sampling *sampling, struct sampler *sampler, const char *state_dir);
void sampling_clear(struct sampling *sampling);

/* The configuration in force has come or changed: rates, names, or none of them. */
void sampling_apply(struct agent *agent);

/* At each step. */
void sampling_step(struct agent *agent);

/* No more samples are taken: nobody will read them. */
void sampling_stop(struct agent *agent);

/* False: samples are off. */
bool sampling_state(const struct agent *agent, struct sampler_state *ret);

/*
 * Hands a question on (samples/question): "explain" gets the exact facts. `done` is called later, see samples/sampler.
 * Returns 0; or -errno and why: -EINVAL (400), -ENOENT (404), else 503.
 */
int sampling_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
		 struct error *ret_error);

#endif
