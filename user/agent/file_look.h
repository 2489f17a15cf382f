/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at files whose paths others have chosen, in a thread: a path may lead to a file system that never answers, and
 * the agent must not wait for it. A thread that is stuck is left behind, FILE_LOOK_STUCK_MAX of them at most: from
 * then on nothing is looked at. At most FILE_LOOK_WAITING questions wait, of SCRIPT_BYTES each.
 */
#ifndef SLIPROBE_AGENT_FILE_LOOK_H
#define SLIPROBE_AGENT_FILE_LOOK_H

#include <linux/types.h>

#include "agent/version_name.h"

enum {
	FILE_LOOK_WAITING = 64,
	FILE_LOOK_STUCK_MAX = 4,
	FILE_LOOK_STUCK_SECONDS = 30,
};

struct file_look;

/* NULL when out of memory. */
struct file_look *file_look_new(void);
void file_look_free(struct file_look *look);

/* Asks for the regular file at an absolute path. Returns 0, -EAGAIN: too many wait, or -ENOMEM. */
int file_look_ask(struct file_look *look, const char *path, __u64 question);

/*
 * Calls back with what has been found since; `file` is NULL of a path without a regular file, or of one that cannot be
 * looked at. Waits for at most wait_ms for those that were asked.
 */
void file_look_take(struct file_look *look, unsigned int wait_ms,
		    void (*fn)(void *context, __u64 question, const struct version_file *file),
		    void *context);

#endif
