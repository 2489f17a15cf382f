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
#include <stddef.h>

#include "base/error.h"
#include "base/loop.h"
#include "notify/silences.h"
#include "report/snapshot.h"
#include "report/snapshot_alerts.h"
#include "report/snapshot_history.h"
#include "server/listener.h"

struct agent; /* known to those who fill in server_ops */

/*
 * The agent, as far as the socket asks it. All are called from within the loop, and return 0 or
 * -errno where nothing else is said.
 */
struct server_ops {
	/* as the kernel's maps are now; without `series`: neither these nor the services' requests */
	int (*snapshot)(struct agent *agent, bool series, struct snapshot *ret);
	int (*alerts)(struct agent *agent, struct snapshot_alerts *ret);
	/* -ENOENT: there is no such SLO */
	int (*history)(struct agent *agent, const char *slo, struct snapshot_history *ret);
	/* reads the configuration again; on failure says why, and keeps the one it has */
	int (*reload)(struct agent *agent, struct error *ret_error);
	/* gives the silence's id; or says why not */
	int (*silence)(struct agent *agent, const char *json, size_t len, const char *by,
		       char ret_id[static SILENCE_ID_BYTES], struct error *ret_error);
	int (*unsilence)(struct agent *agent, const char *id); /* -ENOENT: there is none */
	/* returns how many receivers it goes to; -ENOENT: none is configured */
	int (*notify_test)(struct agent *agent, const char *json, size_t len);
};

struct server;

/*
 * Answers the listener's clients for `agent`. Takes the listener over; on failure it is closed.
 * `ops` and `agent` must live until server_close(). Returns 0 or -errno.
 */
int server_open(struct listener *listener, const struct server_ops *ops, struct agent *agent,
		struct server **ret);

/* Its part of the loop: serves whatever is ready. */
struct loop_part server_part(struct server *server);

/* Stops listening, removes socket and lock file. */
void server_close(struct server *server);

#endif
