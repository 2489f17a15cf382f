/* SPDX-License-Identifier: GPL-2.0-only */
/* The capabilities that the agent needs to start, and gives up afterwards. */
#ifndef SLIPROBE_BASE_PRIVILEGE_H
#define SLIPROBE_BASE_PRIVILEGE_H

#include <stddef.h>

/* Returns 0 if this process may load tracing programs, else -EPERM. */
int privilege_check(void);

/* Gives up all capabilities for good. Returns 0 or -errno. */
int privilege_drop(void);

/*
 * Names of the capabilities in effect, without "cap_". Returns 0, -ENOMEM or -EIO. The caller frees
 * the list and its strings.
 */
int privilege_held(char ***ret, size_t *ret_n);

#endif
