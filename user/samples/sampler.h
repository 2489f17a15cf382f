/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent's side of the process that keeps samples, `sliprobe-sample`. That reads the rings, decodes, keeps and
 * prunes, and answers questions: samples/process. The agent never waits for it: whatever it does, or fails to do, costs
 * samples or an answer, and nothing else.
 *
 * What its answers hold comes from requests, read by a process that reads hostile bytes: it is bounded, handed on as it
 * is, and never parsed here. Only its state is, as numbers.
 *
 * Bounds: QUESTIONS_MAX questions at once, ANSWER_MAX_BYTES each, for QUESTION_SECONDS; a context of CONTEXT_MAX_BYTES.
 * For one thread, as the agent's loop.
 */
#ifndef SLIPROBE_SAMPLES_SAMPLER_H
#define SLIPROBE_SAMPLES_SAMPLER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/elsewhere.h"
#include "base/error.h"
#include "base/loop.h"

enum {
	SAMPLER_QUESTIONS_MAX = 8,
	SAMPLER_QUESTION_SECONDS = 10,
	SAMPLER_ANSWER_MAX_BYTES = 64 << 20,
	SAMPLER_CONTEXT_MAX_BYTES = 32 << 20,
	SAMPLER_RINGS = 2, /* configured services, found ones */
};

struct sampler;

struct sampler_plan {
	/*
	 * Each is called in the process; NULL: nothing is given up. `user`: at once, while nothing is open. `parent`: in the
	 * process that stays and starts the one that works, again and again. `worker`: in that one. `dir_fd`: of its
	 * directory. A failure ends the process.
	 */
	int (*user)(void);
	int (*parent)(int dir_fd);
	int (*worker)(int dir_fd);
	bool quiet;
};

/* Forks it: while there is little to inherit. It waits for sampler_open(). Returns 0 or -errno. */
int sampler_begin(const struct sampler_plan *plan, struct sampler **ret);

/* Ends it, and waits for that: it writes what it has, for some seconds at most. NULL: there is none. */
void sampler_end(struct sampler *sampler);

/*
 * Where it keeps its database: in <state_dir>/samples, which is made, and is all of the disk that it may use. The path
 * must be in reach. Returns 0 or -errno.
 */
int sampler_open(struct sampler *sampler, const char *state_dir);

/*
 * The ring buffers that it reads, by their maps: copies are kept, for a process that is started again. The first ones
 * that are given stay. Returns 0 or -errno.
 */
int sampler_give_rings(struct sampler *sampler, const int fds[static SAMPLER_RINGS]);

/*
 * What the ids in samples mean, see samples/names, from now on. It is sent if it differs from the last one. Returns 0,
 * or -errno: then it is sent again with the next one.
 */
int sampler_context(struct sampler *sampler, const json_t *context);

/* Whether the last context has been sent to the process that runs. */
bool sampler_is_told(const struct sampler *sampler);

/*
 * Asks: {"what": "events" or "explain", ...}, see samples/question. `done` is called later, with the answer, or with
 * status 503 when it has died or takes longer than SAMPLER_QUESTION_SECONDS. Returns 0; or -errno and why, and then
 * `done` is not called: -EBUSY if SAMPLER_QUESTIONS_MAX wait; -ENOTCONN if it does not run.
 */
int sampler_ask(struct sampler *sampler, const json_t *question, elsewhere_done_fn *done,
		void *context, struct error *ret_error);

enum sampler_is {
	SAMPLER_STARTS, /* it has not said anything yet */
	SAMPLER_OK,
	SAMPLER_FAILING, /* it cannot write */
	SAMPLER_STOPPED, /* it has died, or says nothing any more */
};

/* What it said last, and whether it lives. */
struct sampler_state {
	enum sampler_is is;
	char why[128]; /* it is not SAMPLER_OK; else "". Printable ASCII */
	uint64_t starts; /* of the process that works: above 1, it has died */
	/* since the agent's start, all from what it says: */
	uint64_t taken; /* samples that were read */
	uint64_t lost_ring; /* without those that the kernel itself counts */
	uint64_t lost_disk; /* that could not be written */
	uint64_t kept; /* events in the database now */
	uint64_t bytes; /* of the database */
	double oldest; /* Unix seconds; NAN: there is none */
};

void sampler_state(const struct sampler *sampler, struct sampler_state *ret);

/* The process that stays; 0: there is none. */
int sampler_pid(const struct sampler *sampler);

struct loop_part sampler_part(struct sampler *sampler);

#endif
