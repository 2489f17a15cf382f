/* SPDX-License-Identifier: GPL-2.0-only */
/* What confines this process, as those who confined it found: for status. */
#ifndef SLIPROBE_BASE_CONFINED_H
#define SLIPROBE_BASE_CONFINED_H

#include <stdbool.h>
#include <stdint.h>

struct confined {
	bool system_calls; /* by a seccomp filter */
	const char *system_calls_why; /* why not */
	int landlock_abi; /* 0: not by Landlock */
	const char *landlock_why;
	uint32_t refused; /* system calls that the filter has refused to it */
};

/* Of this process. */
extern struct confined confined;

#endif
