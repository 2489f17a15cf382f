/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that keeps the user who started the agent, without any capability, when the agent has become
 * another. It does two things that the agent then may not:
 *   - It opens the files of the configuration. Whenever it is asked for the main one, it reads that itself;
 *     of others it opens only those that the configuration names. So whoever has taken over the agent gets no
 *     other file from it.
 *   - It removes names that were fixed when it was started: see struct keeper_names.
 */
#ifndef SLIPROBE_CONFINE_KEEPER_H
#define SLIPROBE_CONFINE_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { KEEPER_NAMES_MAX = 8 };

/* What it removes when it is asked for it: files, or empty directories. */
struct keeper_names {
	const char *list[KEEPER_NAMES_MAX];
	size_t n;
};

/*
 * Forks it. main_file: of the configuration; NULL: there is none, and no file is opened. confine: what it gives
 * up first. From then on config/source and base/place ask it. Returns 0 or -errno.
 */
int keeper_begin(const char *main_file, const struct keeper_names *names, int (*confine)(void),
		 bool quiet);

/* Ends it; this process does it all itself again. */
void keeper_end(void);

/* 0: there is none. */
pid_t keeper_pid(void);

#endif
