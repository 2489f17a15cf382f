/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the agent comes to hold nothing that it does not need. In this order:
 *   1. confine_begin(): the keeper is there while nothing is open yet.
 *   2. confine_become(): directories are given to the agent's user, and the agent becomes that one. It
 *      has kept what loading programs takes.
 *   3. confine_finish(): it counts; all that is left is given up.
 * docs/security.md says what that stops.
 */
#ifndef SLIPROBE_CONFINE_CONFINE_H
#define SLIPROBE_CONFINE_CONFINE_H

#include <stdbool.h>

struct confine_plan {
	const char *config_file; /* NULL: none */
	const char *socket;
	const char *state_dir;
	bool quiet; /* helpers print nothing */
};

/* Each returns 0 or -errno. */
int confine_begin(const struct confine_plan *plan);
/* -EPERM: it stays who it is, as it may not change users. */
int confine_become(const struct confine_plan *plan);
int confine_finish(void);

/* What commands must not have, for who starts them. */
int confine_commands(void);

/* Ends the keeper, and removes directories that are empty. */
void confine_end(void);

#endif
