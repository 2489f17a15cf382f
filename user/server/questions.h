/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that another process answers: the client waits, suspended, while all others are served. QUESTIONS_MAX at
 * once, QUESTIONS_SHARE of them one user's; who comes later waits for a turn. Who has gone counts until the answer is
 * there, as that costs the same.
 */
#ifndef SLIPROBE_SERVER_QUESTIONS_H
#define SLIPROBE_SERVER_QUESTIONS_H

#include "server/parts.h"
#include "server/reply.h"

enum {
	QUESTIONS_MAX = 6,
	QUESTIONS_SHARE = 2,
};

/* Whether one more of the client's user may be asked now. */
bool questions_room(const struct server *server, const struct client *client);

/*
 * Asks what the reply's `question` has, which this takes, for a client that has its turn. It is answered later, or at
 * once if the question is refused. False: nobody is, as memory is short.
 */
bool questions_ask(struct server *server, struct client *client, struct reply *reply);

/* The client has gone, or is shut down: its answer is for nobody. */
void questions_leave(struct server *server, const struct client *client);

/* Nobody is answered any more. */
void questions_end(struct server *server);

#endif
