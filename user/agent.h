/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent: a configuration in force, the kernel side judging by it, and the history of what was
 * counted. Driven from outside: nothing here waits or reads a clock that could block.
 */
#ifndef SLIPROBE_USER_AGENT_H
#define SLIPROBE_USER_AGENT_H

#include "config.h"
#include "probe.h"
#include "snapshot.h"

struct agent;

struct agent_options {
	const char *config_file; /* NULL: the built-in configuration */
	enum probe_hook hook;
};

/*
 * Loads the programs and applies the configuration, which is taken over in success. Counting begins
 * before this returns. Returns 0, or -errno and one sentence in ret_error.
 */
int agent_new(const struct agent_options *options, struct config *config, struct agent **ret,
	      struct config_error *ret_error);
void agent_free(struct agent *agent);

/* Reads the configuration file again and applies it. The old one stays in force on failure. */
int agent_reload(struct agent *agent, struct config_error *ret_error);

/* Turns what was counted since the last step into history. Returns 0 or -errno. */
int agent_step(struct agent *agent);

/* Reads the kernel maps as they are now. *ret points into the agent until its next call. */
int agent_snapshot(struct agent *agent, struct snapshot *ret);

const struct config *agent_config(const struct agent *agent);
const char *agent_hook(const struct agent *agent);
const char *agent_hook_reason(const struct agent *agent);

#endif
