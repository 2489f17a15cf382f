/* SPDX-License-Identifier: GPL-2.0-only */
/* Which files a process may use, by Landlock, where the kernel has it: Linux's Documentation/userspace-api/landlock.rst. */
#ifndef SLIPROBE_CONFINE_LANDLOCK_H
#define SLIPROBE_CONFINE_LANDLOCK_H

#include <stddef.h>

enum landlock_use {
	LANDLOCK_READ, /* files and directories below it */
	LANDLOCK_WRITE, /* and make, change and remove them */
	LANDLOCK_REMOVE, /* remove them, no more */
};

struct landlock_rule {
	const char *path; /* what is not there is left out */
	enum landlock_use use;
};

/*
 * From now on nothing else, for good, for this process and those that it forks. Nor does it listen on TCP ports that it
 * does not already listen on, or signal processes outside, where the kernel can refuse that. Returns the version
 * of the interface, or -errno: -ENOSYS or -EOPNOTSUPP without Landlock.
 */
int landlock_confine(const struct landlock_rule *rules, size_t n);

#endif
