/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ids in samples mean now, for who keeps them: the context of samples/names. */
#ifndef SLIPROBE_AGENT_NAMES_H
#define SLIPROBE_AGENT_NAMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "apply/applied.h"

struct agent;

enum { NAMES_GENERATIONS_MAX = 4 }; /* requests that are open may be judged by those before */

struct names_told {
	json_t *generations; /* the newest first; NULL: none yet */
	__u32 newest;
	uint64_t sum; /* of what a context is made of, when one was made last */
};

void names_told_clear(struct names_told *told);

/* Whether a context would be another one than the last. */
bool names_changed(const struct agent *agent, const struct names_told *told);

/* NULL: out of memory. `told` remembers the generations. */
json_t *names_context(const struct agent *agent, struct names_told *told);

#endif
