/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listening sockets: a Unix socket that at most one process listens on, and that leaves no file behind;
 * or a TCP port.
 */
#ifndef SLIPROBE_SERVER_LISTENER_H
#define SLIPROBE_SERVER_LISTENER_H

struct listener {
	int fd; /* -1: none; whoever takes the descriptor over sets this */
	int lock_fd;
	char *path; /* of the socket, once it is bound */
	char *lock_path; /* of the lock's file, once it is locked */
};

#define LISTENER_NONE ((struct listener){.fd = -1, .lock_fd = -1})

/*
 * Listens at `path`: takes an flock() on "<path>.lock", removes a stale socket, binds, mode 0660,
 * group `sliprobe` if it exists. Missing parent directories of the socket are made (0755).
 * Returns 0; -EADDRINUSE if another instance holds the lock; -EEXIST if something that is no socket
 * is at `path`; -ENAMETOOLONG; or another -errno.
 */
int listener_open(const char *path, struct listener *ret);

/*
 * Listens on TCP at `address`, which base/address reads. Returns 0; -EINVAL if it is none;
 * -EADDRINUSE; -EADDRNOTAVAIL; -EACCES; or another -errno.
 */
int listener_open_tcp(const char *address, struct listener *ret);

/* Removes the socket's file, so that nobody connects any more. */
void listener_unlink(struct listener *listener);

/* Removes the socket's file, closes what is open, and removes the lock. */
void listener_close(struct listener *listener);

#endif
