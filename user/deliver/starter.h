/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that starts commands in the agent's place. It is forked before the agent has anything
 * that a command must not have, and stays what it is when the agent may start no program any more: the
 * agent's filter of system calls would be the commands', too.
 * For one thread, as the agent's loop.
 */
#ifndef SLIPROBE_DELIVER_STARTER_H
#define SLIPROBE_DELIVER_STARTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "deliver/runner.h"

/*
 * Forks the process, unless there is one. It runs `confine` at first, if that is not NULL, and ends if that
 * fails; it ends with this one. quiet: what commands print goes nowhere. Returns 0 or -errno.
 */
int starter_begin(int (*confine)(void), bool quiet);

/*
 * Has the task run by a process of its own. The two descriptors are the caller's to close. Returns 0;
 * -E2BIG; or another -errno. Begins without confinement if there is no process yet.
 */
int starter_run(const struct runner_task *task);

/* Ends the process, and waits for that. Commands end by themselves. */
void starter_end(void);

/* 0: there is none. */
pid_t starter_pid(void);

#endif
