/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status socket: HTTP/1.1 over a Unix listener (libmicrohttpd in external-epoll mode), driven
 * by the agent's own event loop, so that no other thread exists.
 *
 * Limits: 512 connections (or half of RLIMIT_NOFILE), above which the longest waiting is closed;
 * about 16 KiB of request head (431), 64 KiB of body (413); 5 s without a byte; 30 s for a
 * request to come or a response to be taken; 64 MiB of responses not yet taken.
 */
#ifndef SLIPROBE_SERVER_SERVER_H
#define SLIPROBE_SERVER_SERVER_H

#include <stdbool.h>

#include "base/error.h"
#include "notify/silences.h"
#include "report/snapshot.h"
#include "report/snapshot_alerts.h"
#include "report/snapshot_history.h"

/* What the socket asks of the agent; each is called from status_run(), never concurrently. */
struct status_ops {
	/* fills *ret from the kernel maps as they are now; returns 0 or -errno */
	/* without `series`: for those who want neither series nor what services had of requests */
	int (*snapshot)(void *agent, bool series, struct snapshot *ret);
	/* reloads the configuration; on failure returns -errno and why, running configuration kept */
	int (*reload)(void *agent, struct error *ret_error);
	/* true once programs are attached and the first read of the maps has succeeded */
	bool (*ready)(void *agent);
	int (*alerts)(void *agent, struct snapshot_alerts *ret); /* returns 0 or -errno */
	/* likewise; -ENOENT: there is no such SLO */
	int (*history)(void *agent, const char *slo, struct snapshot_history *ret);
	/* 0 and the id of a silence; or -errno and why */
	int (*silence)(void *agent, const char *json, size_t len, const char *by,
		       char ret_id[static SILENCE_ID_BYTES], struct error *ret_error);
	int (*unsilence)(void *agent, const char *id); /* 0 or -ENOENT */
	int (*notify_test)(void *agent, const char *json, size_t len); /* see agent_notify_test() */
};

struct status;

/*
 * Listens at `path`: takes an flock() on "<path>.lock", removes a stale socket, binds, mode 0660,
 * group `sliprobe` if it exists. Missing parent directories of the socket are made (0755).
 * `ops` and `agent` must live until status_close().
 * Returns 0; -EADDRINUSE if another instance holds the lock; -EEXIST if something that is no socket
 * is at `path`; -ENAMETOOLONG; or another -errno.
 */
int status_open(const char *path, const struct status_ops *ops, void *agent, struct status **ret);

/*
 * The descriptor to wait on for reading, and the longest wait (ms, -1: no limit) before the next
 * run: 0 when input already taken from its socket waits to be served. Ask anew before each wait.
 */
int status_fd(const struct status *status);
int status_timeout_ms(const struct status *status);

/* Serves whatever is ready, without blocking. */
void status_run(struct status *status);

/* Stops listening, removes socket and lock file. */
void status_close(struct status *status);

#endif
