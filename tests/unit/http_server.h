/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A receiver that behaves as it is told, served from the test's own loop: one request a connection,
 * all of them remembered.
 */
#ifndef SLIPROBE_TESTS_HTTP_SERVER_H
#define SLIPROBE_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum server_answer {
	ANSWER_STATUS, /* the status, and a short body */
	ANSWER_NEVER,
	ANSWER_RESET,
	ANSWER_ENDLESS, /* the status, and a body without an end */
};

enum { SERVER_CONNECTIONS_MAX = 8, SERVER_REQUESTS_MAX = 512, SERVER_REQUEST_BYTES = 4 << 20 };

struct server {
	int fd;
	int port;
	enum server_answer answer;
	int status;
	const char *headers; /* more of them, or NULL */
	const char *body; /* NULL: none */
	struct {
		int fd;
		char *text;
		size_t len;
		bool answered;
	} connections[SERVER_CONNECTIONS_MAX];
	char *requests[SERVER_REQUESTS_MAX]; /* heads and bodies */
	int n_requests;
	int n_connections;
};

static inline struct sockaddr_in server_address(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* Port 0: any. Dies if it cannot. */
static inline void server_open(struct server *server, int port)
{
	struct sockaddr_in address = server_address(port);
	socklen_t len = sizeof(address);
	const int on = 1;

	*server = (struct server){.status = 200};
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server->fd, (struct sockaddr *)&address, len) || listen(server->fd, 16) ||
	    getsockname(server->fd, (struct sockaddr *)&address, &len)) {
		perror("server_open");
		abort();
	}
	server->port = ntohs(address.sin_port);
}

static inline void server_drop(struct server *server, int i, bool reset)
{
	const struct linger now = {.l_onoff = reset};

	setsockopt(server->connections[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(server->connections[i].fd);
	free(server->connections[i].text);
	memset(&server->connections[i], 0, sizeof(server->connections[i]));
}

static inline void server_close(struct server *server)
{
	for (int i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		if (server->connections[i].text)
			server_drop(server, i, false);
	}
	for (int i = 0; i < server->n_requests; i++)
		free(server->requests[i]);
	close(server->fd);
	memset(server, 0, sizeof(*server));
	server->fd = -1;
}

/* A port on which nothing listens. */
static inline int server_free_port(void)
{
	struct server server;
	int port;

	server_open(&server, 0);
	port = server.port;
	server_close(&server);
	return port;
}

static inline void server_accept(struct server *server)
{
	int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	server->n_connections++;
	for (int i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		if (server->connections[i].text)
			continue;
		server->connections[i].fd = fd;
		server->connections[i].text = calloc(1, SERVER_REQUEST_BYTES);
		return;
	}
	close(fd);
}

static inline bool server_complete(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");

	if (!end)
		return false;
	return text + len >= end + 4 + (length ? strtoul(length + 17, NULL, 10) : 0);
}

static inline void server_send(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

static inline void server_answer(struct server *server, int i)
{
	const char *body = server->body ? server->body : "";
	char text[8192];

	snprintf(text, sizeof(text), "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\n%s\r\n%s",
		 server->status, server->answer == ANSWER_ENDLESS ? (size_t)1 << 40 : strlen(body),
		 server->headers ? server->headers : "", body);
	server_send(server->connections[i].fd, text);
}

static inline void server_serve(struct server *server, int i)
{
	char *text = server->connections[i].text;
	size_t *len = &server->connections[i].len;
	ssize_t n =
		recv(server->connections[i].fd, text + *len, SERVER_REQUEST_BYTES - 1 - *len, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		server_drop(server, i, false);
		return;
	}
	*len += n > 0 ? (size_t)n : 0;
	if (server->connections[i].answered) {
		char filling[1024];

		memset(filling, 'x', sizeof(filling) - 1);
		filling[sizeof(filling) - 1] = 0;
		if (server->answer == ANSWER_ENDLESS)
			server_send(server->connections[i].fd, filling);
		return;
	}
	if (!server_complete(text, *len))
		return;
	server->connections[i].answered = true;
	if (server->n_requests < SERVER_REQUESTS_MAX)
		server->requests[server->n_requests++] = strdup(text);
	if (server->answer == ANSWER_RESET)
		server_drop(server, i, true);
	else if (server->answer != ANSWER_NEVER)
		server_answer(server, i);
	if (server->answer == ANSWER_STATUS)
		server_drop(server, i, false);
}

/* Whatever is there, without waiting. */
static inline void server_run(struct server *server)
{
	if (server->fd < 0)
		return;
	server_accept(server);
	for (int i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		if (server->connections[i].text)
			server_serve(server, i);
	}
}

static inline const char *server_body(const struct server *server, int request)
{
	return strstr(server->requests[request], "\r\n\r\n") + 4;
}

#endif
