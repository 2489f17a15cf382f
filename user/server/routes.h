/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket's addresses and their answers: a new address is a function and a row. */
#ifndef SLIPROBE_SERVER_ROUTES_H
#define SLIPROBE_SERVER_ROUTES_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/guard.h"
#include "server/ops.h"
#include "server/peer.h"
#include "server/reply.h"

struct request {
	const struct server_ops *ops;
	struct agent *agent;
	struct MHD_Connection *connection;
	int fd; /* its socket */
	const struct peer_rights *rights; /* of those who may change something */
	bool shared_only; /* whoever asks may know what is shared with all, and nothing else */
	bool read_only; /* whoever asks may change nothing */
	enum guard_hosts guard;
	const char *hosts; /* of GUARD_NAMED; or NULL */
	const char *rest; /* of the path, after an address that ends in '/'; percent-decoded */
	const char *body;
	size_t body_len;
};

/* When a request is served. */
enum route_turn {
	ROUTE_AT_ONCE, /* it takes no time: health, a refusal */
	ROUTE_SHARED, /* in its turn; the same answer is right for all that have asked for the same by then */
	ROUTE_ALONE, /* in its turn */
	ROUTE_ELSEWHERE, /* in its turn, which makes a question of it: the answer comes later */
};

enum route_turn route_turn(const struct request *request, const char *url, const char *method);

/* True for what puts the configuration in force again. */
bool route_reloads(const char *url);

/* Answers the request, a refusal included. */
void route_serve(struct request *request, const char *url, const char *method, struct reply *reply);

#endif
