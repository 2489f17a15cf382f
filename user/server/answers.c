/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/answers.h"

static int client_fd(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

struct client *answers_client(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

void answers_wake(struct clients *clients, struct client *client)
{
	const struct asked *asked = client->request;

	MHD_resume_connection(asked->connection);
	clients->woken = true;
}

/* Hands a response to one client. False: it cannot be answered. */
static bool hand_over(struct server *server, struct MHD_Connection *connection, unsigned int code,
		      struct MHD_Response *response, struct parcel *parcel)
{
	struct client *client = answers_client(connection);

	if (MHD_queue_response(connection, code, response) != MHD_YES)
		return false;
	client_sending(&server->clients, client, parcel);
	return true;
}

/* To those of the clients that wait and are `asked` the same; they are resumed. */
static void hand_to_waiting(struct server *server, const struct asked *asked, unsigned int code,
			    struct MHD_Response *response, struct parcel *parcel)
{
	struct client *client, *next;

	for (client = TAILQ_FIRST(&server->clients.lists[CLIENT_WAITING]); client; client = next) {
		struct asked *other = client->request;

		next = TAILQ_NEXT(client, link);
		if (other != asked && !asked_same(other, asked))
			continue;
		client_had_turn(&server->clients, client);
		if (hand_over(server, other->connection, code, response, parcel))
			answers_wake(&server->clients, client);
		else
			client_shut_down(&server->clients, client);
	}
}

/* one: who is answered at once; NULL: all that wait for the same. */
static bool answer(struct server *server, const struct asked *asked, struct MHD_Connection *one,
		   const struct reply *reply)
{
	struct MHD_Response *response = reply_response(reply);
	struct parcel *parcel = parcel_new(&server->clients, reply->len);
	bool done = response && parcel;

	server->to_trim_bytes += reply->len;
	if (done && one)
		done = hand_over(server, one, reply->code, response, parcel);
	else if (done)
		hand_to_waiting(server, asked, reply->code, response, parcel);
	/* our own references: the connections hold theirs */
	if (parcel)
		parcel_drop(&server->clients, parcel);
	if (response)
		MHD_destroy_response(response);
	return done;
}

bool answer_at_once(struct server *server, const struct asked *asked, const struct reply *reply)
{
	return answer(server, asked, asked->connection, reply);
}

bool answer_waiting(struct server *server, const struct asked *asked, const struct reply *reply)
{
	return answer(server, asked, NULL, reply);
}

bool answer_asking(struct server *server, struct client *client, const struct reply *reply)
{
	const struct asked *asked = client->request;
	const bool done = answer(server, asked, asked->connection, reply);

	if (done)
		answers_wake(&server->clients, client);
	return done;
}

struct request answers_request(const struct server *server, const struct asked *asked)
{
	static const enum guard_hosts guard_of[] = {
		[SERVER_ALL] = GUARD_LOCAL,
		[SERVER_METRICS] = GUARD_ANY,
		[SERVER_PAGE] = GUARD_NAMED,
	};

	return (struct request){
		.ops = server->ops,
		.agent = server->agent,
		.connection = asked->connection,
		.fd = client_fd(asked->connection),
		.rights = &server->options.rights,
		.shared_only = server->options.scope == SERVER_METRICS,
		.read_only = server->options.scope == SERVER_PAGE,
		.guard = guard_of[server->options.scope],
		.hosts = server->options.hosts,
		.body = asked->body ?: "",
		.body_len = asked->len,
	};
}
