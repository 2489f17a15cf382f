/* SPDX-License-Identifier: GPL-2.0-only */
/* The status socket with a made-up agent behind it and raw sockets in front, in one thread. */
#ifndef SLIPROBE_TESTS_SERVER_FIXTURE_H
#define SLIPROBE_TESTS_SERVER_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "server/server.h"
#include "tests/unit/report/snapshot_fixture.h"

struct agent {
	int snapshots;
	int with_series; /* of these */
	int reloads;
	int tests;
	int snapshot_r;
	struct period_query query; /* the last one */
	int periods_r;
	struct rows_query rows_query; /* the last one; its texts are gone */
	size_t incidents_limit; /* of the last query */
	int reload_r;
	int silence_r;
	char refused[64]; /* the last change that was */
	size_t extra_slos;
	/* what was asked to be answered elsewhere, in order */
	struct {
		char *question;
		elsewhere_done_fn *done;
		void *context;
	} asked[8];
	size_t n_asked;
	int ask_r;
};

struct fixture {
	struct agent agent;
	char directory[64];
	char path[80];
	struct peer_rights rights;
	uint16_t port; /* of the server, if it listens on TCP; 0: on the path */
	struct server *server;
};

enum { ANSWER_MAX = 16 << 20 };

static char answer[ANSWER_MAX];

static inline int agent_snapshot(struct agent *agent, bool series, struct snapshot *ret)
{
	agent->snapshots++;
	agent->with_series += series;
	if (agent->snapshot_r)
		return agent->snapshot_r;
	fixture_snapshot(ret);
	if (agent->extra_slos) {
		const struct snapshot_slo first = ret->slos[1]; /* it owns nothing */

		ret->slos = realloc(ret->slos, agent->extra_slos * sizeof(*ret->slos));
		ret->n_slos = agent->extra_slos;
		for (size_t i = 1; i < ret->n_slos; i++)
			ret->slos[i] = first;
	}
	return 0;
}

static inline int agent_ready(struct agent *agent)
{
	return agent->snapshot_r;
}

static inline int agent_rows(struct agent *agent, const struct rows_query *query,
			     const struct snapshot *snapshot, struct snapshot_rows *ret)
{
	agent->rows_query = *query;
	if (strcmp(query->name, "shop") != 0 && strcmp(query->name, "checkout") != 0)
		return -ENOENT;
	ret->service = snapshot->services[1].name;
	ret->by = ROWS_BY_HOUR;
	return 0;
}

static inline int agent_periods(struct agent *agent, const struct period_query *query,
				struct snapshot *snapshot)
{
	agent->query = *query;
	snapshot->has_periods = true;
	return agent->periods_r;
}

static inline int agent_reload(struct agent *agent, const struct asker *by, struct reload *ret,
			       struct error *ret_error)
{
	assert_true(by->known);
	agent->reloads++;
	if (agent->reload_r) {
		strcpy(ret_error->text, "f.yaml:3: slos: expected \"a list\"");
		return agent->reload_r;
	}
	*ret = (struct reload){.config = "f.yaml", .slos = 2};
	return reload_line(&ret->applied, "agent.interval: 5s");
}

static inline int agent_alerts(struct agent *agent, struct snapshot_alerts *ret)
{
	(void)agent;
	ret->receivers = json_array();
	ret->silences = json_array();
	ret->maintenance = json_array();
	ret->store.reason = "";
	return 0;
}

static inline int agent_history(struct agent *agent, const char *slo, struct snapshot_history *ret)
{
	(void)agent;
	ret->name = "checkout";
	return strcmp(slo, "checkout") ? -ENOENT : 0;
}

static inline int agent_former(struct agent *agent, const char *slo, size_t which,
			       struct snapshot_history *ret)
{
	(void)agent;
	ret->name = "checkout";
	ret->former = which;
	ret->n_formers = 2;
	return strcmp(slo, "checkout") || which > 2 ? -ENOENT : 0;
}

static inline int agent_incidents(struct agent *agent, const struct incidents_query *query,
				  json_t **ret)
{
	agent->incidents_limit = query->limit;
	*ret = json_pack("{s:[]}", "incidents");
	return *ret ? 0 : -ENOMEM;
}

static inline int agent_incident(struct agent *agent, uint64_t number, json_t **ret)
{
	(void)agent;
	if (number != 7)
		return -ENOENT;
	*ret = json_pack("{s:i}", "number", 7);
	return *ret ? 0 : -ENOMEM;
}

static inline int agent_changes(struct agent *agent, const struct changes_query *query,
				json_t **ret)
{
	(void)agent;
	(void)query;
	*ret = json_pack("{s:[]}", "changes");
	return *ret ? 0 : -ENOMEM;
}

static inline int agent_silence(struct agent *agent, const struct asker *by, const char *json,
				size_t len, struct silence_made *ret, struct error *ret_error)
{
	if (agent->silence_r) {
		strcpy(ret_error->text, "too many");
		return agent->silence_r;
	}
	if (len != 2 || memcmp(json, "{}", 2) != 0 || !by->known || by->pid != getpid()) {
		strcpy(ret_error->text, "expected {}");
		return -EINVAL;
	}
	*ret = (struct silence_made){.id = "abc", .until_unix = 1772330400, .extended = true};
	return 0;
}

static inline void agent_refused(struct agent *agent, const struct asker *by, const char *what)
{
	assert_true(by->known);
	snprintf(agent->refused, sizeof(agent->refused), "uid %u: %s", by->uid, what);
}

static inline int agent_unsilence(struct agent *agent, const struct asker *by, const char *id)
{
	(void)agent;
	assert_true(by->known);
	return strcmp(id, "abc") ? -ENOENT : 0;
}

/* An empty text: not now. */
static inline int agent_notify_test(struct agent *agent, const struct asker *by, const char *json,
				    size_t len, struct error *ret_error)
{
	agent->tests++;
	assert_true(by->known);
	(void)json;
	return len ? (int)len : error_set(ret_error, -EBUSY, "webhook is behind");
}

static inline int agent_ask(struct agent *agent, json_t *question, elsewhere_done_fn *done,
			    void *context, struct error *ret_error)
{
	if (agent->ask_r)
		return error_set(ret_error, agent->ask_r, "because");
	assert_true(agent->n_asked < 8);
	agent->asked[agent->n_asked].question = json_dumps(question, JSON_SORT_KEYS);
	agent->asked[agent->n_asked].done = done;
	agent->asked[agent->n_asked++].context = context;
	return 0;
}

static const struct server_ops ops = {
	.ready = agent_ready,
	.snapshot = agent_snapshot,
	.periods = agent_periods,
	.rows = agent_rows,
	.reload = agent_reload,
	.alerts = agent_alerts,
	.history = agent_history,
	.former = agent_former,
	.incidents = agent_incidents,
	.incident = agent_incident,
	.changes = agent_changes,
	.silence = agent_silence,
	.unsilence = agent_unsilence,
	.notify_test = agent_notify_test,
	.refused = agent_refused,
	.ask = agent_ask,
};

static inline int open_server(struct fixture *f)
{
	struct listener listener;
	int r = listener_open(f->path, &listener);

	return r     ?:
		       server_open(&listener,
				   &(const struct server_options){SERVER_ALL, f->rights, NULL,
								  NULL},
				   &ops, &f->agent, &f->server);
}

static inline void close_server(struct fixture *f)
{
	server_close(f->server);
	f->server = NULL;
	f->port = 0;
}

/* A server on TCP, instead of the one that open_server() opened. */
static inline void open_tcp_server(struct fixture *f, const struct server_options *options)
{
	struct listener listener;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	char text[32];
	int r = -EADDRINUSE;

	close_server(f);
	for (int port = 20000; r == -EADDRINUSE && port < 30000; port++) {
		snprintf(text, sizeof(text), "127.0.0.1:%d", port);
		r = listener_open_tcp(text, &listener);
	}
	assert_int_equal(r, 0);
	assert_int_equal(getsockname(listener.fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(server_open(&listener, options, &ops, &f->agent, &f->server), 0);
	f->port = ntohs(address.sin_port);
}

static inline void open_metrics_server(struct fixture *f)
{
	const struct server_options options = {
		SERVER_METRICS, {PEER_NO_GROUP, PEER_NO_USER}, NULL, NULL};

	open_tcp_server(f, &options);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->rights = (struct peer_rights){PEER_NO_GROUP, getuid()};
	strcpy(f->directory, "/tmp/sliprobe-test-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/a/b/s.sock", f->directory);
	assert_int_equal(open_server(f), 0);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];

	close_server(f);
	assert_int_equal(access(f->path, F_OK), -1);
	/* rmdir() fails if anything was left behind */
	snprintf(path, sizeof(path), "%s/a/b", f->directory);
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/a", f->directory);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static inline int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int dial(const struct fixture *f)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	const struct sockaddr_in port = {
		.sin_family = AF_INET,
		.sin_port = htons(f->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(f->port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	strcpy(path.sun_path, f->path);
	assert_true(fd >= 0);
	r = f->port ? connect(fd, (const struct sockaddr *)&port, sizeof(port)) :
		      connect(fd, (const struct sockaddr *)&path, sizeof(path));
	assert_int_equal(r, 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* One turn of an event loop such as the agent's. */
static inline void turn(struct fixture *f, int limit_ms)
{
	const struct loop_part part = server_part(f->server);
	struct pollfd pollfd = {.fd = part.fd, .events = POLLIN};
	int timeout_ms = part.timeout_ms(part.context);

	if (timeout_ms < 0 || timeout_ms > limit_ms)
		timeout_ms = limit_ms;
	assert_true(poll(&pollfd, 1, timeout_ms) >= 0);
	assert_int_equal(part.run(part.context), 0);
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/*
 * Reads into `answer` until `n` responses' worth of `mark` have come or the connection ends, for at
 * most 10 s. Returns true if it ended.
 */
static inline bool hear(struct fixture *f, int fd, const char *mark, size_t n)
{
	const int64_t begin = now_ms();
	size_t len = 0;

	answer[0] = 0;
	while (now_ms() < begin + 10000) {
		ssize_t got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
		size_t marks = 0;

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return true;
		if (got < 0) {
			turn(f, 10);
			continue;
		}
		len += (size_t)got;
		answer[len] = 0;
		for (const char *at = answer; mark && (at = strstr(at, mark)); at++)
			marks++;
		if (mark && marks >= n)
			return false;
	}
	fail_msg("no answer in 10 s; so far: %.200s", answer);
	return false;
}

static inline void ask(struct fixture *f, const char *request)
{
	int fd = dial(f);

	say(fd, request);
	assert_true(hear(f, fd, NULL, 0));
	close(fd);
}

static inline void get_with(struct fixture *f, const char *method, const char *target,
			    const char *headers)
{
	char request[512];

	snprintf(request, sizeof(request),
		 "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method, target,
		 headers);
	ask(f, request);
}

static inline void get(struct fixture *f, const char *target)
{
	get_with(f, "GET", target, "");
}

static inline void assert_code(int code)
{
	char line[32];

	snprintf(line, sizeof(line), "HTTP/1.1 %d ", code);
	if (strncmp(answer, line, strlen(line)) != 0)
		fail_msg("not %d: %.300s", code, answer);
}

static inline void assert_has(const char *text)
{
	if (!strstr(answer, text))
		fail_msg("no %s in %.500s", text, answer);
}

static inline const char *body(void)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

/* Both ends of all connections are in the test: raises its limit of descriptors. */
static inline void raise_descriptor_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
}

#endif
