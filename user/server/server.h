/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status socket, and the listener for metrics: HTTP/1.1 over a listener (libmicrohttpd in
 * external-epoll mode), driven by the agent's own event loop, so that no other thread exists.
 *
 * Limits: 512 connections (for metrics: 64; or half of RLIMIT_NOFILE), above which the longest waiting is closed;
 * about 16 KiB of request head (431), 64 KiB of body (413); 5 s without a byte; 30 s for a
 * request to come or a response to be taken; 64 MiB of responses not yet taken.
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
};

struct server_options {
	enum server_scope scope;
	gid_t admins; /* the group that may change something, besides root; or PEER_NO_GROUP */
};

/*
 * Answers the listener's clients for `agent`. Takes the listener over; on failure it is closed.
 * `ops` and `agent` must live until server_close(). Returns 0 or -errno.
 */
int server_open(struct listener *listener, const struct server_options *options,
		const struct server_ops *ops, struct agent *agent, struct server **ret);

/* Its part of the loop: serves whatever is ready. */
struct loop_part server_part(struct server *server);

/* Stops listening, removes socket and lock file. */
void server_close(struct server *server);

#endif
