/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What explain says of SLOs that burn, asked for by the agent itself, so that a message can carry its sentence and an
 * incident keeps it. Nothing waits for an answer: what is not there when an alert fires goes into its incident alone.
 *
 * One question is asked at a time, EXPLAINING_A_STEP in a step at most, the worst first: an incident without any answer,
 * then an SLO that burns but has not fired yet, then an incident that is over, then what was asked longest ago. Answers
 * are kept of EXPLAINED_MAX SLOs, the newest. Of an answer EXPLAINING_ANSWER_BYTES are read: it comes from the
 * process that reads hostile bytes.
 */
#ifndef SLIPROBE_AGENT_EXPLAINING_H
#define SLIPROBE_AGENT_EXPLAINING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/elsewhere.h"
#include "base/error.h"

struct agent;

enum {
	EXPLAINED_MAX = 64,
	EXPLAINING_A_STEP = 3,
	EXPLAINING_ANSWER_BYTES = 1 << 20,
	EXPLAINING_TRIES = 3, /* for an incident that is over */
	EXPLAINING_FRESH_SECONDS = 120, /* of a sentence that is told */
	EXPLAINING_AGAIN_SECONDS = 30, /* an SLO is not asked for again before, */
	EXPLAINING_FEW_SECONDS = 60, /* an incident in which nothing is found is new for so long */
	EXPLAINING_NEW_SECONDS = 3, /* or, of a new incident, or where nothing was found, before */
};

struct explained {
	char *slo;
	double at; /* when it was asked for, on the axis */
	json_t *kept; /* see report/incident; NULL: there was no answer */
};

struct explaining {
	struct explained list[EXPLAINED_MAX];
	size_t n;
	struct explaining_question *waiting; /* that is under way; NULL: none */
	unsigned int asked; /* in this step */
};

void explaining_clear(struct explaining *explaining);

/* At each step, when alerts were judged. */
void explaining_step(struct agent *agent);

/* What is new enough to be told of the SLO; else NULL. Valid until the next answer. */
const char *explaining_sentence(const struct explaining *explaining, const char *slo,
				double now_seconds);
const json_t *explaining_latest(const struct explaining *explaining, const char *slo,
				double now_seconds);

/*
 * Asks for whoever asks the socket: {"what": "explain", "slo", "since", "until"}, to which exact facts are added. Without
 * samples it is answered from these alone, and `done` is called before this returns. Returns 0; or -errno and why, and
 * `done` is not called: -ENOENT, -EINVAL of explain_facts_add(), others.
 */
int explain_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done, void *context,
		struct error *ret_error);

#endif
