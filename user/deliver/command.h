/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command with JSON on its standard input, run by deliver/starter within limits (deliver/runner). Its
 * output goes to our standard error, up to a size. It runs in a process group of its own, with a
 * shell's signals, none of our other descriptors, PATH, LANG and the message's own variables, in "/". At
 * the timeout, or when the agent ends, even by a kill, all is killed that has come of it. Children
 * that outlive a command that ended by itself live on.
 */
#ifndef SLIPROBE_DELIVER_COMMAND_H
#define SLIPROBE_DELIVER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "deliver/attempt.h"

struct command;

/*
 * argv is NULL-terminated; an argv[0] without a slash is looked for in PATH. Takes the body, on
 * failure, too. Descriptors are watched with attempt_watch_data(WATCH_COMMAND, fd). SIGPIPE must be
 * ignored. Returns 0, or -errno if nobody can start it; that it cannot be started shows as its end.
 */
int command_start(int epoll_fd, char *const *argv, char *body, uint64_t timeout_ns,
		  const struct attempt_done *done, struct command **ret);
/* Kills the command and its group. */
void command_cancel(struct command *command);

/* False: the descriptor is not this command's. After true the command may be freed. */
bool command_event(struct command *command, int fd);
/* Kills the command if its time is over. An event then reports its end. */
void command_run(struct command *command);
/* -1: no limit */
int command_timeout_ms(const struct command *command);

#endif
