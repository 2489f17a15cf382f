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

struct parcel *parcel_new(struct clients *clients, size_t bytes)
{
	struct parcel *parcel = malloc(sizeof(*parcel));

	if (!parcel)
		return NULL;
	*parcel = (struct parcel){bytes, 1};
	clients->pending_bytes += bytes;
	return parcel;
}

void parcel_drop(struct clients *clients, struct parcel *parcel)
{
	if (--parcel->takers)
		return;
	clients->pending_bytes -= parcel->bytes;
	free(parcel);
}

static void leave_parcel(struct clients *clients, struct client *client)
{
	if (!client->parcel)
		return;
	client->user->pending_bytes -= client->parcel->bytes;
	parcel_drop(clients, client->parcel);
	client->parcel = NULL;
}

/* Gives back what others may have: libmicrohttpd has yet to see its end. */
static void release(struct clients *clients, struct client *client)
{
	leave_parcel(clients, client);
	clients->n--;
	client->user->clients--;
	client->process->clients--;
}

void client_shut_down(struct clients *clients, struct client *client)
{
	const bool waited = client->phase == CLIENT_WAITING || client->phase == CLIENT_ASKING;

	shutdown(client->fd, SHUT_RDWR);
	release(clients, client);
	client_enter(clients, client, CLIENT_CLOSING);
	if (waited)
		clients->wake(clients, client);
}

void clients_init(struct clients *clients, size_t max, size_t share,
		  void (*wake)(struct clients *clients, struct client *client))
{
	*clients = (struct clients){.max = max, .share = share, .wake = wake};
	for (size_t i = 0; i < CLIENT_PHASES; i++)
		TAILQ_INIT(&clients->lists[i]);
}

/* ---- room ---- */

/* One more than it has, if it is whose new client asks for room. */
static size_t clients_of(const struct party *party, const struct party *newcomer)
{
	return party->clients + (party == newcomer);
}

static const struct party *largest_user(const struct clients *clients, const struct party *newcomer)
{
	const struct party *party, *largest = newcomer;

	LIST_FOREACH(party, &clients->users, link)
	{
		if (!largest || clients_of(party, newcomer) > clients_of(largest, newcomer))
			largest = party;
	}
	return largest;
}

/* Who goes sooner, of two clients of the same user; a comes after b in a list. */
static bool goes_before(const struct client *a, const struct client *b,
			const struct party *newcomer)
{
	const size_t of_a = clients_of(a->process, newcomer);
	const size_t of_b = clients_of(b->process, newcomer);
	static const int order[] = {[CLIENT_READING] = 0,
				    [CLIENT_SENDING] = 1,
				    [CLIENT_WAITING] = 3,
				    [CLIENT_ASKING] = 3};
	/* who was let in just now has had no chance to send something */
	const int order_a = a->fresh ? 2 : order[a->phase];
	const int order_b = b->fresh ? 2 : order[b->phase];

	if (of_a != of_b)
		return of_a > of_b;
	if (order_a != order_b)
		return order_a < order_b;
	if (order_a == order[CLIENT_WAITING] || a->fresh)
		return a->since_ms >= b->since_ms;
	return a->since_ms < b->since_ms;
}

static struct client *first_to_go(struct clients *clients, const struct party *user,
				  const struct party *newcomer)
{
	struct client *client, *first = NULL;

	for (enum client_phase phase = 0; phase < CLIENT_CLOSING; phase++) {
		TAILQ_FOREACH(client, &clients->lists[phase], link) {
			if (client->user == user &&
			    (!first || goes_before(client, first, newcomer)))
				first = client;
		}
	}
	return first;
}

enum clients_room clients_make_room(struct clients *clients, const struct party_id *who,
				    struct party_id *ret_crowd)
{
	const struct party_id user_id = party_user_of(who);
	const struct party *user = party_find(&clients->users, &user_id);
	const struct party *process = party_find(&clients->processes, who);
	const size_t share = party_is_root(who) ? clients->max : clients->share;
	struct client *client;

	if (clients->n < clients->max && (!user || user->clients < share))
		return CLIENTS_ROOM;
	if (!user || user->clients < share)
		user = largest_user(clients, user);
	client = user ? first_to_go(clients, user, process) : NULL;
	*ret_crowd = client ? client->process->id : *who;
	/* it does not displace its own that wait for us, not we for them */
	if (!client ||
	    (client->process == process && (client->fresh || client->phase == CLIENT_WAITING)))
		return CLIENTS_NO_ROOM;
	client_shut_down(clients, client);
	return CLIENTS_ROOM_MADE;
}

/* ---- from begin to end ---- */

struct client *client_begin(struct clients *clients, int fd, const struct party_id *who)
{
	const struct party_id user_id = party_user_of(who);
	struct client *client = calloc(1, sizeof(*client));

	if (client) {
		client->user = party_keep(&clients->users, &user_id, clients->turns);
		client->process = party_keep(&clients->processes, who, clients->turns);
	}
	if (!client || !client->user || !client->process) {
		shutdown(fd, SHUT_RDWR);
		if (client) {
			party_drop(client->user);
			party_drop(client->process);
		}
		free(client);
		return NULL;
	}
	client->fd = fd;
	client->phase = CLIENT_READING;
	client->since_ms = now_ms();
	client->fresh = true;
	TAILQ_INSERT_TAIL(&clients->lists[CLIENT_READING], client, link);
	clients->n++;
	client->user->clients++;
	client->process->clients++;
	return client;
}

void clients_looked_at(struct clients *clients)
{
	struct client *client;

	TAILQ_FOREACH(client, &clients->lists[CLIENT_READING], link)
		client->fresh = false;
}

void client_waiting(struct clients *clients, struct client *client, void *request)
{
	client->request = request;
	client->fresh = false;
	client_enter(clients, client, CLIENT_WAITING);
}

void client_asking(struct clients *clients, struct client *client)
{
	client_enter(clients, client, CLIENT_ASKING);
}

static bool has_turn_before(const struct client *a, const struct client *b)
{
	if (a->user->served != b->user->served)
		return a->user->served < b->user->served;
	if (a->process->served != b->process->served)
		return a->process->served < b->process->served;
	return false; /* in the list, who has waited longer is first */
}

struct client *clients_next(struct clients *clients,
			    bool (*may)(const struct client *client, void *context), void *context)
{
	struct client *client, *next = NULL;

	TAILQ_FOREACH(client, &clients->lists[CLIENT_WAITING], link) {
		if (may(client, context) && (!next || has_turn_before(client, next)))
			next = client;
	}
	return next;
}

void client_had_turn(struct clients *clients, struct client *client)
{
	client->user->served = client->process->served = ++clients->turns;
}

/* Of another parcel than the client's own: who is to go so that this one can be sent. */
static struct client *first_to_give_up(struct clients *clients, const struct client *but)
{
	struct client *client, *first = NULL;

	TAILQ_FOREACH(client, &clients->lists[CLIENT_SENDING], link) {
		if (client->parcel != but->parcel &&
		    (!first || client->user->pending_bytes > first->user->pending_bytes))
			first = client;
	}
	return first;
}

void client_sending(struct clients *clients, struct client *client, struct parcel *parcel)
{
	struct client *other;

	parcel->takers++;
	client->parcel = parcel;
	client->fresh = false;
	client->user->pending_bytes += parcel->bytes;
	client_enter(clients, client, CLIENT_SENDING);
	while (clients->pending_bytes > CLIENTS_PENDING_MAX_BYTES &&
	       (other = first_to_give_up(clients, client)))
		client_shut_down(clients, other);
}

void client_sent(struct clients *clients, struct client *client)
{
	if (client->phase != CLIENT_SENDING)
		return;
	leave_parcel(clients, client);
	client_enter(clients, client, CLIENT_READING);
}

void client_end(struct clients *clients, struct client *client)
{
	TAILQ_REMOVE(&clients->lists[client->phase], client, link);
	if (client->phase != CLIENT_CLOSING)
		release(clients, client);
	party_drop(client->user);
	party_drop(client->process);
	free(client);
}

/* ---- deadlines ---- */

/* For those who keep us waiting. */
static const enum client_phase bounded[] = {CLIENT_READING, CLIENT_SENDING};
enum { N_BOUNDED = sizeof(bounded) / sizeof(bounded[0]) };

void clients_check_deadlines(struct clients *clients)
{
	const int64_t before_ms = now_ms() - CLIENTS_DEADLINE_MS;
	struct client *client;

	for (size_t i = 0; i < N_BOUNDED; i++) {
		while ((client = TAILQ_FIRST(&clients->lists[bounded[i]])) &&
		       client->since_ms <= before_ms)
			client_shut_down(clients, client);
	}
}

int clients_timeout_ms(const struct clients *clients)
{
	int64_t timeout_ms = -1;

	for (size_t i = 0; i < N_BOUNDED; i++) {
		const struct client *client = TAILQ_FIRST(&clients->lists[bounded[i]]);
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
