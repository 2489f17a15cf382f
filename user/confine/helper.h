/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `sliprobe-helper` gives up. It becomes the agent's user, and keeps what attaching to user functions takes, and
 * looking into the files of other users' processes; nothing else, for good.
 */
#ifndef SLIPROBE_CONFINE_HELPER_H
#define SLIPROBE_CONFINE_HELPER_H

#include <stdbool.h>

/*
 * The process that stays: user, capabilities, limits, system calls. admin: CAP_SYS_ADMIN stays, too, which perf events
 * of user functions take. Returns 0 or -errno.
 */
int confine_helper_parent(bool admin);

/* The one that works: fewer system calls. Returns whether they are filtered. */
bool confine_helper_worker(void);

#endif
