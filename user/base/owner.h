/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose a file or directory is, and who else could change it. */
#ifndef SLIPROBE_BASE_OWNER_H
#define SLIPROBE_BASE_OWNER_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/say.h"

/* Root's, this process's, or that of the user that the agent runs as. */
bool owner_is_ours(uid_t uid);

/* What the file is, if it is no regular file: "a FIFO"; NULL: it is one. */
const char *owner_no_file(mode_t mode);

/*
 * Looks at a directory that only the agent should write to. One that others may write to, and that holds nothing
 * else, is closed to them. One that does not exist is no failure.
 * Returns 0; -EPERM if it is another user's, or open to others and not the agent's alone; -ENOTDIR; or another
 * -errno; each with a sentence that says what to do. `tell` is called with what was closed or can only be told.
 */
int owner_check_dir(const char *dir, say_fn *tell, struct error *ret_error);

/*
 * Takes from the files of the directory whose names begin so what others than their owner and group could do with
 * them, and from the group that it could change them: older agents, or a umask, may have left it. What cannot be
 * opened or changed stays as it is.
 */
void owner_tighten(int dir_fd, const char *prefix);

#endif
