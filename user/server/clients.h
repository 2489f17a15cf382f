/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clients that may stay connected, and whose turn it is. libmicrohttpd owns the connections; this
 * knows who keeps whom waiting and for how long, shares places and turns among users and among a
 * user's processes, and shuts down those that wait at others' expense.
 */
#ifndef SLIPROBE_SERVER_CLIENTS_H
#define SLIPROBE_SERVER_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/parties.h"

enum {
	CLIENTS_PENDING_MAX_BYTES = 64 << 20, /* responses not yet taken, all clients together */
	CLIENTS_DEADLINE_MS = 30000, /* for a whole request to come, or a response to be taken */
};

/* A response that clients take: its memory is there until the last one has it, or gives up. */
struct parcel {
	size_t bytes;
	size_t takers; /* and who makes it */
};

/* One connection. It is in one of the lists, and in each list the longest waiting is first. */
struct client {
	TAILQ_ENTRY(client) link;
	enum client_phase {
		CLIENT_READING, /* a whole request has not come */
		CLIENT_WAITING, /* for its turn to be served */
		CLIENT_ASKING, /* for an answer from elsewhere */
		CLIENT_SENDING, /* a whole response has not been taken */
		CLIENT_CLOSING, /* shut down, its end not yet noticed by libmicrohttpd */
		CLIENT_PHASES,
	} phase;
	int64_t since_ms; /* in this phase */
	bool fresh; /* nobody has looked yet whether it has sent something */
	int fd; /* libmicrohttpd's */
	struct party *user, *process;
	struct parcel *parcel; /* that it takes; or NULL */
	void *request; /* of who waits: the caller's */
};

TAILQ_HEAD(client_list, client);

struct clients {
	struct client_list lists[CLIENT_PHASES];
	struct parties users, processes;
	uint64_t turns; /* that were had */
	size_t n; /* without those closing */
	size_t max;
	size_t share; /* that one user may have; root: max */
	size_t pending_bytes; /* of parcels */
	/* who waits for its turn, or an answer, is in no epoll set: called when such a one is shut down */
	void (*wake)(struct clients *clients, struct client *client);
	bool woken; /* one was, and libmicrohttpd has not seen it yet */
};

void clients_init(struct clients *clients, size_t max, size_t share,
		  void (*wake)(struct clients *clients, struct client *client));

enum clients_room {
	CLIENTS_ROOM, /* there was room */
	CLIENTS_ROOM_MADE, /* one was shut down */
	CLIENTS_NO_ROOM, /* the new one itself is to go */
};

/*
 * Room for one more of `who`. When there are too many of its user, or in all, one goes: of the user
 * that has most, of the process of it that has most; first who has sent no whole request for the
 * longest, then who has been taking a response for the longest, then who has waited least for its turn.
 * So a crowd costs itself, and a user within its share loses nothing to others while another
 * has more. ret_crowd: if it is too many, whose clients are.
 */
enum clients_room clients_make_room(struct clients *clients, const struct party_id *who,
				    struct party_id *ret_crowd);

/* A connection began. Returns NULL, with the connection shut down, when out of memory. */
struct client *client_begin(struct clients *clients, int fd, const struct party_id *who);

/* All that is readable was read. */
void clients_looked_at(struct clients *clients);

/* Its request is whole, and waits for its turn. */
void client_waiting(struct clients *clients, struct client *client, void *request);

/* It has had its turn, and waits for an answer from elsewhere. */
void client_asking(struct clients *clients, struct client *client);

/*
 * Whose turn it is of those that wait and that may() names: users take turns, and within a user
 * its processes. NULL: nobody's.
 */
struct client *clients_next(struct clients *clients,
			    bool (*may)(const struct client *client, void *context), void *context);
/* It has its turn now. */
void client_had_turn(struct clients *clients, struct client *client);

/* A response of so many bytes; NULL: out of memory. Who makes it drops it when it was handed to all. */
struct parcel *parcel_new(struct clients *clients, size_t bytes);
void parcel_drop(struct clients *clients, struct parcel *parcel);

/*
 * The parcel's response was queued for it. If too much memory waits in parcels, who has been taking
 * another one for the longest goes, of the user that has most; a single response may have any size.
 */
void client_sending(struct clients *clients, struct client *client, struct parcel *parcel);

/* The response was taken, or given up. */
void client_sent(struct clients *clients, struct client *client);

/* Ends it without an answer: libmicrohttpd closes it in one of its next runs. */
void client_shut_down(struct clients *clients, struct client *client);

/* The connection ended: frees the client. */
void client_end(struct clients *clients, struct client *client);

/* Shuts down who has exceeded the deadline. */
void clients_check_deadlines(struct clients *clients);

/* Milliseconds until the next deadline; -1: there is none. */
int clients_timeout_ms(const struct clients *clients);

static inline bool clients_empty(const struct clients *clients, enum client_phase phase)
{
	return TAILQ_EMPTY(&clients->lists[phase]);
}

#endif
