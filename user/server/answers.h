/* SPDX-License-Identifier: GPL-2.0-only */
/* An answer on its way to the one who has asked, or to all that wait for the same. */
#ifndef SLIPROBE_SERVER_ANSWERS_H
#define SLIPROBE_SERVER_ANSWERS_H

#include "server/asked.h"
#include "server/parts.h"
#include "server/reply.h"
#include "server/routes.h"

struct client *answers_client(struct MHD_Connection *connection);

/* What a route needs to know of what was asked. */
struct request answers_request(const struct server *server, const struct asked *asked);

/* Both take the reply's body. False: nobody gets it, as memory is short. */
/* From within libmicrohttpd's call for this request. */
bool answer_at_once(struct server *server, const struct asked *asked, const struct reply *reply);
/* All clients that wait and have asked the same as this one, which waits, too. */
bool answer_waiting(struct server *server, const struct asked *asked, const struct reply *reply);
/* This one, which waits for an answer from elsewhere. */
bool answer_asking(struct server *server, struct client *client, const struct reply *reply);

/*
 * For struct clients. Who waited for its turn is in no epoll set. libmicrohttpd looks at it again, in its next
 * run, that it does not ask for.
 */
void answers_wake(struct clients *clients, struct client *client);

#endif
