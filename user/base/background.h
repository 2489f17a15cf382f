/* SPDX-License-Identifier: GPL-2.0-only */
/* How a program goes to the background, once all is in place for its work. */
#ifndef SLIPROBE_BASE_BACKGROUND_H
#define SLIPROBE_BASE_BACKGROUND_H

/*
 * Returns 0 in a new process, with a descriptor for background_ready(). The process that was
 * started waits for that call: then it ends with exit code 0; if the new process ends without it,
 * with 1. To be called before a signalfd is made: that belongs to the process which made it.
 * Returns -errno if there is no new process.
 */
int background_begin(int *ret_ready_fd);

/* Lets the started process end, and its terminal or pipes go. Returns 0 or -errno. */
int background_ready(int ready_fd);

#endif
