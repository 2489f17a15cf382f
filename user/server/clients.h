/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clients that may stay connected to the status socket. libmicrohttpd owns the connections;
 * this knows how long each has kept us waiting, and shuts down those that wait at others' expense.
 */
#ifndef SLIPROBE_SERVER_CLIENTS_H
#define SLIPROBE_SERVER_CLIENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	CLIENTS_PENDING_MAX_BYTES = 64 << 20, /* responses not yet taken, all clients together */
	CLIENTS_DEADLINE_MS = 30000, /* for a whole request to come, or a response to be taken */
};

/* One connection. It is in one of the lists, and in each list the longest waiting is first. */
struct client {
	TAILQ_ENTRY(client) link;
	enum client_phase {
		CLIENT_READING, /* a whole request has not come */
		CLIENT_SENDING, /* a whole response has not been taken */
		CLIENT_CLOSING, /* shut down, its end not yet noticed by libmicrohttpd */
		CLIENT_PHASES,
	} phase;
	int64_t since_ms; /* in this phase */
	int fd; /* libmicrohttpd's */
	size_t pending_bytes;
};

TAILQ_HEAD(client_list, client);

struct clients {
	struct client_list lists[CLIENT_PHASES];
	size_t n; /* without those closing */
	size_t max;
	size_t pending_bytes; /* without those closing */
};

void clients_init(struct clients *clients);

/*
 * A connection began. When there are too many, the one that has kept us waiting the longest goes: a
 * crowd of silent clients costs itself, and one that sends its request at once is always served.
 * Returns NULL, with the connection shut down, when out of memory.
 */
struct client *client_begin(struct clients *clients, int fd);

/*
 * A response of `bytes` was queued for it. If too much memory waits in responses, who has been
 * taking one for the longest goes; a single response may have any size.
 */
void client_sending(struct clients *clients, struct client *client, size_t bytes);

/* The response was taken, or given up. */
void client_sent(struct clients *clients, struct client *client);

/* The connection ended: frees the client. */
void client_end(struct clients *clients, struct client *client);

/* Shuts down who has exceeded the deadline. */
void clients_check_deadlines(struct clients *clients);

/* Milliseconds until the next deadline; -1: there is none. */
int clients_timeout_ms(const struct clients *clients);

#endif
