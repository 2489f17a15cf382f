/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status socket, and the listeners for metrics and for the page: HTTP/1.1 over a listener (libmicrohttpd in
 * external-epoll mode), driven by the agent's own event loop, so that no other thread exists.
 *
 * Connections are let in by server/arrivals, and their requests served by server/turns, each in its turn and
 * a while in each turn of the loop, so that nobody keeps the loop, or another user, waiting.
 *
 * Limits: 512 connections, 64 of them one user's (for metrics, for the page: 64 in all; never more than half of
 * RLIMIT_NOFILE); 16 KiB of request head, 100 fields, 100 query arguments (431), 64 KiB of body (413);
 * 5 s without a byte; 30 s for a request to come or a response to be taken; 8 s for its
 * turn (503); 64 MiB of responses not yet taken.
 */
#ifndef SLIPROBE_SERVER_SERVER_H
#define SLIPROBE_SERVER_SERVER_H

#include "base/loop.h"
#include "server/listener.h"
#include "server/ops.h"
#include "server/peer.h"

struct server;

/* Whom the listener lets in decides what is answered there. */
enum server_scope {
	SERVER_ALL, /* every address */
	SERVER_METRICS, /* /metrics, /healthz and /readyz: what may be known to whoever connects */
	SERVER_PAGE, /* every address, for reading alone */
};

struct server_options {
	enum server_scope scope;
	struct peer_rights rights; /* of those who may change something */
	/* what the operator should know; NULL: nobody is told */
	void (*say)(const char *format, ...) __attribute__((format(printf, 1, 2)));
	/* of SERVER_PAGE: the names besides its addresses that it is asked under, with spaces between them; or NULL */
	const char *hosts;
};

/*
 * Answers the listener's clients for `agent`. Takes the listener over; on failure it is closed.
 * `ops`, `agent` and the options' texts must live until server_close(). Returns 0 or -errno.
 */
int server_open(struct listener *listener, const struct server_options *options,
		const struct server_ops *ops, struct agent *agent, struct server **ret);

/* Its part of the loop: serves whatever is ready. */
struct loop_part server_part(struct server *server);

/* Stops listening, removes socket and lock file. */
void server_close(struct server *server);

#endif
