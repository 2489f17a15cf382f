/* SPDX-License-Identifier: GPL-2.0-only */
/* What sliprobed is told when it is started. */
#ifndef SLIPROBE_AGENT_COMMAND_LINE_H
#define SLIPROBE_AGENT_COMMAND_LINE_H

#include <stdbool.h>

#include "kernel/probe.h"

/* Texts are those of argv; NULL: not given. */
struct command_line {
	const char *config; /* or the default file, if that exists */
	const char *socket;
	const char *state_dir;
	enum probe_hook hook;
	bool foreground;
	bool keep;
	bool remove;
};

/*
 * Adds what is given to *ret. Returns 0, or the exit code + 1 where the process ends here: it was asked for help
 * or for its version, or what is wrong has been said.
 */
int command_line_parse(int argc, char **argv, struct command_line *ret);

#endif
