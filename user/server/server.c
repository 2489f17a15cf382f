/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/server.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "server/answers.h"
#include "server/arrivals.h"
#include "server/asked.h"
#include "server/parts.h"
#include "server/questions.h"
#include "server/requests.h"
#include "server/turns.h"

enum {
	CLIENTS_MAX = 512,
	CLIENTS_LISTENER_MAX = 64,
	CLIENTS_SHARE =
		8, /* one user may have the eighth part; but this many if there are so many */
	CLIENTS_SHARE_MIN = 8,
	/* shut down, but not yet noticed by libmicrohttpd, which refuses above its own limit */
	CLIENTS_CLOSING_MAX = 128,
	IDLE_TIMEOUT_S = 5, /* no byte either way */
	TRIM_BYTES = 4 << 20, /* so much was answered: then its memory is given back */
};

static const double arrivals_seconds = 0.01; /* of a turn of the loop */

/* What a burst has left free in the middle of the heap goes back, once nobody waits. */
static bool is_to_trim(const struct server *server)
{
	return server->to_trim_bytes > TRIM_BYTES &&
	       clients_empty(&server->clients, CLIENT_WAITING) &&
	       clients_empty(&server->clients, CLIENT_SENDING);
}

static void trim(struct server *server)
{
	if (!is_to_trim(server) || server_now() < server->worked_at + 1)
		return;
	server->to_trim_bytes = 0;
	malloc_trim(0);
}

static int ms_of(double seconds)
{
	return seconds <= 0 ? 0 : (int)fmin(ceil(seconds * 1e3), INT_MAX);
}

/* 0 also when input that is taken from its connection already waits to be served. */
static int timeout_ms(void *context)
{
	struct server *server = context;
	int ms = server->clients.woken ? 0 : clients_timeout_ms(&server->clients);
	MHD_UNSIGNED_LONG_LONG daemon_ms;

	if (MHD_get_timeout(server->daemon, &daemon_ms) == MHD_YES)
		ms = loop_sooner_ms(ms, daemon_ms > INT_MAX ? INT_MAX : (int)daemon_ms);
	ms = loop_sooner_ms(ms, turns_timeout_ms(server));
	ms = loop_sooner_ms(ms, arrivals_timeout_ms(server));
	if (is_to_trim(server))
		ms = loop_sooner_ms(ms, ms_of(server->worked_at + 1 - server_now()));
	return ms;
}

static int run(void *context)
{
	struct server *server = context;
	const double until = server_now() + arrivals_seconds;
	bool more;

	clients_check_deadlines(&server->clients);
	do {
		more = arrivals_take(server, until);
		MHD_run(server->daemon);
		clients_looked_at(&server->clients);
	} while (more && server_now() < until);
	turns_serve(server);
	if (server->clients.woken) {
		server->clients.woken = false;
		MHD_run(server->daemon);
	}
	trim(server);
	return 0;
}

struct loop_part server_part(struct server *server)
{
	return (struct loop_part){server->epoll_fd, timeout_ms, run, server};
}

/* ---- open and close ---- */

static void limit_clients(struct server *server)
{
	size_t max = server->options.scope == SERVER_ALL ? CLIENTS_MAX : CLIENTS_LISTENER_MAX;
	size_t share;
	struct rlimit files;

	/* half of our descriptors at most: the rest is the agent's */
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur / 2 < max)
		max = files.rlim_cur / 2;
	share = max / CLIENTS_SHARE;
	if (share < CLIENTS_SHARE_MIN)
		share = max < CLIENTS_SHARE_MIN ? max : CLIENTS_SHARE_MIN;
	/* a scraper behind an address that others have, too, gets in when another address has more */
	if (server->options.scope != SERVER_ALL)
		share = max;
	clients_init(&server->clients, max, share, answers_wake);
}

static int daemon_start(struct server *server)
{
	const union MHD_DaemonInfo *info;
	int r;

	errno = 0;
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		requests_come, server, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)server->clients.max + CLIENTS_CLOSING_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)ASKED_MEMORY_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, asked_begin, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		requests_connection, server, MHD_OPTION_NOTIFY_COMPLETED, requests_completed,
		server, MHD_OPTION_END);
	if (!server->daemon)
		return errno ? -errno : -EIO;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	server->daemon_fd = info->epoll_fd;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0)
		return -errno;
	r = arrivals_watch(server, server->daemon_fd, EPOLL_CTL_ADD);
	return r ?: arrivals_watch(server, server->listener.fd, EPOLL_CTL_ADD);
}

void server_close(struct server *server)
{
	struct client *client;

	if (!server)
		return;
	listener_unlink(&server->listener);
	if (server->daemon) {
		questions_end(server);
		/* it stops with none suspended */
		TAILQ_FOREACH(client, &server->clients.lists[CLIENT_WAITING], link)
			answers_wake(&server->clients, client);
		TAILQ_FOREACH(client, &server->clients.lists[CLIENT_ASKING], link)
			answers_wake(&server->clients, client);
		MHD_stop_daemon(server->daemon);
	}
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
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
	server->epoll_fd = -1;
	server->arrivals_from = NAN;
	server->crowd_said_at = -INFINITY;
	*listener = LISTENER_NONE;
	limit_clients(server);
	turns_init(server);
	r = daemon_start(server);
	if (r)
		return r;
	*ret = TAKE_PTR(server);
	return 0;
}
