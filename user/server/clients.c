/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/clients.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void client_enter(struct clients *clients, struct client *client, enum client_phase phase)
{
	TAILQ_REMOVE(&clients->lists[client->phase], client, link);
	client->phase = phase;
	client->since_ms = now_ms();
	TAILQ_INSERT_TAIL(&clients->lists[phase], client, link);
}

/* libmicrohttpd closes it when it sees the end of its input, in one of the next runs. */
static void client_shut_down(struct clients *clients, struct client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	clients->n--;
	clients->pending_bytes -= client->pending_bytes;
	client->pending_bytes = 0;
	client_enter(clients, client, CLIENT_CLOSING);
}

void clients_init(struct clients *clients)
{
	*clients = (struct clients){0};
	for (size_t i = 0; i < CLIENT_PHASES; i++)
		TAILQ_INIT(&clients->lists[i]);
}

struct client *client_begin(struct clients *clients, int fd)
{
	struct client *oldest, *client = calloc(1, sizeof(*client));

	if (!client) {
		shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	client->fd = fd;
	client->phase = CLIENT_READING;
	client->since_ms = now_ms();
	TAILQ_INSERT_TAIL(&clients->lists[CLIENT_READING], client, link);
	clients->n++;
	while (clients->n > clients->max) {
		oldest = TAILQ_FIRST(&clients->lists[CLIENT_READING]);
		/* only the new one is silent: then the slowest taker of a response goes */
		if (oldest == client && !TAILQ_EMPTY(&clients->lists[CLIENT_SENDING]))
			oldest = TAILQ_FIRST(&clients->lists[CLIENT_SENDING]);
		client_shut_down(clients, oldest);
	}
	return client;
}

void client_sending(struct clients *clients, struct client *client, size_t bytes)
{
	client->pending_bytes = bytes;
	clients->pending_bytes += bytes;
	client_enter(clients, client, CLIENT_SENDING);
	while (clients->pending_bytes > CLIENTS_PENDING_MAX_BYTES) {
		struct client *oldest = TAILQ_FIRST(&clients->lists[CLIENT_SENDING]);

		if (oldest == client)
			break;
		client_shut_down(clients, oldest);
	}
}

void client_sent(struct clients *clients, struct client *client)
{
	if (client->phase != CLIENT_SENDING)
		return;
	clients->pending_bytes -= client->pending_bytes;
	client->pending_bytes = 0;
	client_enter(clients, client, CLIENT_READING);
}

void client_end(struct clients *clients, struct client *client)
{
	TAILQ_REMOVE(&clients->lists[client->phase], client, link);
	if (client->phase != CLIENT_CLOSING) {
		clients->n--;
		clients->pending_bytes -= client->pending_bytes;
	}
	free(client);
}

void clients_check_deadlines(struct clients *clients)
{
	const int64_t before_ms = now_ms() - CLIENTS_DEADLINE_MS;
	struct client *client;

	for (enum client_phase phase = CLIENT_READING; phase < CLIENT_CLOSING; phase++) {
		while ((client = TAILQ_FIRST(&clients->lists[phase])) &&
		       client->since_ms <= before_ms)
			client_shut_down(clients, client);
	}
}

int clients_timeout_ms(const struct clients *clients)
{
	int64_t timeout_ms = -1;

	for (enum client_phase phase = CLIENT_READING; phase < CLIENT_CLOSING; phase++) {
		const struct client *client = TAILQ_FIRST(&clients->lists[phase]);
		int64_t left_ms;

		if (!client)
			continue;
		left_ms = client->since_ms + CLIENTS_DEADLINE_MS - now_ms();
		if (left_ms < 0)
			left_ms = 0;
		if (timeout_ms < 0 || left_ms < timeout_ms)
			timeout_ms = left_ms;
	}
	return (int)timeout_ms;
}
