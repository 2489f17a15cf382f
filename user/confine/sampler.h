/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the process that keeps samples gives up, in this order (samples/sampler calls these in it): it reads hostile
 * bytes, and holds nothing but one directory, the rings, and its end of a socket.
 */
#ifndef SLIPROBE_CONFINE_SAMPLER_H
#define SLIPROBE_CONFINE_SAMPLER_H

/* Each returns 0 or -errno. */

/* Becomes the agent's user, without any capability. Of all its processes it is the first to go for want of memory. */
int confine_sampler_user(void);
/* The one that stays: files of the directory that is open as `dir_fd`, and its system calls. */
int confine_sampler_parent(int dir_fd);
/* The one that works: less memory, fewer system calls. */
int confine_sampler_worker(int dir_fd);

#endif
