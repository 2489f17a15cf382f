/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/arrivals.h"

#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/asked.h"
#include "server/reply.h"

enum { ARRIVALS_AT_ONCE = 32 };

static const double pause_seconds = 0.1; /* when there is no descriptor or memory for one */
static const double crowd_say_seconds = 60;

/* That it is crowded is told, but not each time: the crowd decides how often. */
static void say_crowd(struct server *server, const struct party_id *who)
{
	static const char *const listeners[] = {
		[SERVER_ALL] = "socket",
		[SERVER_METRICS] = "listener for metrics",
		[SERVER_PAGE] = "listener for the page",
	};
	const double now = server_now();
	char name[PARTY_NAME_BYTES];

	if (!server->options.say || now < server->crowd_said_at + crowd_say_seconds)
		return;
	server->crowd_said_at = now;
	party_name(who, name);
	if (who->process)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), ", process %llu",
			 (unsigned long long)who->process);
	server->options.say("%s has more connections to the %s than it may: some are closed", name,
			    listeners[server->options.scope]);
}

/* libmicrohttpd closes a connection that it has no memory for without a word. */
static bool has_memory_for_one(void)
{
	void *volatile memory = malloc(ASKED_MEMORY_BYTES);
	const bool has = memory;

	free(memory);
	return has;
}

static void refuse(int fd, unsigned int code, const char *text)
{
	reply_refuse(fd, code, text);
	close(fd);
}

/* Takes the descriptor. False: it is refused. */
static bool let_in(struct server *server, int fd, const struct sockaddr *address, socklen_t len)
{
	const struct party_id who = party_identify(fd, address);
	struct party_id crowd;
	const enum clients_room room = clients_make_room(&server->clients, &who, &crowd);

	if (room != CLIENTS_ROOM)
		say_crowd(server, &crowd);
	if (room == CLIENTS_NO_ROOM) {
		refuse(fd, MHD_HTTP_TOO_MANY_REQUESTS,
		       "too many connections of this user: close some, or try again later");
		return false;
	}
	if (!has_memory_for_one()) {
		refuse(fd, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory: try again later");
		return false;
	}
	server->arriving = &who;
	/* closes the descriptor if it fails */
	MHD_add_connection(server->daemon, fd, address, len);
	server->arriving = NULL;
	return true;
}

int arrivals_watch(struct server *server, int fd, int operation)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(server->epoll_fd, operation, fd, &event) ? -errno : 0;
}

/* The listener stays readable: it would keep the loop awake. */
static void pause_arrivals(struct server *server)
{
	arrivals_watch(server, server->listener.fd, EPOLL_CTL_DEL);
	server->arrivals_from = server_now() + pause_seconds;
}

/* The next one, or -errno; address: of who it is. */
static int accept_next(const struct server *server, struct sockaddr_storage *address,
		       socklen_t *ret_len)
{
	int fd;

	do {
		*address = (struct sockaddr_storage){.ss_family = AF_UNIX};
		*ret_len = sizeof(*address);
		fd = accept4(server->listener.fd, (struct sockaddr *)address, ret_len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (fd < 0 && (errno == ECONNABORTED || errno == EINTR));
	return fd < 0 ? -errno : fd;
}

bool arrivals_take(struct server *server, double until)
{
	struct sockaddr_storage address;
	socklen_t len;
	int fd, n = 0;

	if (server_now() < server->arrivals_from)
		return false;
	if (!isnan(server->arrivals_from)) {
		arrivals_watch(server, server->listener.fd, EPOLL_CTL_ADD);
		server->arrivals_from = NAN;
	}
	while (n < ARRIVALS_AT_ONCE && server_now() < until) {
		fd = accept_next(server, &address, &len);
		if (fd == -EAGAIN)
			return false;
		if (fd < 0) {
			pause_arrivals(server);
			return false;
		}
		n += let_in(server, fd, (struct sockaddr *)&address, len);
	}
	return true;
}

int arrivals_timeout_ms(const struct server *server)
{
	const double left = server->arrivals_from - server_now();

	if (isnan(server->arrivals_from))
		return -1;
	return left <= 0 ? 0 : (int)ceil(left * 1e3);
}
