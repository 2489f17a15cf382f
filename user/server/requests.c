/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/requests.h"

#include <errno.h>

#include "server/answers.h"
#include "server/asked.h"
#include "server/clients.h"
#include "server/parts.h"
#include "server/questions.h"
#include "server/routes.h"

void requests_connection(void *cls, struct MHD_Connection *connection, void **client,
			 enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*client = client_begin(&server->clients,
				       MHD_get_connection_info(connection,
							       MHD_CONNECTION_INFO_CONNECTION_FD)
					       ->connect_fd,
				       server->arriving);
	else if (*client) {
		questions_leave(server, *client);
		client_end(&server->clients, *client);
	}
}

void requests_completed(void *cls, struct MHD_Connection *connection, void **context,
			enum MHD_RequestTerminationCode code)
{
	struct server *server = cls;
	struct client *client = answers_client(connection);

	(void)code;
	asked_free(*context);
	*context = NULL;
	if (client)
		client_sent(&server->clients, client);
}

static enum MHD_Result refuse_head(struct server *server, const struct asked *asked)
{
	struct reply reply = {0};
	unsigned int code;
	const char *why = asked_refusal(asked, &code);

	if (!why)
		return MHD_YES;
	reply_error(&reply, code, why);
	return answer_at_once(server, asked, &reply) ? MHD_YES : MHD_NO;
}

static enum MHD_Result take_piece(struct asked *asked, const char *piece, size_t *bytes)
{
	int r = asked->refused ? -E2BIG : asked_add(asked, piece, *bytes);

	if (r == -E2BIG) {
		if (!asked->refused)
			reply_refuse(answers_client(asked->connection)->fd,
				     MHD_HTTP_CONTENT_TOO_LARGE, "request body larger than 64 KiB");
		asked->refused = true;
		asked->drained += *bytes;
		r = asked->drained > ASKED_DRAIN_MAX_BYTES ? -E2BIG : 0;
	}
	*bytes = 0;
	return r ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_whole(struct server *server, struct asked *asked, const char *url,
				  const char *method)
{
	struct request request = answers_request(server, asked);
	struct reply reply = {0};
	const enum route_turn turn = route_turn(&request, url, method);

	if (turn == ROUTE_AT_ONCE) {
		route_serve(&request, url, method, &reply);
		return answer_at_once(server, asked, &reply) ? MHD_YES : MHD_NO;
	}
	asked->url = url;
	asked->method = method;
	asked->shared = turn == ROUTE_SHARED;
	asked->elsewhere = turn == ROUTE_ELSEWHERE;
	client_waiting(&server->clients, answers_client(asked->connection), asked);
	MHD_suspend_connection(asked->connection);
	return MHD_YES;
}

enum MHD_Result requests_come(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *piece,
			      size_t *piece_bytes, void **context)
{
	struct server *server = cls;
	struct client *client = answers_client(connection);
	struct asked *asked = *context;

	(void)version;
	if (!client || client->phase == CLIENT_CLOSING || !asked)
		return MHD_NO;
	if (!asked->begun) {
		asked->begun = true;
		return refuse_head(server, asked);
	}
	if (*piece_bytes)
		return take_piece(asked, piece, piece_bytes);
	return asked->refused ? MHD_NO : take_whole(server, asked, url, method);
}
