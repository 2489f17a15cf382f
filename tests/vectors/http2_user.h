/* SPDX-License-Identifier: GPL-2.0-only */
/* The user-space half of the tests of the HTTP/2 follower. */
#ifndef SLIPROBE_TESTS_HTTP2_USER_H
#define SLIPROBE_TESTS_HTTP2_USER_H

#include "tests/vectors/http2_automaton.h"

/* need what that defines */
#include "http2/feed.h"
#include "http2/join.h"
#include "http2/redecide.h"
#include "tests/vectors/http2_driver.h"
#include "tests/vectors/http2_recorded.h"
#include "tests/vectors/http2_traffic.h"
#include "tests/vectors/http2_vectors.h"

enum {
	VECTOR_BYTES = 4096,
};

static inline void http2_run_init(struct http2_run *run, enum http2_side side, bool widens)
{
	memset(run, 0, sizeof(*run));
	run->side = side;
	run->widens = widens;
	http2_init(&run->conn, 0);
}

static inline void http2_run_decide(struct http2_run *run, __u32 paths, __u32 agents)
{
	http2_redecide(&run->conn, run->wide_used ? &run->wide : NULL, paths, agents);
}

/* ---- vectors ---- */

static inline int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a payload, as http2_vectors.h writes it. Returns how many. */
static inline size_t payload_bytes(const char *text, __u8 *ret)
{
	size_t n = 0;

	while (*text) {
		if (*text == '\'') {
			for (text++; *text != '\''; text++)
				ret[n++] = (__u8)*text;
			text++;
		} else if (*text == ' ') {
			text++;
		} else {
			if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0)
				abort();
			ret[n++] = (__u8)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
			text += 2;
		}
	}
	return n;
}

static inline size_t frame_bytes(const struct http2_frame *frame, __u8 *ret)
{
	static __u8 payload[VECTOR_BYTES];
	size_t n = payload_bytes(frame->payload, payload);
	const __u8 header[HTTP2_HEADER_BYTES] = {
		(__u8)(n >> 16),
		(__u8)(n >> 8),
		(__u8)n,
		frame->type,
		frame->flags,
		(__u8)(frame->stream >> 24),
		(__u8)(frame->stream >> 16),
		(__u8)(frame->stream >> 8),
		(__u8)frame->stream,
	};
	size_t ahead = frame->raw ? 0 : sizeof(header);

	memcpy(ret, header, ahead);
	memcpy(ret + ahead, payload, n);
	return ahead + n;
}

/* All of a vector's bytes, of VECTOR_BYTES at most. */
static inline __u32 vector_bytes(const struct http2_vector *vector, __u8 *ret)
{
	const struct http2_frame settings = {.type = HTTP2_SETTINGS, .payload = ""};
	size_t n = 0;

	if (vector->ahead == AHEAD_ALL) {
		if (vector->side == HTTP2_REQUESTS) {
			memcpy(ret, http2_preface, HTTP2_PREFACE_BYTES);
			n = HTTP2_PREFACE_BYTES;
		}
		n += frame_bytes(&settings, ret + n);
	}
	for (size_t i = 0; i < VECTOR_FRAMES && vector->frames[i].payload; i++)
		n += frame_bytes(&vector->frames[i], ret + n);
	return (__u32)n;
}

static inline void vector_run_init(const struct http2_vector *vector, struct http2_run *run)
{
	http2_run_init(run, vector->side, true);
	http2_run_decide(run, HTTP2_TEST_PATHS, HTTP2_TEST_AGENTS);
	if (vector->ahead == AHEAD_JOINED)
		http2_join(&run->conn.side[vector->side]);
}

static inline __u32 wanted_agent(const struct http2_wanted *wanted)
{
	char all[256];

	if (!wanted->agent)
		return HTTP2_TEST_AGENTS;
	if (!wanted->agent_bytes)
		return http2_test_walk(HTTP2_TEST_AGENTS, wanted->agent, strlen(wanted->agent));
	for (int c = 0; c < 256; c++)
		all[c] = (char)c;
	return http2_test_walk(HTTP2_TEST_AGENTS, all, sizeof(all));
}

static inline struct http2_result wanted_result(const struct http2_vector *vector,
						const struct http2_wanted *wanted)
{
	struct http2_result result = {
		.event = wanted->event,
		.ends_stream = wanted->ends_stream,
		.promise = wanted->promise,
		.hidden = wanted->hidden,
		.grpc = wanted->grpc,
		.protocol = wanted->protocol,
		.status = wanted->status,
		.grpc_status = wanted->grpc_status,
		.content = wanted->content,
		.stream = wanted->stream,
		.number = wanted->number,
	};

	if (wanted->event != HTTP2_EV_HEADERS || vector->side != HTTP2_REQUESTS)
		return result;
	result.method = wanted->method;
	result.agent = wanted_agent(wanted);
	if (wanted->path)
		result.path = http2_test_path(HTTP2_TEST_PATHS, wanted->path, strlen(wanted->path));
	if (wanted->path && !strcmp(wanted->path, HIDDEN_TEXT))
		result.path = HTTP2_UNKNOWN;
	if (wanted->agent && !strcmp(wanted->agent, HIDDEN_TEXT))
		result.agent = HTTP2_UNKNOWN;
	return result;
}

/* Compares a run with what the vector wants; says what differs. */
static inline bool vector_check(const struct http2_vector *vector, const struct http2_run *run)
{
	__u32 n = 0;

	for (; n < VECTOR_FRAMES && vector->wanted[n].event; n++) {
		struct http2_result wanted = wanted_result(vector, &vector->wanted[n]);
		struct http2_result actual = {};

		if (n < run->n_results)
			actual = run->results[n];
		actual.type = 0;
		actual.end = 0;
		if (!memcmp(&actual, &wanted, sizeof(actual)))
			continue;
		printf("\"%s\", event %u:\n", vector->name, n);
		result_print("  wanted", &wanted);
		result_print("  got   ", &actual);
		return false;
	}
	if (run->announced != vector->announced) {
		printf("\"%s\": announces %u, %u wanted\n", vector->name, run->announced,
		       vector->announced);
		return false;
	}
	if (run->n_results == n && !run->faulty)
		return true;
	printf("\"%s\": %u events, %u wanted%s\n", vector->name, run->n_results, n,
	       run->faulty ? "; it broke its contract" : "");
	return false;
}

/* True if two runs over the same input came to the same end. */
static inline bool runs_same(const struct http2_run *a, const struct http2_run *b)
{
	__u32 n = a->n_results < HTTP2_RESULTS_MAX ? a->n_results : HTTP2_RESULTS_MAX;

	return a->n_results == b->n_results && a->offset == b->offset && a->faulty == b->faulty &&
	       a->announced == b->announced &&
	       !memcmp(a->results, b->results, n * sizeof(a->results[0]));
}

/* ---- traffic ---- */

/* Pieces of up to `most` bytes, at random, 0: one; bytes that need not be seen are not there at times. */
static inline void traffic_feed(const struct traffic *t, __u32 begin, __u32 end, __u32 most,
				struct http2_run *run)
{
	while (begin < end) {
		__u32 n = most ? 1 + (__u32)random_below(most) : end - begin, unseen = 0;

		if (n > end - begin)
			n = end - begin;
		if (random_below(2))
			unseen = http2_run_unseen(run, n);
		if (!unseen)
			http2_run_feed(run, t->bytes + begin, n);
		begin += unseen ? unseen : n;
	}
}

static inline void traffic_play(const struct traffic *t, __u32 most, bool widens,
				struct http2_run *ret)
{
	__u32 begin = 0;

	http2_run_init(ret, t->plan.side, widens);
	for (__u32 i = 0; i < t->n_segments; i++) {
		const struct traffic_segment *segment = &t->segments[i];

		http2_run_decide(ret, segment->starts.paths, segment->starts.agents);
		traffic_feed(t, begin, segment->end, most, ret);
		begin = segment->end;
	}
}

#endif
