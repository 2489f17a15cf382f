/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command with JSON on its standard input. Its output goes to our standard error. It runs in a
 * process group of its own, with signals as if started from a shell and no other descriptor of
 * ours; processes that it leaves behind live on, unless it is killed at the timeout: then all of
 * the group are. When the agent is killed, so is the command at the same moment, but not what it
 * has started.
 */
#ifndef SLIPROBE_DELIVER_COMMAND_H
#define SLIPROBE_DELIVER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "deliver/attempt.h"

struct command;

/*
 * argv is NULL-terminated; without a slash in it, argv[0] is looked for in PATH. Takes the body, on
 * failure, too. Its descriptors are watched with attempt_watch_data(WATCH_COMMAND, fd). SIGPIPE
 * must be ignored. To be called by the thread that lives as long as the process: with it the
 * command ends. Returns 0, or -errno if it cannot be started.
 */
int command_start(int epoll_fd, char *const *argv, char *body, uint64_t timeout_ns,
		  const struct attempt_done *done, struct command **ret);
/* Kills it with its group. */
void command_cancel(struct command *command);

/* False: the descriptor is none of its. Otherwise the command may be gone afterwards. */
bool command_event(struct command *command, int fd);
/* Kills it if its time is over; the end is then reported by an event. */
void command_run(struct command *command);
/* -1: no limit */
int command_timeout_ms(const struct command *command);

#endif
