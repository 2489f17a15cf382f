/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/server.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "server/clients.h"
#include "server/routes.h"

enum {
	CLIENTS_MAX = 512,
	CLIENTS_METRICS_MAX = 64,
	/* shut down, but not yet noticed by libmicrohttpd, which stops accepting at its own limit */
	CLIENTS_CLOSING_MAX = 64,
	/* 16 KiB of request head, and what libmicrohttpd needs to parse it and to answer */
	CLIENT_MEMORY_BYTES = 20 << 10,
	BODY_MAX_BYTES = 64 << 10,
	IDLE_TIMEOUT_S = 5, /* no byte either way */
};

struct server {
	struct server_options options;
	const struct server_ops *ops;
	struct agent *agent;
	struct MHD_Daemon *daemon;
	int epoll_fd; /* the daemon's */
	struct listener listener;
	struct clients clients;
};

static int client_fd(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **client,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*client = client_begin(&server->clients, client_fd(connection));
	else if (*client)
		client_end(&server->clients, *client);
}

static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	struct server *server = cls;
	struct client *client = client_of(connection);

	(void)code;
	free(*request);
	*request = NULL;
	if (client)
		client_sent(&server->clients, client);
}

/* Takes the reply's body or metrics. */
static enum MHD_Result queue(struct server *server, struct MHD_Connection *connection,
			     const struct reply *reply)
{
	struct client *client = client_of(connection);
	struct MHD_Response *response = reply_response(reply);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(connection, reply->code, response);
	MHD_destroy_response(response); /* our reference: the connection holds its own */
	if (result == MHD_YES)
		client_sending(&server->clients, client, reply->len);
	return result;
}

static bool body_announced_too_big(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > BODY_MAX_BYTES;
}

/* The body of a request, as far as it has come. */
struct upload {
	size_t len;
	char body[BODY_MAX_BYTES];
};

/*
 * Called with the head (*context is NULL), with each piece of the body, and at the end of the
 * request.
 */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *piece,
				  size_t *piece_bytes, void **context)
{
	struct server *server = cls;
	struct client *client = client_of(connection);
	struct upload *upload = *context;
	struct request request = {
		.ops = server->ops,
		.agent = server->agent,
		.fd = client_fd(connection),
		.admins = server->options.admins,
		.shared_only = server->options.scope == SERVER_METRICS,
		.connection = connection,
	};
	struct reply reply = {0};

	(void)version;
	if (!client || client->phase == CLIENT_CLOSING)
		return MHD_NO;
	if (!upload) {
		*context = upload = malloc(sizeof(*upload));
		if (!upload)
			return MHD_NO;
		upload->len = 0;
		if (!body_announced_too_big(connection))
			return MHD_YES;
		reply_error(&reply, MHD_HTTP_CONTENT_TOO_LARGE, "request body too large");
		return queue(server, connection, &reply);
	}
	if (*piece_bytes) {
		/* a chunked body announces no length, and no reply can be made in its middle */
		if (*piece_bytes > sizeof(upload->body) - upload->len)
			return MHD_NO;
		memcpy(upload->body + upload->len, piece, *piece_bytes);
		upload->len += *piece_bytes;
		*piece_bytes = 0;
		return MHD_YES;
	}
	request.body = upload->body;
	request.body_len = upload->len;
	route_serve(&request, url, method, &reply);
	return queue(server, connection, &reply);
}

static int daemon_start(struct server *server)
{
	const union MHD_DaemonInfo *info;
	struct rlimit files;

	/* half of our descriptors at most: the rest is the agent's */
	server->clients.max =
		server->options.scope == SERVER_METRICS ? CLIENTS_METRICS_MAX : CLIENTS_MAX;
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur / 2 < server->clients.max)
		server->clients.max = files.rlim_cur / 2;
	errno = 0;
	server->daemon =
		MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, server,
				 MHD_OPTION_LISTEN_SOCKET, server->listener.fd,
				 MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned int)server->clients.max + CLIENTS_CLOSING_MAX,
				 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT_S,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEMORY_BYTES,
				 MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
				 MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
	/* it closes the listening socket, on most of its failures, too */
	server->listener.fd = -1;
	if (!server->daemon)
		return errno ? -errno : -EIO;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	server->epoll_fd = info->epoll_fd;
	return 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	listener_unlink(&server->listener);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	listener_close(&server->listener);
	free(server);
}

static void server_close_at(struct server **server)
{
	server_close(*server);
}

int server_open(struct listener *listener, const struct server_options *options,
		const struct server_ops *ops, struct agent *agent, struct server **ret)
{
	_cleanup_(server_close_at) struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server) {
		listener_close(listener);
		return -ENOMEM;
	}
	server->options = *options;
	server->ops = ops;
	server->agent = agent;
	server->listener = *listener;
	*listener = LISTENER_NONE;
	clients_init(&server->clients);
	r = daemon_start(server);
	if (r)
		return r;
	*ret = TAKE_PTR(server);
	return 0;
}

/* 0 also when input that is taken from its connection already waits to be served. */
static int timeout_ms(void *context)
{
	const struct server *server = context;
	int clients_ms = clients_timeout_ms(&server->clients);
	MHD_UNSIGNED_LONG_LONG daemon_ms;

	if (MHD_get_timeout(server->daemon, &daemon_ms) != MHD_YES)
		return clients_ms;
	return loop_sooner_ms(clients_ms, daemon_ms > INT_MAX ? INT_MAX : (int)daemon_ms);
}

static int run(void *context)
{
	struct server *server = context;

	clients_check_deadlines(&server->clients);
	MHD_run(server->daemon);
	return 0;
}

struct loop_part server_part(struct server *server)
{
	return (struct loop_part){server->epoll_fd, timeout_ms, run, server};
}
