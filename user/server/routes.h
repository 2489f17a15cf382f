/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket's addresses and their answers: a new address is a function and a row. */
#ifndef SLIPROBE_SERVER_ROUTES_H
#define SLIPROBE_SERVER_ROUTES_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "server/ops.h"
#include "server/reply.h"

struct request {
	const struct server_ops *ops;
	struct agent *agent;
	struct MHD_Connection *connection;
	int fd; /* its socket */
	gid_t admins; /* the group that may change something, besides root; or PEER_NO_GROUP */
	bool shared_only; /* whoever asks may know what is shared with all, and nothing else */
	const char *rest; /* of the path, after an address that ends in '/'; percent-decoded */
	const char *body;
	size_t body_len;
};

/* Answers the request, a refusal included. */
void route_serve(struct request *request, const char *url, const char *method, struct reply *reply);

#endif
