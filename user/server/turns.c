/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/turns.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "server/answers.h"
#include "server/asked.h"
#include "server/peer.h"
#include "server/questions.h"
#include "server/routes.h"

enum { NAMED_MAX = 4 };

static const double turn_seconds = 0.01; /* of a turn of the loop, then others have theirs */
/*
 * A second's work at once, and half of the time after that, so that a second's wait makes good for
 * however long an answer took: more ask meanwhile, and share the next one.
 */
static const double work_burst_seconds = 1, work_share = 0.5;
static const double reloads_burst = 20, reloads_per_second = 2;
static const double busy_seconds = 8; /* who has waited so long is told to come again */

void turns_init(struct server *server)
{
	pace_init(&server->work, work_burst_seconds, work_share, work_share);
	pace_init(&server->reloads, reloads_burst, reloads_per_second, 1);
}

/* There is nobody left to read an answer. */
static bool is_gone(const struct client *client)
{
	struct pollfd pollfd = {.fd = client->fd};

	return poll(&pollfd, 1, 0) > 0 && pollfd.revents & (POLLHUP | POLLERR);
}

static bool may_serve(const struct client *client, void *context)
{
	const struct server *server = context;
	const struct asked *asked = client->request;

	if (asked->elsewhere)
		return questions_room(server, client);
	return !route_reloads(asked->url) || pace_wait(&server->reloads, server_now()) == 0;
}

static bool is_among(const struct party *party, const struct party *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == party)
			return true;
	}
	return false;
}

/* One line for all that this reload is done for, besides who is known to have asked for it. */
static void tell_merged(struct server *server, const struct asked *asked)
{
	char who[ASKER_BYTES], list[NAMED_MAX * (ASKER_BYTES + 2)] = "";
	const struct party *named[NAMED_MAX];
	const struct client *client;
	size_t n = 0, n_named = 0;
	bool others = false;

	TAILQ_FOREACH(client, &server->clients.lists[CLIENT_WAITING], link) {
		const struct asker by = peer_asker(client->fd);

		if (client->request == asked || !asked_same(client->request, asked))
			continue;
		n++;
		if (is_among(client->process, named, n_named))
			continue;
		if (n_named == NAMED_MAX) {
			others = true;
			continue;
		}
		asker_text(&by, who);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 n_named ? "; " : "", who);
		named[n_named++] = client->process;
	}
	if (n && server->options.say)
		server->options.say("%zu more asked for this reload: %s%s", n, list,
				    others ? "; and others" : "");
}

static void serve(struct server *server, struct client *client)
{
	const struct asked *asked = client->request;
	struct request request = answers_request(server, asked);
	const bool reloads = route_reloads(asked->url);
	struct reply reply = {0};

	if (is_gone(client) && !reloads) {
		client_shut_down(&server->clients, client);
		return;
	}
	if (reloads)
		pace_use(&server->reloads, 1, server_now());
	route_serve(&request, asked->url, asked->method, &reply);
	if (reloads)
		tell_merged(server, asked);
	if (reply.question ? !questions_ask(server, client, &reply) :
			     !answer_waiting(server, asked, &reply))
		client_shut_down(&server->clients, client);
}

/* Who has waited for too long is told so. */
static void send_away(struct server *server)
{
	const double before_ms = (server_now() - busy_seconds) * 1e3;
	struct client *client;

	while ((client = TAILQ_FIRST(&server->clients.lists[CLIENT_WAITING])) &&
	       (double)client->since_ms < before_ms) {
		struct asked *asked = client->request;
		struct reply reply = {0};

		asked->shared = false;
		reply_error(&reply, MHD_HTTP_SERVICE_UNAVAILABLE,
			    "too much is asked of the agent: try again later");
		if (!answer_waiting(server, asked, &reply))
			client_shut_down(&server->clients, client);
	}
}

/* Serves those that wait, for a while. */
void turns_serve(struct server *server)
{
	const double until = server_now() + turn_seconds;
	double before, now = server_now();
	struct client *client;

	send_away(server);
	while (now < until && pace_wait(&server->work, now) == 0) {
		client = clients_next(&server->clients, may_serve, server);
		if (!client)
			break;
		serve(server, client);
		before = now;
		now = server->worked_at = server_now();
		pace_use(&server->work, now - before, now);
	}
}

/* Until the one that has waited longest is sent away. */
static double patience(const struct server *server, double now)
{
	const struct client *first = TAILQ_FIRST(&server->clients.lists[CLIENT_WAITING]);

	return (double)first->since_ms / 1e3 + busy_seconds - now;
}

/*
 * When nobody may be served, those that wait are reloads, for their pace, and questions, for the answers to others:
 * the loop comes by when there is one.
 */
int turns_timeout_ms(struct server *server)
{
	const double now = server_now();
	double wait = pace_wait(&server->work, now), reloads;

	if (clients_empty(&server->clients, CLIENT_WAITING))
		return -1;
	if (!clients_next(&server->clients, may_serve, server)) {
		reloads = pace_wait(&server->reloads, now);
		wait = fmax(wait, reloads > 0 ? reloads : patience(server, now));
	}
	return wait <= 0 ? 0 : (int)ceil(wait * 1e3);
}
