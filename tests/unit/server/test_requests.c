/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests in pieces, in a row, malformed and too long. */
#include "server_fixture.h"

TEST(pipelined_requests_each_get_a_response)
{
	struct fixture *f = *state;
	int fd = dial(f);
	char requests[4096] = "";

	for (int i = 0; i < 16; i++)
		strcat(requests, i % 2 ? "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" :
					 "GET /v1/slos/checkout HTTP/1.1\r\nHost: x\r\n\r\n");
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
	const char *end = in_target ? " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" :
				      "\r\nHost: x\r\nConnection: close\r\n\r\n";
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

/* Many arguments, fields or cookies in few bytes: what takes more memory parsed than unparsed. */
TEST(many_small_things_have_a_limit)
{
	static const struct {
		const char *begin, *each, *end;
		int n;
		int code;
	} cases[] = {
		{"GET /healthz?", "a&", " HTTP/1.1\r\nHost: x\r\n", 99, 200},
		{"GET /healthz?", "a&", " HTTP/1.1\r\nHost: x\r\n", 100, 431},
		{"GET /healthz?", "abc=defghi&", " HTTP/1.1\r\nHost: x\r\n", 300, 431},
		{"GET /healthz?", "a&", " HTTP/1.1\r\nHost: x\r\n", 7000, 431},
		{"GET /healthz?", "&", " HTTP/1.1\r\nHost: x\r\n", 7000, 431},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", "", 98, 200},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", "", 99, 431},
		{"GET /healthz HTTP/1.1\r\nHost: x\r\n", "A:\r\n", "", 3000, 431},
		{"GET /healthz HTTP/1.1\r\nCookie: ", "a=b;", "\r\n", 100, 200},
		{"GET /healthz HTTP/1.1\r\nCookie: ", "a;", "\r\n", 7000, 431},
		{"GET /healthz HTTP/1.1\r\nX: ", "aaaaaaaa", "\r\n", 2048, 431},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char request[32768];
		int64_t begin = now_ms();
		size_t len = (size_t)sprintf(request, "%s", cases[i].begin);

		for (int k = 0; k < cases[i].n; k++)
			len += (size_t)sprintf(request + len, "%s", cases[i].each);
		sprintf(request + len, "%sConnection: close\r\n\r\n", cases[i].end);
		ask(f, request);
		if (atoi(answer + strlen("HTTP/1.1 ")) != cases[i].code)
			fail_msg("case %zu: not %d: %.200s", i, cases[i].code, answer);
		assert_true(now_ms() < begin + 2000);
	}
}

static void say_as_it_is_taken(struct fixture *f, int fd, const char *bytes, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);

		assert_true(n > 0 || errno == EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		turn(f, 1);
	}
}

/* The rest is read, so that who sends it all first sees the answer, too. */
TEST(a_chunked_body_above_the_limit_is_answered)
{
	enum { CHUNKS = 150, CHUNK = 4096 };
	struct fixture *f = *state;
	char *request = calloc(CHUNKS + 1, CHUNK + 16);
	size_t len = (size_t)sprintf(request, "POST /v1/reload HTTP/1.1\r\nHost: x\r\n"
					      "Transfer-Encoding: chunked\r\n\r\n");
	int fd = dial(f);

	for (int i = 0; i < CHUNKS; i++) {
		len += (size_t)sprintf(request + len, "1000\r\n");
		memset(request + len, 'a', CHUNK);
		len += CHUNK;
		len += (size_t)sprintf(request + len, "\r\n");
	}
	len += (size_t)sprintf(request + len, "0\r\n\r\n");
	say_as_it_is_taken(f, fd, request, len);
	assert_true(hear(f, fd, NULL, 0));
	assert_code(413);
	assert_has("Content-Type: application/json\r\n");
	assert_string_equal(body(), "{\"error\": \"request body larger than 64 KiB\"}\n");
	assert_int_equal(f->agent.reloads, 0);
	close(fd);
	free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(pipelined_requests_each_get_a_response),
		WITH_SETUP(keep_alive_reflects_each_moment),
		WITH_SETUP(one_byte_at_a_time),
		WITH_SETUP(malformed_requests_disturb_nobody),
		WITH_SETUP(heads_have_a_limit),
		WITH_SETUP(bodies_have_a_limit),
		WITH_SETUP(many_small_things_have_a_limit),
		WITH_SETUP(a_chunked_body_above_the_limit_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
