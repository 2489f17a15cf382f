/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts that the filters of system calls are made of. For the files of this room. */
#ifndef SLIPROBE_CONFINE_FILTER_H
#define SLIPROBE_CONFINE_FILTER_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* For _cleanup_(). */
void filter_release(scmp_filter_ctx *filter);

/* Each returns 0 or -errno. */

/* What every process of the agent's does. It signals itself alone: the filter is of this one process. */
int filter_allow_common(scmp_filter_ctx filter);
int filter_allow_all(scmp_filter_ctx filter, const int *numbers, size_t n);
/* If argument `at`, of whose bits those of the mask count, is one of the values. */
int filter_allow_values(scmp_filter_ctx filter, int number, unsigned int at, uint64_t mask,
			const uint64_t *values, size_t n);
/* Memory is written or run, never both, and what was written is not run later. */
int filter_allow_memory(scmp_filter_ctx filter);
/* Limits are looked at, not set. */
int filter_allow_limits(scmp_filter_ctx filter);
int filter_allow_ioctls(scmp_filter_ctx filter);
/* What starting, watching and ending a process takes, and confining it further. */
int filter_allow_children(scmp_filter_ctx filter);

/* Puts it in force, unless making it has failed with `r`. */
int filter_load(scmp_filter_ctx filter, int r);

/*
 * Lets the process do what `allow` allows, and refuses all else with EPERM; in a build with AddressSanitizer it refuses
 * new programs and sockets alone.
 */
int filter_confine(int (*allow)(scmp_filter_ctx filter));

#endif
