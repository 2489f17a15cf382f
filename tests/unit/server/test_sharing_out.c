/* SPDX-License-Identifier: GPL-2.0-only */
/* Places, turns and memory among users and their processes: who gets one, and who goes. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "server/clients.h"

enum { MAX = 32, SHARE = 8, A = 1001, B = 1002, C = 1003 };

static size_t n_woken;

static void wake(struct clients *clients, struct client *client)
{
	(void)clients;
	(void)client;
	n_woken++;
}

static struct party_id who(uint64_t uid, uint64_t pid)
{
	return (struct party_id){AF_UNIX, uid, pid};
}

/* Its descriptor is closed at once: none is needed to be shut down. */
static struct client *begin(struct clients *clients, uint64_t uid, uint64_t pid)
{
	const struct party_id id = who(uid, pid);
	struct client *client = client_begin(clients, -1, &id);

	assert_non_null(client);
	clients_looked_at(clients);
	return client;
}

/* Whether one more may come. */
static enum clients_room ask(struct clients *clients, uint64_t uid, uint64_t pid,
			     uint64_t *ret_crowd)
{
	const struct party_id id = who(uid, pid);
	struct party_id crowd = {};
	enum clients_room room = clients_make_room(clients, &id, &crowd);

	*ret_crowd = crowd.user;
	return room;
}

static void end_all(struct clients *clients)
{
	for (size_t i = 0; i < CLIENT_PHASES; i++) {
		while (!TAILQ_EMPTY(&clients->lists[i]))
			client_end(clients, TAILQ_FIRST(&clients->lists[i]));
	}
	assert_int_equal(clients->n, 0);
	assert_int_equal(clients->pending_bytes, 0);
	assert_true(LIST_EMPTY(&clients->users) && LIST_EMPTY(&clients->processes));
}

static int setup(void **state)
{
	struct clients *clients = malloc(sizeof(*clients));

	n_woken = 0;
	clients_init(clients, MAX, SHARE, wake);
	*state = clients;
	return 0;
}

static int teardown(void **state)
{
	end_all(*state);
	free(*state);
	return 0;
}

TEST(a_user_above_its_share_loses_its_own)
{
	struct clients *clients = *state;
	struct client *first = begin(clients, A, 1);
	uint64_t crowd;

	begin(clients, B, 7);
	for (int i = 1; i < SHARE; i++)
		begin(clients, A, 1);
	assert_int_equal(ask(clients, B, 7, &crowd), CLIENTS_ROOM);
	assert_int_equal(first->phase, CLIENT_READING);
	assert_int_equal(ask(clients, A, 1, &crowd), CLIENTS_ROOM_MADE);
	assert_int_equal(crowd, A);
	assert_int_equal(first->phase, CLIENT_CLOSING);
	assert_int_equal(clients->n, SHARE);
}

TEST(root_may_fill_it_but_displaces_nobody_who_has_less)
{
	struct clients *clients = *state;
	struct client *a = begin(clients, A, 1), *oldest = begin(clients, 0, 2);
	uint64_t crowd;

	for (int i = 2; i < MAX; i++)
		begin(clients, 0, 2);
	assert_int_equal(ask(clients, 0, 2, &crowd), CLIENTS_ROOM_MADE);
	assert_int_equal(oldest->phase, CLIENT_CLOSING);
	begin(clients, 0, 2);
	/* a user that comes takes its place from root's */
	assert_int_equal(ask(clients, B, 3, &crowd), CLIENTS_ROOM_MADE);
	assert_int_equal(crowd, 0);
	assert_int_equal(a->phase, CLIENT_READING);
}

/* Eight users that hold all places, each its share: a ninth gets in, and so does root. */
TEST(there_is_a_place_for_who_has_none)
{
	struct clients *clients = *state;
	uint64_t crowd;

	for (uint64_t uid = A; uid < A + MAX / SHARE; uid++) {
		for (int i = 0; i < SHARE; i++)
			begin(clients, uid, uid);
	}
	assert_int_equal(ask(clients, 5000, 1, &crowd), CLIENTS_ROOM_MADE);
	begin(clients, 5000, 1);
	assert_int_equal(ask(clients, 0, 1, &crowd), CLIENTS_ROOM_MADE);
	begin(clients, 0, 1);
	assert_int_equal(clients->n, MAX);
}

TEST(within_a_user_the_process_that_has_most_pays)
{
	struct clients *clients = *state;
	struct client *lone = begin(clients, A, 1), *oldest = begin(clients, A, 2);
	uint64_t crowd;

	for (int i = 2; i < SHARE; i++)
		begin(clients, A, 2);
	assert_int_equal(ask(clients, A, 3, &crowd), CLIENTS_ROOM_MADE);
	assert_int_equal(oldest->phase, CLIENT_CLOSING);
	assert_int_equal(lone->phase, CLIENT_READING);
}

/* They wait for us: their process is told so, and another's takes the place of the last one. */
TEST(who_waits_for_its_turn_goes_last)
{
	struct clients *clients = *state;
	struct parcel *parcel = parcel_new(clients, 5);
	struct client *list[SHARE];
	uint64_t crowd;

	for (int i = 0; i < SHARE; i++) {
		list[i] = begin(clients, A, 1);
		client_waiting(clients, list[i], NULL);
	}
	assert_int_equal(ask(clients, A, 1, &crowd), CLIENTS_NO_ROOM);
	assert_int_equal(n_woken, 0);
	assert_int_equal(ask(clients, A, 2, &crowd), CLIENTS_ROOM_MADE);
	assert_int_equal(n_woken, 1);
	/* who takes an answer goes before those */
	client_sending(clients, list[0], parcel);
	parcel_drop(clients, parcel);
	assert_int_equal(ask(clients, A, 1, &crowd), CLIENTS_ROOM);
	begin(clients, A, 1);
	clients->lists[CLIENT_READING].tqh_first->fresh = true;
	assert_int_equal(ask(clients, A, 1, &crowd), CLIENTS_ROOM_MADE);
	assert_int_equal(list[0]->phase, CLIENT_CLOSING);
}

/* 32 come in one turn: none displaces another that has had no chance. */
TEST(nobody_goes_before_it_was_looked_at)
{
	struct clients *clients = *state;
	const struct party_id id = who(A, 1);
	uint64_t crowd;

	for (int i = 0; i < SHARE; i++)
		client_begin(clients, -1, &id);
	assert_int_equal(ask(clients, A, 1, &crowd), CLIENTS_NO_ROOM);
	clients_looked_at(clients);
	assert_int_equal(ask(clients, A, 1, &crowd), CLIENTS_ROOM_MADE);
}

static bool may(const struct client *client, void *context)
{
	(void)context;
	return client->request == NULL;
}

static uint64_t next(struct clients *clients)
{
	struct client *client = clients_next(clients, may, NULL);
	uint64_t name;

	if (!client)
		return 0;
	name = client->user->id.user * 10 + client->process->id.process;
	client_had_turn(clients, client);
	client_end(clients, client);
	return name;
}

static void wait_as(struct clients *clients, uint64_t uid, uint64_t pid)
{
	client_waiting(clients, begin(clients, uid, pid), NULL);
}

TEST(users_take_turns_and_their_processes_too)
{
	struct clients *clients = *state;

	for (int i = 0; i < 4; i++)
		wait_as(clients, A, 1);
	wait_as(clients, B, 1);
	wait_as(clients, A, 2);
	wait_as(clients, B, 1);
	wait_as(clients, C, 5);
	assert_int_equal(next(clients), 10011);
	assert_int_equal(next(clients), 10021);
	assert_int_equal(next(clients), 10035);
	assert_int_equal(next(clients), 10012);
	assert_int_equal(next(clients), 10021);
	assert_int_equal(next(clients), 10011);
	/* who comes waits behind those who are there, however often it begins anew */
	wait_as(clients, A, 3);
	assert_int_equal(next(clients), 10011);
	wait_as(clients, A, 4);
	assert_int_equal(next(clients), 10013);
	assert_int_equal(next(clients), 10011);
	assert_int_equal(next(clients), 10014);
	assert_int_equal(next(clients), 0);
}

TEST(who_may_not_yet_is_passed_over)
{
	struct clients *clients = *state;
	struct client *held = begin(clients, A, 1);

	client_waiting(clients, held, held);
	wait_as(clients, B, 1);
	assert_int_equal(next(clients), 10021);
	assert_int_equal(next(clients), 0);
	assert_int_equal(held->phase, CLIENT_WAITING);
}

TEST(shared_memory_counts_once)
{
	struct clients *clients = *state;
	struct parcel *parcel = parcel_new(clients, 40 << 20), *other;
	struct client *a = begin(clients, A, 1), *b = begin(clients, A, 1),
		      *c = begin(clients, B, 1);

	client_sending(clients, a, parcel);
	client_sending(clients, b, parcel);
	parcel_drop(clients, parcel);
	assert_int_equal(clients->pending_bytes, 40 << 20);
	client_sent(clients, a);
	assert_int_equal(clients->pending_bytes, 40 << 20);
	client_sending(clients, a, b->parcel);
	/* too much in all: they go that have most, and hold another one */
	other = parcel_new(clients, 30 << 20);
	client_sending(clients, c, other);
	parcel_drop(clients, other);
	assert_int_equal(a->phase, CLIENT_CLOSING);
	assert_int_equal(b->phase, CLIENT_CLOSING);
	assert_int_equal(c->phase, CLIENT_SENDING);
	assert_int_equal(clients->pending_bytes, 30 << 20);
	assert_int_equal(clients->n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_user_above_its_share_loses_its_own),
		WITH_SETUP(root_may_fill_it_but_displaces_nobody_who_has_less),
		WITH_SETUP(there_is_a_place_for_who_has_none),
		WITH_SETUP(within_a_user_the_process_that_has_most_pays),
		WITH_SETUP(who_waits_for_its_turn_goes_last),
		WITH_SETUP(nobody_goes_before_it_was_looked_at),
		WITH_SETUP(users_take_turns_and_their_processes_too),
		WITH_SETUP(who_may_not_yet_is_passed_over),
		WITH_SETUP(shared_memory_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
