/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to the status socket: whatever a client sends, what comes back is HTTP; and each request that is
 * whole is answered once, with JSON, or text, that can be read.
 *
 * Input: a byte; even: the rest is sent as it is, in as many pieces as the byte's upper bits say; odd:
 * a line "METHOD TARGET", whose odd bytes are percent-encoded, and behind it the body.
 */
#include <sys/mman.h>

#include "tests/fuzz/json_mutate.h"
#include "tests/fuzz/memory.h"

/* the fixture has a say() of its own */
#define say say_to
#include "server/pace.h"
#include "tests/unit/server/server_fixture.h"
#undef say

enum {
	TARGET_BYTES = 4096,
	REQUEST_BYTES = 3 * TARGET_BYTES + 8192,
	RAW_PATIENCE = 5,
	PATIENCE = 1000
};

static struct fixture fixture;
static struct memory memory;
static struct server_ops real_ops;

/* ---- it need not be spared: instead of server/pace ---- */

void pace_use(struct pace *pace, double amount, double now_seconds)
{
	(void)pace;
	(void)amount;
	(void)now_seconds;
}

double pace_wait(const struct pace *pace, double now_seconds)
{
	(void)pace;
	(void)now_seconds;
	return 0;
}

/* ---- what silences and tests come to ---- */

static int silence(struct agent *agent, const struct asker *by, const char *json, size_t len,
		   struct silence_made *ret, struct error *ret_error)
{
	int r = alerting_silence(&memory.alerting, by, json, len, ret, ret_error);

	(void)agent;
	if (!r)
		alerting_unsilence(&memory.alerting, by, ret->id);
	return r;
}

static int unsilence(struct agent *agent, const struct asker *by, const char *id)
{
	(void)agent;
	return alerting_unsilence(&memory.alerting, by, id);
}

static int notify_test(struct agent *agent, const struct asker *by, const char *json, size_t len,
		       struct error *ret_error)
{
	(void)agent;
	(void)by;
	return alerting_test(&memory.alerting, json, len, ret_error);
}

/* ---- what is answered elsewhere: in the turn of the loop that follows, by the question itself ---- */

enum { QUESTIONS = 64 };

static struct {
	char *text;
	elsewhere_done_fn *done;
	void *context;
} questions[QUESTIONS];
static size_t n_questions;

static int ask_elsewhere(struct agent *agent, json_t *question, elsewhere_done_fn *done,
			 void *context, struct error *ret_error)
{
	(void)agent;
	(void)ret_error;
	require(n_questions < QUESTIONS, "more questions at a time than the server may ask");
	questions[n_questions].text = json_dumps(question, 0);
	require(questions[n_questions].text != NULL, "a question that is no JSON");
	questions[n_questions].done = done;
	questions[n_questions++].context = context;
	return 0;
}

/* A file, or a refusal. */
static void answer_one(const char *text, elsewhere_done_fn *done, void *context)
{
	static const unsigned int refusals[] = {400, 404, 503};
	const size_t len = strlen(text);
	struct elsewhere_answer given = {
		.code = refusals[len / 2 % 3],
		.fd = -1,
		.text = text,
	};

	if (len % 2) {
		given = (struct elsewhere_answer){
			.code = 200,
			.content_type = "application/json",
			.fd = memfd_create("answer", MFD_CLOEXEC),
			.bytes = len,
		};
		require(given.fd >= 0 && write(given.fd, text, len) == (ssize_t)len, "no file");
	}
	done(context, &given);
}

static void answer_questions(void)
{
	for (; n_questions; n_questions--) {
		char *text = questions[n_questions - 1].text;

		answer_one(text, questions[n_questions - 1].done,
			   questions[n_questions - 1].context);
		free(text);
	}
}

/* Of an operation that has none, its route would be a fault of the fuzzer's own. */
static bool is_whole(const struct server_ops *some)
{
	static void (*const none)(void);

	for (size_t at = 0; at < sizeof(*some); at += sizeof(none)) {
		if (!memcmp((const char *)some + at, &none, sizeof(none)))
			return false;
	}
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct listener listener;

	(void)argc;
	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	memory_init();
	memory_open(&memory);
	memory_step(&memory, 100, 0);
	real_ops = ops;
	real_ops.silence = silence;
	real_ops.unsilence = unsilence;
	real_ops.notify_test = notify_test;
	real_ops.ask = ask_elsewhere;
	require(is_whole(&real_ops), "an operation is missing");
	snprintf(fixture.path, sizeof(fixture.path), "%s/s", memory_dir);
	require(!listener_open(fixture.path, &listener) &&
			!server_open(&listener, &(const struct server_options){.scope = SERVER_ALL},
				     &real_ops, &fixture.agent, &fixture.server),
		"no server");
	return 0;
}

/* ---- what comes back ---- */

static size_t answer_len;

/* As turn(), which a signal of libFuzzer's would end. */
static void serve(int limit_ms)
{
	const struct loop_part part = server_part(fixture.server);
	struct pollfd pollfd = {.fd = part.fd, .events = POLLIN};
	int timeout_ms = part.timeout_ms(part.context);

	if (n_questions) {
		answer_questions();
		limit_ms = 0;
	}
	poll(&pollfd, 1, timeout_ms < 0 || timeout_ms > limit_ms ? limit_ms : timeout_ms);
	require(!part.run(part.context), "the server ends");
}

/* Reads until the connection ends, or nothing has come for so many turns of the loop. */
static void hear_all(int fd, int patience)
{
	answer_len = 0;
	for (int idle = 0; idle < patience;) {
		ssize_t n = recv(fd, answer + answer_len, ANSWER_MAX - 1 - answer_len, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			answer_len += (size_t)n;
		else
			serve(5);
		idle = n > 0 ? 0 : idle + 1;
	}
	answer[answer_len] = '\0';
}

/* The value of a field of the head, or NULL. */
static const char *field(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);
	const char *end = strstr(head, "\r\n\r\n");

	return at && at < end ? at + strlen(name) : NULL;
}

static void check_body(const char *head, const char *text, size_t len)
{
	const char *type = field(head, "\r\nContent-Type: ");
	json_error_t error;
	json_t *json;

	if (!type || strncmp(type, "application/json", 16) != 0)
		return;
	json = json_loadb(text, len, 0, &error);
	require(json != NULL, "JSON that is none");
	json_decref(json);
}

/* Returns how many answers there are, one after another. */
static size_t check_answers(bool with_body)
{
	size_t at = 0, n = 0;

	while (at < answer_len) {
		const char *head = answer + at, *end = strstr(head, "\r\n\r\n"), *length;
		size_t len;
		int status;

		if (sscanf(head, "HTTP/1.%*1d %d ", &status) != 1) {
			fprintf(stderr, "after %zu answers, at %zu of:\n%s\n", n, at, answer);
			require(false, "no status line");
		}
		require(status >= 100 && status < 600, "a status that is none");
		require(end != NULL, "a head without an end");
		at = (size_t)(end - answer) + 4;
		if (status < 200)
			continue;
		n++;
		length = field(head, "\r\nContent-Length: ");
		len = length && with_body ? strtoul(length, NULL, 10) : 0;
		require(at + len <= answer_len, "an answer is cut short");
		if (with_body)
			check_body(head, answer + at, len);
		at += len;
		/* a client reads no more (libmicrohttpd sends the head of some refusals twice) */
		if (field(head, "\r\nConnection: close"))
			break;
		/* of HEAD there is none; without a length it goes to the end */
		if (!with_body || !length)
			break;
	}
	return n;
}

/* ---- requests ---- */

static void send_raw(uint8_t pieces, const uint8_t *data, size_t size)
{
	const size_t step = size / ((pieces >> 5) + 1U) + 1;
	int fd = dial(&fixture);

	for (size_t at = 0; at < size; at += step) {
		const size_t len = size - at < step ? size - at : step;

		/* it may be refused before all has come */
		if (send(fd, data + at, len, MSG_NOSIGNAL) < 0)
			break;
		serve(0);
	}
	shutdown(fd, SHUT_WR);
	/* of what is no request, libmicrohttpd may wait for the rest */
	hear_all(fd, RAW_PATIENCE);
	close(fd);
	/* a pipeline may have HEAD in it, whose answers have a length and no body */
	if (!memmem(data, size, "HEAD", 4))
		check_answers(true);
}

static size_t encode_target(const char *target, char *ret)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/?&=%+-._~:;,@!$'()*";
	size_t len = 0;

	for (size_t i = 0; target[i] && i < TARGET_BYTES; i++) {
		if (strchr(plain, target[i]))
			ret[len++] = target[i];
		else
			len += (size_t)sprintf(ret + len, "%%%02X", (unsigned char)target[i]);
	}
	ret[len] = '\0';
	return len;
}

static size_t make_request(char *text, size_t size, char *ret, bool *ret_head)
{
	static const char *const methods[] = {"GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS"};
	char *body = memchr(text, '\n', size), *target = strchr(text, ' ');
	const char *method = "GET";
	size_t len, body_len;

	if (body)
		*body++ = '\0';
	body_len = body ? size - (size_t)(body - text) : 0;
	if (target && (!body || target < body))
		*target++ = '\0';
	else
		target = NULL;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!strcmp(methods[i], text))
			method = methods[i];
	}
	*ret_head = !strcmp(method, "HEAD");
	len = (size_t)sprintf(ret, "%s /", method);
	len += encode_target(target ? target + (*target == '/') : "", ret + len);
	len += (size_t)sprintf(
		ret + len,
		" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n"
		"Accept: application/openmetrics-text;q=0.5\r\n\r\n",
		body_len);
	if (body_len)
		memcpy(ret + len, body, body_len);
	return len + body_len;
}

static void send_whole(const uint8_t *data, size_t size)
{
	static char request[REQUEST_BYTES];
	char *text = fuzz_text(data, size);
	bool head;
	const size_t len = make_request(text, size, request, &head);
	int fd = dial(&fixture);

	require(send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len, "not sent");
	hear_all(fd, PATIENCE);
	close(fd);
	free(text);
	if (check_answers(!head) == 1)
		return;
	fprintf(stderr, "%s\n-- was answered by --\n%s\n", request, answer);
	require(false, "a whole request is not answered once");
}

/* Beyond these limits a request may be ended without an answer. */
static bool is_within_limits(const uint8_t *data, size_t size)
{
	size_t arguments = 0;

	for (size_t i = 0; i < size; i++)
		arguments += data[i] == '&' || data[i] == '?';
	return size < TARGET_BYTES && arguments < 100;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || !is_within_limits(data, size))
		return 0;
	if (data[0] & 1)
		send_whole(data + 1, size - 1);
	else
		send_raw(data[0], data + 1, size - 1);
	return 0;
}

/* Behind a line, as JSON, if that is what it is. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint8_t *body = size ? memchr(data, '\n', size) : NULL;

	random_seed(seed);
	if (!body || !(data[0] & 1) || random_below(2))
		return LLVMFuzzerMutate(data, size, max_size);
	body++;
	return fuzz_mutate_part(data, size, max_size, (size_t)(body - data),
				size - (size_t)(body - data), json_mutate);
}
