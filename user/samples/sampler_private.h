/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of samples/sampler, for its own files. */
#ifndef SLIPROBE_SAMPLES_SAMPLER_PRIVATE_H
#define SLIPROBE_SAMPLES_SAMPLER_PRIVATE_H

#include "base/helper.h"
#include "samples/sampler.h"

struct asked {
	uint32_t id; /* 0: free */
	double deadline; /* CLOCK_MONOTONIC, seconds */
	elsewhere_done_fn *done;
	void *context;
};

struct sampler {
	struct helper helper;
	struct sampler_plan plan;
	int rings[SAMPLER_RINGS]; /* -1: not given yet */
	char *context; /* as text; NULL: none yet */
	bool told; /* the process that runs has the context */
	struct asked asked[SAMPLER_QUESTIONS_MAX];
	uint32_t last_id;
	bool runs; /* it has its directory, and is not known to have died */
	double heard_at; /* CLOCK_MONOTONIC, seconds */
	struct sampler_state state;
	struct sampler_state before; /* of processes that have died, counts alone */
};

/* The question of that id; 0: room for one. NULL: there is none. */
struct asked *sampler_asked(struct sampler *sampler, uint32_t id);

/* All that wait, with status 503. */
void sampler_answer_all(struct sampler *sampler, const char *why);

/* To a process that knows nothing yet. */
void sampler_tell_again(struct sampler *sampler);

#endif
