/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reloads: how many there were, why the last one was refused, and what a changed `agent:` means for
 * an agent that runs.
 */
#ifndef SLIPROBE_AGENT_RELOAD_H
#define SLIPROBE_AGENT_RELOAD_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "report/reload.h"

struct reloads {
	uint64_t applied, refused;
	double refused_at; /* Unix seconds of the last one, if it was refused; else NAN */
	struct error refusal; /* why it was */
	struct config_agent start; /* the texts that the agent was started with */
};

/* Keeps the keys that take a restart. Returns 0 or -ENOMEM; reloads_clear() after use. */
int reloads_begin(struct reloads *reloads, const struct config *config);
void reloads_clear(struct reloads *reloads);

/* Notes that a reload succeeded (r is 0) or was refused, with its reason. */
void reloads_note(struct reloads *reloads, int r, const struct error *why, double unix_seconds);

/*
 * Says what `now` changes for the agent, whose configuration was `before`. Returns 0 or -ENOMEM; either
 * way reload_clear() frees *ret.
 */
int reloads_tell(const struct reloads *reloads, const struct config_agent *before,
		 const struct config *now, struct reload *ret);

#endif
