/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A status socket whose answers are a table, for tests of slictl's commands. Requests are kept as
 * they came.
 */
#ifndef SLIPROBE_CTL_FAKE_AGENT_H
#define SLIPROBE_CTL_FAKE_AGENT_H

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"

struct fake_reply {
	/* "GET /v1/status" or "GET /v1/x?a=b&c=d", percent-decoded; without a query: any */
	const char *request;
	unsigned int status;
	const char *body;
	unsigned int times; /* how many requests it answers before a later row does; 0: all */
};

struct fake_agent {
	const struct fake_reply *replies; /* the last one has no request; others get 404 */
	unsigned int used[16];
	char dir[32];
	char path[64];
	char asked[1024]; /* "POST /v1/x {body}\n", one after another */
	struct MHD_Daemon *daemon;
};

struct fake_upload {
	char text[512];
	size_t len;
};

static enum MHD_Result fake_add_argument(void *cls, enum MHD_ValueKind kind, const char *key,
					 const char *value)
{
	char *line = cls;
	size_t len = strlen(line);

	(void)kind;
	snprintf(line + len, 256 - len, "%c%s=%s", strchr(line, '?') ? '&' : '?', key, value);
	return MHD_YES;
}

static const struct fake_reply *fake_find_one(struct fake_agent *agent, const char *request)
{
	for (size_t i = 0; agent->replies[i].request; i++) {
		if (strcmp(agent->replies[i].request, request) != 0)
			continue;
		if (agent->replies[i].times && agent->used[i] == agent->replies[i].times)
			continue;
		agent->used[i]++;
		return &agent->replies[i];
	}
	return NULL;
}

static const struct fake_reply *fake_find(struct fake_agent *agent, const char *whole,
					  const char *request)
{
	static const struct fake_reply nothing = {"", 404, "{\"error\": \"no SLO of this name\"}",
						  0};

	return fake_find_one(agent, whole) ?: fake_find_one(agent, request) ?: &nothing;
}

static enum MHD_Result fake_answer(void *cls, struct MHD_Connection *connection, const char *url,
				   const char *method, const char *version, const char *data,
				   size_t *size, void **request)
{
	struct fake_agent *agent = cls;
	struct fake_upload *upload = *request;
	const struct fake_reply *reply;
	struct MHD_Response *response;
	enum MHD_Result queued;
	size_t len = strlen(agent->asked);
	char line[256], whole[256];

	(void)version;
	if (!upload) {
		*request = calloc(1, sizeof(*upload));
		return *request ? MHD_YES : MHD_NO;
	}
	if (*size) {
		if (*size < sizeof(upload->text) - upload->len) {
			memcpy(upload->text + upload->len, data, *size);
			upload->len += *size;
		}
		*size = 0;
		return MHD_YES;
	}
	snprintf(line, sizeof(line), "%s %s", method, url);
	snprintf(agent->asked + len, sizeof(agent->asked) - len, "%s%s%s\n", line,
		 upload->len ? " " : "", upload->text);
	free(upload);
	snprintf(whole, sizeof(whole), "%s", line);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, fake_add_argument, whole);
	reply = fake_find(agent, whole, line);
	response = MHD_create_response_from_buffer(strlen(reply->body), (void *)reply->body,
						   MHD_RESPMEM_MUST_COPY);
	queued = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return queued;
}

static inline void fake_start(struct fake_agent *agent, const struct fake_reply *replies)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*agent = (struct fake_agent){.replies = replies, .dir = "/tmp/sliprobe-ctl-XXXXXX"};
	assert_non_null(mkdtemp(agent->dir));
	snprintf(agent->path, sizeof(agent->path), "%s/s", agent->dir);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", agent->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	agent->daemon =
		MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, fake_answer, agent,
				 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_END);
	assert_non_null(agent->daemon);
}

static inline void fake_stop(struct fake_agent *agent)
{
	MHD_stop_daemon(agent->daemon);
	unlink(agent->path);
	rmdir(agent->dir);
}

typedef int command_fn(const struct ctl *ctl, int argc, char **argv);

struct spoken {
	int status;
	char *out;
	char *err;
};

/* Runs a command line ("gate NAME", split at spaces) against `socket`; spoken_clear() after use. */
static inline struct spoken speak(command_fn *command, const char *socket, bool json,
				  const char *line)
{
	struct spoken ret = {0};
	char words[256];
	char *argv[24] = {NULL};
	int argc = 0;
	size_t len;
	struct ctl ctl = {.socket = socket, .json = json};

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	ctl.out = open_memstream(&ret.out, &len);
	ctl.err = open_memstream(&ret.err, &len);
	ret.status = command(&ctl, argc, argv);
	fclose(ctl.out);
	fclose(ctl.err);
	return ret;
}

static inline void spoken_clear(struct spoken *spoken)
{
	free(spoken->out);
	free(spoken->err);
}

/* Runs a command line, and expects its status and output; NULL: any output. */
static inline void expect_spoken(command_fn *command, const char *socket, bool json,
				 const char *line, int status, const char *out, const char *err)
{
	struct spoken spoken = speak(command, socket, json, line);

	if (out)
		assert_string_equal(spoken.out, out);
	if (err)
		assert_string_equal(spoken.err, err);
	assert_int_equal(spoken.status, status);
	spoken_clear(&spoken);
}

#endif
