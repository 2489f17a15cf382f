/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities: what the agent needs to start, and that it holds none afterwards. */
#ifndef SLIPROBE_BASE_PRIVILEGE_H
#define SLIPROBE_BASE_PRIVILEGE_H

#include <stddef.h>

/* Returns 0 if this process may load tracing programs, else -EPERM. */
int privilege_check(void);

/* Gives up all capabilities for good. Returns 0 or -errno. */
int privilege_drop(void);

/*
 * Names of the capabilities in effect, without "cap_". Returns 0, -ENOMEM or -EIO; the list and its
 * strings are the caller's.
 */
int privilege_held(char ***ret, size_t *ret_n);

#endif
