/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLIPROBE_SERVER_LISTEN_H
#define SLIPROBE_SERVER_LISTEN_H

/* A Unix socket that at most one process listens on, and that leaves nothing behind. */
struct status_listener {
	int fd; /* -1: none; whoever takes it over sets it so */
	int lock_fd;
	char *path; /* of the socket, once bound */
	char *lock_path; /* once locked */
};

/* As status_open() in status.h; *ret is set on success only. */
int status_listen(const char *path, struct status_listener *ret);

/* Removes the socket, so that nobody connects any more. */
void status_listener_unlink(struct status_listener *listener);

/* The above, closes what is open, and removes the lock. */
void status_listener_close(struct status_listener *listener);

#endif
