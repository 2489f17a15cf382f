/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that does for this one what this one may not, asked over a socket of packets. It is forked
 * while there is little to inherit, and ends with this one.
 */
#ifndef SLIPROBE_BASE_HELPER_H
#define SLIPROBE_BASE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	HELPER_FDS = 2, /* that a packet can carry */
	HELPER_SOCKET = 3, /* the helper's end, in the helper */
};

struct helper {
	pid_t pid; /* 0: none */
	int fd;
};

#define HELPER_NONE ((struct helper){.fd = -1})

/*
 * Forks the process. There it calls serve(), and ends with what that returns. It has no descriptors but 0 to 2
 * and HELPER_SOCKET, and takes no signals that can be blocked: a stop is sent to all processes, but a helper is
 * needed until the end. name: of 15 bytes at most. quiet: 0 to 2 lead nowhere. Returns 0 or -errno.
 */
int helper_begin(const char *name, bool quiet, int (*serve)(void *context), void *context,
		 struct helper *ret);

/* Ends the process, and waits for that. */
void helper_end(struct helper *helper);

/* fds: may be NULL; -1 for one that is none. wait: until there is room. Returns 0 or -errno. */
int helper_send(int fd, const void *bytes, size_t len, const int *fds, bool wait);

/*
 * Waits for a packet, timeout_ms at most; -1: for ever. ret_fds gets what it carries, -1 for none; NULL: it is
 * closed. Returns its length, 0 at the end, or -errno: -ETIMEDOUT, or -EMSGSIZE if it is longer than size.
 */
ssize_t helper_receive(int fd, void *bytes, size_t size, int *ret_fds, int timeout_ms);

#endif
