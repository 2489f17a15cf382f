/* SPDX-License-Identifier: GPL-2.0-only */
/* The status socket with a made-up agent behind it and raw sockets in front, in one thread. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
	int snapshot_err;
	int reload_err;
	bool ready;
	size_t extra_slos;
};

struct fixture {
	struct agent agent;
	char directory[64];
	char path[80];
	struct status *status;
};

enum { ANSWER_MAX = 8 << 20 };

static char answer[ANSWER_MAX];

static int agent_snapshot(void *cls, bool series, struct snapshot *ret)
{
	struct agent *agent = cls;

	agent->snapshots++;
	agent->with_series += series;
	if (agent->snapshot_err)
		return agent->snapshot_err;
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

static int agent_reload(void *cls, struct error *ret_error)
{
	struct agent *agent = cls;

	agent->reloads++;
	if (agent->reload_err)
		strcpy(ret_error->text, "f.yaml:3: slos: expected \"a list\"");
	return agent->reload_err;
}

static bool agent_ready(void *cls)
{
	return ((struct agent *)cls)->ready;
}

static int agent_alerts(void *cls, struct snapshot_alerts *ret)
{
	(void)cls;
	ret->receivers = json_array();
	ret->silences = json_array();
	ret->maintenance = json_array();
	ret->store.reason = "";
	return 0;
}

static int agent_history(void *cls, const char *slo, struct snapshot_history *ret)
{
	(void)cls;
	ret->name = "checkout";
	return strcmp(slo, "checkout") ? -ENOENT : 0;
}

static int agent_silence(void *cls, const char *json, size_t len, const char *by,
			 char ret_id[static SILENCE_ID_BYTES], struct error *ret_error)
{
	(void)cls;
	if (len != 2 || memcmp(json, "{}", 2) != 0 || strncmp(by, "uid ", 4) != 0) {
		strcpy(ret_error->text, "expected {}");
		return -EINVAL;
	}
	strcpy(ret_id, "abc");
	return 0;
}

static int agent_unsilence(void *cls, const char *id)
{
	(void)cls;
	return strcmp(id, "abc") ? -ENOENT : 0;
}

static int agent_notify_test(void *cls, const char *json, size_t len)
{
	(void)cls;
	(void)json;
	return (int)len;
}

static const struct status_ops ops = {
	.snapshot = agent_snapshot,
	.reload = agent_reload,
	.ready = agent_ready,
	.alerts = agent_alerts,
	.history = agent_history,
	.silence = agent_silence,
	.unsilence = agent_unsilence,
	.notify_test = agent_notify_test,
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/sliprobe-test-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/a/b/s.sock", f->directory);
	f->agent.ready = true;
	assert_int_equal(status_open(f->path, &ops, &f->agent, &f->status), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];

	status_close(f->status);
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

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int dial(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, f->path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* One turn of an event loop such as the agent's. */
static void turn(struct fixture *f, int limit_ms)
{
	struct pollfd pollfd = {.fd = status_fd(f->status), .events = POLLIN};
	int timeout_ms = status_timeout_ms(f->status);

	if (timeout_ms < 0 || timeout_ms > limit_ms)
		timeout_ms = limit_ms;
	assert_true(poll(&pollfd, 1, timeout_ms) >= 0);
	status_run(f->status);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/*
 * Reads into `answer` until `n` responses' worth of `mark` have come or the connection ends, for at
 * most 3 s. Returns true if it ended.
 */
static bool hear(struct fixture *f, int fd, const char *mark, size_t n)
{
	const int64_t begin = now_ms();
	size_t len = 0;

	answer[0] = 0;
	while (now_ms() < begin + 3000) {
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
	fail_msg("no answer in 3 s; so far: %.200s", answer);
	return false;
}

static void ask(struct fixture *f, const char *request)
{
	int fd = dial(f);

	say(fd, request);
	assert_true(hear(f, fd, NULL, 0));
	close(fd);
}

static void get_with(struct fixture *f, const char *method, const char *target, const char *headers)
{
	char request[512];

	snprintf(request, sizeof(request),
		 "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method, target,
		 headers);
	ask(f, request);
}

static void get(struct fixture *f, const char *target)
{
	get_with(f, "GET", target, "");
}

static void assert_code(int code)
{
	char line[32];

	snprintf(line, sizeof(line), "HTTP/1.1 %d ", code);
	if (strncmp(answer, line, strlen(line)) != 0)
		fail_msg("not %d: %.300s", code, answer);
}

static void assert_has(const char *text)
{
	if (!strstr(answer, text))
		fail_msg("no %s in %.500s", text, answer);
}

static const char *body(void)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

TEST(every_route_answers)
{
	struct fixture *f = *state;

	get(f, "/v1/status");
	assert_code(200);
	assert_has("Content-Type: application/json\r\n");
	assert_int_equal(strncmp(body(), "{\"agent\": {", 11), 0);
	get(f, "/v1/services");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"services\": [", 14), 0);
	get(f, "/v1/slos/checkout");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"name\": \"checkout\"", 19), 0);
	assert_int_equal(f->agent.snapshots, 3);
	get(f, "/healthz");
	assert_code(200);
	assert_string_equal(body(), "ok\n");
	get(f, "/readyz");
	assert_code(200);
	f->agent.ready = false;
	get(f, "/readyz");
	assert_code(503);
	get(f, "/healthz?verbose=1");
	assert_code(200);
	assert_int_equal(f->agent.snapshots, 3);
}

TEST(names_are_percent_decoded)
{
	struct fixture *f = *state;

	get(f, "/v1/slos/check%6fut");
	assert_code(200);
	get(f, "/v1/slos/unused%20%22%5C%0A%FF");
	assert_code(200);
	assert_has("{\"name\": \"unused \\\"\\\\\\n\\\\xff\"");
	get(f, "/v1/slos/checkou");
	assert_code(404);
	get(f, "/v1/slos/checkout%2F");
	assert_code(404);
	get(f, "/v1/slos/");
	assert_code(404);
}

/* What is not to be shown is not asked of the agent. */
TEST(services_may_be_left_out)
{
	struct fixture *f = *state;

	get(f, "/v1/status?services=no");
	assert_code(200);
	assert_int_equal(strncmp(body(), "{\"agent\": {", 11), 0);
	assert_has("\"coverage\": {");
	assert_has("\"slos\": [{");
	assert_has("\"store\": {");
	assert_null(strstr(body(), "\"services\""));
	get(f, "/v1/slos/checkout");
	assert_has("\"owner\": \"team-shop\"");
	assert_int_equal(f->agent.snapshots, 2);
	assert_int_equal(f->agent.with_series, 0);
	get(f, "/v1/status?services=yes");
	assert_has("\"services\": [{");
	get(f, "/v1/status?services");
	assert_has("\"services\": [{");
	get(f, "/v1/services?services=no");
	assert_has("\"services\": [{");
	get(f, "/metrics");
	assert_code(200);
	assert_int_equal(f->agent.snapshots, 6);
	assert_int_equal(f->agent.with_series, 4);
}

TEST(metrics_in_the_format_asked_for)
{
	struct fixture *f = *state;

	get(f, "/metrics");
	assert_code(200);
	assert_has("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_has("# TYPE sliprobe_slo_events_total counter\n");
	get_with(f, "GET", "/metrics", "Accept: */*\r\n");
	assert_has("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	/* as Prometheus asks */
	get_with(f, "GET", "/metrics",
		 "Accept: application/openmetrics-text;version=1.0.0,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n");
	assert_code(200);
	assert_has("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
	assert_has("# TYPE sliprobe_slo_events counter\n");
	assert_string_equal(answer + strlen(answer) - 6, "# EOF\n");
}

TEST(refusals_are_json)
{
	struct fixture *f = *state;

	get(f, "/nowhere");
	assert_code(404);
	assert_has("Content-Type: application/json\r\n");
	assert_int_equal(strncmp(body(), "{\"error\": \"", 11), 0);
	get(f, "/");
	assert_code(404);
	get(f, "/v1/statusx");
	assert_code(404);
	get_with(f, "DELETE", "/v1/status", "");
	assert_code(405);
	assert_has("Allow: GET, HEAD\r\n");
	assert_int_equal(strncmp(body(), "{\"error\": \"", 11), 0);
	get(f, "/v1/reload");
	assert_code(405);
	assert_has("Allow: POST\r\n");
	f->agent.snapshot_err = -EIO;
	get(f, "/v1/status");
	assert_code(503);
	assert_string_equal(body(), "{\"error\": \"Input/output error\"}\n");
	get(f, "/metrics");
	assert_code(503);
}

TEST(reload)
{
	struct fixture *f = *state;

	get_with(f, "POST", "/v1/reload", "Content-Length: 0\r\n");
	assert_code(200);
	assert_string_equal(body(), "{\"reloaded\": true}\n");
	f->agent.reload_err = -EINVAL;
	get_with(f, "POST", "/v1/reload", "Content-Length: 0\r\n");
	assert_code(422);
	assert_string_equal(body(), "{\"error\": \"f.yaml:3: slos: expected \\\"a list\\\"\"}\n");
	assert_int_equal(f->agent.reloads, 2);
}

TEST(head_is_get_without_body)
{
	struct fixture *f = *state;
	char length[64];

	get(f, "/v1/status");
	snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body()));
	get_with(f, "HEAD", "/v1/status", "");
	assert_code(200);
	assert_has(length);
	assert_string_equal(body(), "");
	get_with(f, "HEAD", "/v1/reload", "");
	assert_code(405);
	assert_int_equal(f->agent.reloads, 0);
}

TEST(pipelined_requests_each_get_a_response)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char requests[4096] = "";

	for (int i = 0; i < 16; i++)
		strcat(requests, i % 2 ? "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
				       : "GET /v1/slos/checkout HTTP/1.1\r\nHost: x\r\n\r\n");
	say(fd, requests);
	assert_false(hear(f, fd, "HTTP/1.1 200", 16));
	assert_int_equal(f->agent.snapshots, 8);
	close(fd);
}

TEST(keep_alive_reflects_each_moment)
{
	struct fixture *f = *state;
	int fd = dial(f);

	for (int i = 1; i <= 100; i++) {
		say(fd, "GET /v1/slos/checkout HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_false(hear(f, fd, "}}\n", 1));
		assert_int_equal(f->agent.snapshots, i);
	}
	close(fd);
}

TEST(one_byte_at_a_time)
{
	struct fixture *f = *state;
	const char *request = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	int fd = dial(f);

	for (const char *c = request; *c; c++) {
		assert_int_equal(send(fd, c, 1, 0), 1);
		turn(f, 1);
	}
	assert_true(hear(f, fd, NULL, 0));
	assert_code(200);
	close(fd);
}

TEST(malformed_requests_disturb_nobody)
{
	static const char *const requests[] = {
		"\r\n\r\n\r\nhello\r\n\r\n",
		"hello\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"GET /%zz%0 HTTP/1.1\r\nConnection: close\r\n\r\n",
		"GET /healthz HTTP/1.1\r\n: : :\r\nContent-Length: nine\r\n\r\n",
		"POST /v1/reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\xfc\x03\x03 not TLS \r\n\r\n",
	};
	struct fixture *f = *state;
	unsigned int seed = 1;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int fd = dial(f);

		say(fd, requests[i]);
		shutdown(fd, SHUT_WR);
		hear(f, fd, NULL, 0);
		close(fd);
		get(f, "/healthz");
		assert_code(200);
	}
	for (int i = 0; i < 500; i++) {
		char noise[200];
		int fd = dial(f);

		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (char)(rand_r(&seed) >> 8);
		send(fd, noise, sizeof(noise), MSG_NOSIGNAL);
		turn(f, 0);
		close(fd);
	}
	get(f, "/healthz");
	assert_code(200);
	assert_int_equal(f->agent.reloads, 0);
}

/* A request whose head is about `bytes` long. */
static void ask_with_head(struct fixture *f, size_t bytes, bool in_target)
{
	const char *begin = in_target ? "GET /healthz?" : "GET /healthz HTTP/1.1\r\nX: ";
	const char *end = in_target ? " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
				    : "\r\nHost: x\r\nConnection: close\r\n\r\n";
	char *request = calloc(1, bytes + 256);
	int fd = dial(f);

	strcpy(request, begin);
	memset(request + strlen(begin), 'a', bytes);
	strcat(request, end);
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	hear(f, fd, NULL, 0);
	close(fd);
	free(request);
}

TEST(heads_have_a_limit)
{
	struct fixture *f = *state;

	ask_with_head(f, 15 << 10, false);
	assert_code(200);
	ask_with_head(f, 15 << 10, true);
	assert_code(200);
	ask_with_head(f, 64 << 10, false);
	assert_code(431);
	ask_with_head(f, 64 << 10, true);
	assert_int_equal(strncmp(answer, "HTTP/1.1 4", 10), 0);
	get(f, "/healthz");
	assert_code(200);
}

TEST(bodies_have_a_limit)
{
	struct fixture *f = *state;
	char *chunk = malloc(32 << 10);
	int fd = dial(f);
	int64_t begin;

	/* 64 KiB are read and ignored */
	memset(chunk, 'a', 32 << 10);
	say(fd, "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n"
		"Connection: close\r\n\r\n");
	for (size_t sent = 0; sent < 65536;) {
		size_t left = 65536 - sent;
		ssize_t n = send(fd, chunk, left < 32 << 10 ? left : 32 << 10, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		turn(f, 1);
	}
	assert_true(hear(f, fd, NULL, 0));
	assert_code(200);
	assert_int_equal(f->agent.reloads, 1);
	close(fd);
	/* one more is refused before it is sent */
	get_with(f, "POST", "/v1/reload", "Content-Length: 65537\r\n");
	assert_code(413);
	assert_int_equal(strncmp(body(), "{\"error\": \"", 11), 0);
	/* a chunked body that never ends is cut off */
	fd = dial(f);
	say(fd, "POST /v1/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (begin = now_ms(); now_ms() < begin + 3000;) {
		char piece[4096 + 16];
		ssize_t n;

		strcpy(piece, "1000\r\n");
		memset(piece + 6, 'a', 4096);
		memcpy(piece + 6 + 4096, "\r\n", 2);
		n = send(fd, piece, 6 + 4096 + 2, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break;
		turn(f, 1);
	}
	assert_true(now_ms() < begin + 3000);
	close(fd);
	assert_int_equal(f->agent.reloads, 1);
	free(chunk);
}

TEST(silent_crowd_does_not_lock_out)
{
	enum { SILENT = 600 };
	struct fixture *f = *state;
	int fds[SILENT];
	size_t closed = 0;
	int64_t begin;
	char c;

	for (size_t i = 0; i < SILENT; i++) {
		fds[i] = dial(f);
		if (i % 3 == 0)
			say(fds[i], "GET /healthz HT"); /* says something, but not all */
		turn(f, 0);
	}
	begin = now_ms();
	for (int i = 0; i < 20; i++) {
		get(f, "/healthz");
		assert_code(200);
	}
	assert_true(now_ms() < begin + 1000);
	/* the first ones went, the youngest are still there */
	for (size_t i = 0; i < SILENT; i++)
		closed += recv(fds[i], &c, 1, 0) == 0;
	assert_in_range(closed, SILENT - 512, SILENT - 512 + 20);
	assert_int_equal(recv(fds[SILENT - 1], &c, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	/* and those after 5 s of silence */
	while (now_ms() < begin + 7000)
		turn(f, 100);
	for (size_t i = 0; i < SILENT; i++) {
		while (recv(fds[i], &c, 1, 0) > 0)
			; /* a 408 is welcome */
		assert_int_equal(recv(fds[i], &c, 1, 0), 0);
		close(fds[i]);
	}
}

TEST(clients_at_the_limit_are_all_served)
{
	enum { CLIENTS = 512 };
	struct fixture *f = *state;
	int fds[CLIENTS];

	for (size_t i = 0; i < CLIENTS; i++) {
		fds[i] = dial(f);
		turn(f, 0);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		say(fds[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_false(hear(f, fds[i], "ok\n", 1));
		assert_code(200);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

/* Some MiB of response that nobody takes: others are served meanwhile, and the loop can sleep. */
TEST(slow_readers_do_not_block)
{
	struct fixture *f = *state;
	int slow[20], turns = 0;
	int64_t begin;
	size_t total;

	f->agent.extra_slos = 10000;
	for (size_t i = 0; i < 20; i++) {
		slow[i] = dial(f);
		say(slow[i], "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		for (int k = 0; k < 5; k++)
			turn(f, 1);
	}
	assert_int_equal(f->agent.snapshots, 20);
	begin = now_ms();
	for (int i = 0; i < 20; i++) {
		get(f, "/healthz");
		assert_code(200);
	}
	assert_true(now_ms() < begin + 1000);
	for (begin = now_ms(); now_ms() < begin + 500; turns++)
		turn(f, 500);
	assert_in_range(turns, 1, 20);
	/* who then reads gets it whole */
	assert_true(hear(f, slow[19], NULL, 0));
	assert_code(200);
	total = strtoul(strstr(answer, "Content-Length: ") + 16, NULL, 10);
	assert_true(total > 3000000);
	assert_int_equal(strlen(body()), total);
	for (size_t i = 0; i < 20; i++)
		close(slow[i]);
}

TEST(second_instance_is_refused)
{
	struct fixture *f = *state;
	struct status *second = (struct status *)f;

	assert_int_equal(status_open(f->path, &ops, &f->agent, &second), -EADDRINUSE);
	assert_ptr_equal(second, f);
	get(f, "/healthz");
	assert_code(200);
}

TEST(stale_files_are_replaced)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char lock_path[96];
	struct stat stat_buf;
	int fd;

	snprintf(lock_path, sizeof(lock_path), "%s.lock", f->path);
	status_close(f->status);
	f->status = NULL;
	/* what a killed agent leaves */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(address.sun_path, f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	close(open(lock_path, O_CREAT | O_RDWR, 0600));
	assert_int_equal(status_open(f->path, &ops, &f->agent, &f->status), 0);
	get(f, "/healthz");
	assert_code(200);
	assert_int_equal(stat(f->path, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0660);
	status_close(f->status);
	f->status = NULL;
	assert_int_equal(access(f->path, F_OK), -1);
	assert_int_equal(access(lock_path, F_OK), -1);
	/* a file that is no socket is not ours */
	close(open(f->path, O_CREAT | O_RDWR, 0600));
	assert_int_equal(status_open(f->path, &ops, &f->agent, &f->status), -EEXIST);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(access(lock_path, F_OK), -1);
	unlink(f->path);
}

TEST(bad_paths)
{
	struct fixture *f = *state;
	struct status *status = NULL;
	char path[256];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[108] = 0;
	assert_int_equal(status_open(path, &ops, &f->agent, &status), -ENAMETOOLONG);
	snprintf(path, sizeof(path), "/dev/null/s.sock");
	assert_int_equal(status_open(path, &ops, &f->agent, &status), -ENOTDIR);
	assert_null(status);
}

/* Where few files may be open, fewer clients may stay, and a good one is served all the same. */
TEST(few_descriptors)
{
	struct fixture *f = *state;
	struct rlimit limit, low;
	int fds[100];

	status_close(f->status);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = 40; /* the agent's side may have 20 of these */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(status_open(f->path, &ops, &f->agent, &f->status), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < 100; i++) {
		fds[i] = dial(f);
		turn(f, 0);
	}
	get(f, "/healthz");
	assert_code(200);
	for (size_t i = 0; i < 100; i++) {
		char c;

		assert_int_equal(recv(fds[i], &c, 1, 0), i < 81 ? 0 : -1);
		close(fds[i]);
	}
}

static size_t count_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 2048; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(nothing_leaks)
{
	struct fixture *f = *state;
	size_t before;
	int fds[10];

	status_close(f->status);
	before = count_descriptors();
	for (int round = 0; round < 5; round++) {
		assert_int_equal(status_open(f->path, &ops, &f->agent, &f->status), 0);
		for (size_t i = 0; i < 10; i++) {
			fds[i] = dial(f);
			say(fds[i], "GET /v1/status HTTP/1.1\r\n\r\nGET");
			turn(f, 0);
		}
		status_close(f->status);
		for (size_t i = 0; i < 10; i++)
			close(fds[i]);
		assert_int_equal(count_descriptors(), before);
	}
	f->status = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(every_route_answers),
		WITH_SETUP(names_are_percent_decoded),
		WITH_SETUP(services_may_be_left_out),
		WITH_SETUP(metrics_in_the_format_asked_for),
		WITH_SETUP(refusals_are_json),
		WITH_SETUP(reload),
		WITH_SETUP(head_is_get_without_body),
		WITH_SETUP(pipelined_requests_each_get_a_response),
		WITH_SETUP(keep_alive_reflects_each_moment),
		WITH_SETUP(one_byte_at_a_time),
		WITH_SETUP(malformed_requests_disturb_nobody),
		WITH_SETUP(heads_have_a_limit),
		WITH_SETUP(bodies_have_a_limit),
		WITH_SETUP(silent_crowd_does_not_lock_out),
		WITH_SETUP(clients_at_the_limit_are_all_served),
		WITH_SETUP(slow_readers_do_not_block),
		WITH_SETUP(second_instance_is_refused),
		WITH_SETUP(stale_files_are_replaced),
		WITH_SETUP(bad_paths),
		WITH_SETUP(few_descriptors),
		WITH_SETUP(nothing_leaks),
	};
	struct rlimit limit;

	/* both ends of all connections are here: raise what may be raised */
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
