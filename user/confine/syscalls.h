/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which system calls the agent and its processes may make. They cannot get back what they gave up, nor can
 * what they start. A build with AddressSanitizer may make all but those that are named as refused.
 */
#ifndef SLIPROBE_CONFINE_SYSCALLS_H
#define SLIPROBE_CONFINE_SYSCALLS_H

/*
 * The agent: what it uses once it counts, and nothing else. No program is started, none loaded into the kernel, no
 * process forked, no memory written and run; sockets are of the families of its receivers and resolvers. A
 * refused call fails with EPERM, is counted in `confined`, and said once. Each returns 0 or -errno.
 */
int syscalls_confine_agent(void);

/* The keeper opens files for reading, and removes names. */
int syscalls_confine_keeper(void);

/*
 * The processes that keep samples: files of one directory (confine/landlock), memory, the socket that they have. The
 * one that stays starts and ends the one that works; that starts nothing.
 */
int syscalls_confine_sampler_parent(void);
int syscalls_confine_sampler(void);

/*
 * The processes that attach programs to user functions: files are read, links and pins made, entries of maps written. The
 * one that stays starts and ends the one that works; that starts nothing.
 */
int syscalls_confine_helper_parent(void);
int syscalls_confine_helper(void);

/* Commands may do all but what changes or looks into the kernel, other processes or the host as a whole. */
int syscalls_confine_commands(void);

#endif
