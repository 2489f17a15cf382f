/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/questions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/elsewhere.h"
#include "server/answers.h"

struct question {
	LIST_ENTRY(question) link;
	struct server *server; /* NULL: it is closed */
	struct client *client; /* NULL: it has gone */
	struct party *user; /* kept */
};

static size_t questions_of(const struct server *server, const struct party *user)
{
	const struct question *question;
	size_t n = 0;

	LIST_FOREACH(question, &server->questions, link)
	n += !user || question->user == user;
	return n;
}

bool questions_room(const struct server *server, const struct client *client)
{
	return questions_of(server, NULL) < QUESTIONS_MAX &&
	       questions_of(server, client->user) < QUESTIONS_SHARE;
}

static void forget(struct question *question)
{
	if (question->server) {
		LIST_REMOVE(question, link);
		party_drop(question->user);
	}
	free(question);
}

static unsigned int code_of(int r)
{
	switch (r) {
	case -EINVAL:
		return MHD_HTTP_BAD_REQUEST;
	case -ENOENT:
		return MHD_HTTP_NOT_FOUND;
	default:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
}

/* The answer is there. */
static void done(void *context, const struct elsewhere_answer *answer)
{
	struct question *question = context;
	struct server *server = question->server;
	struct client *client = server ? question->client : NULL;
	struct reply reply = {};

	forget(question);
	if (answer->code == MHD_HTTP_OK && !client) {
		close(answer->fd);
		return;
	}
	if (!client)
		return;
	if (answer->code == MHD_HTTP_OK)
		reply_file(&reply, answer->content_type, answer->fd, answer->bytes);
	else
		reply_error(&reply, answer->code, answer->text);
	if (!answer_asking(server, client, &reply))
		client_shut_down(&server->clients, client);
}

static struct question *question_new(struct server *server, struct client *client)
{
	struct question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	question->user =
		party_keep(&server->clients.users, &client->user->id, client->user->served);
	if (!question->user) {
		free(question);
		return NULL;
	}
	question->server = server;
	question->client = client;
	LIST_INSERT_HEAD(&server->questions, question, link);
	return question;
}

bool questions_ask(struct server *server, struct client *client, struct reply *reply)
{
	struct question *question = question_new(server, client);
	struct error error = {""};
	int r = question ? 0 : -ENOMEM;

	client_had_turn(&server->clients, client);
	client_asking(&server->clients, client);
	if (!r)
		r = server->ops->ask(server->agent, reply->question, done, question, &error);
	json_decref(reply->question);
	reply->question = NULL;
	if (!r)
		return true;
	if (question)
		forget(question);
	reply_error(reply, code_of(r), error.text[0] ? error.text : strerror(-r));
	return answer_asking(server, client, reply);
}

void questions_leave(struct server *server, const struct client *client)
{
	struct question *question;

	LIST_FOREACH(question, &server->questions, link)
	{
		if (question->client == client)
			question->client = NULL;
	}
}

void questions_end(struct server *server)
{
	struct question *question;

	while ((question = LIST_FIRST(&server->questions))) {
		LIST_REMOVE(question, link);
		party_drop(question->user);
		question->server = NULL;
		question->client = NULL;
	}
}
