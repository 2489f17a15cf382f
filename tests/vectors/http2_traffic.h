/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One direction of an HTTP/2 connection, made at random: header blocks by http2_encoder.h, cut into frames anywhere, with
 * padding and priorities, between all other kinds of frames; and what the follower must make of it.
 */
#ifndef SLIPROBE_TESTS_HTTP2_TRAFFIC_H
#define SLIPROBE_TESTS_HTTP2_TRAFFIC_H

#include <stdio.h>

#include "tests/vectors/http2_automaton.h"
#include "tests/vectors/http2_encoder.h"
#include "tests/vectors/http2_expect.h"

enum {
	TRAFFIC_BYTES = 1 << 20,
	TRAFFIC_EVENTS = HTTP2_RESULTS_MAX,
	TRAFFIC_POOL = 64, /* texts that are used again and again */
	TRAFFIC_FIELDS = 24, /* of a block, at most */
	TRAFFIC_SEGMENTS = 4,
};

/* How it is to be made. */
struct traffic_plan {
	__u64 seed;
	enum http2_side side;
	__u32 blocks;
	size_t room; /* the largest table */
	bool resizes; /* the table changes its size at times */
	bool once; /* no block has a field of interest twice */
	bool plain; /* short texts, few of them, in single frames: as most clients do */
};

/* What the automata are up to `end`. */
struct traffic_segment {
	__u32 end;
	struct http2_starts starts;
};

struct traffic {
	struct traffic_plan plan;
	struct traffic_segment segments[TRAFFIC_SEGMENTS];
	__u32 n_segments;
	__u32 n_bytes;
	__u32 n_expected;
	struct http2_result expected[TRAFFIC_EVENTS];
	__u32 expected_texts[TRAFFIC_EVENTS + 1]
			    [HTTP2_TEXTS]; /* as http2_run.texts; 0: not known */
	__u8 bytes[TRAFFIC_BYTES];
	/* while it is made */
	__u32 texts_seen; /* of the block: bits of those of expected_texts */
	struct encoder encoder;
	struct text pool[TRAFFIC_POOL];
	char *texts[1 << 17];
	__u32 n_texts;
	__u8 block[TRAFFIC_FIELDS * 8 * ENCODER_TEXT];
};

/* ---- texts ---- */

static inline struct text traffic_text(struct traffic *t, const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy || t->n_texts >= sizeof(t->texts) / sizeof(t->texts[0]))
		abort();
	memcpy(copy, bytes, len);
	t->texts[t->n_texts++] = copy;
	return (struct text){copy, len};
}

/* Any bytes, mostly those of URLs; `head` ahead of them. */
static inline struct text traffic_random(struct traffic *t, const char *head, size_t most)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./%=?&ABCXYZ";
	static char bytes[ENCODER_TEXT];
	size_t len = strlen(head), n = len + random_below(most - len);
	bool any = !t->plan.plain && !random_below(4);

	memcpy(bytes, head, len);
	for (; len < n; len++)
		bytes[len] = any ? (char)random_below(256) : usual[random_below(sizeof(usual) - 1)];
	return traffic_text(t, bytes, n);
}

static inline struct text traffic_value(struct traffic *t, const char *head)
{
	__u64 kind = random_below(32);
	struct text *kept = &t->pool[random_below(t->plan.plain ? 16 : TRAFFIC_POOL)];
	struct text new;

	if (kept->bytes && random_below(t->plan.room > HTTP2_WIDE_BYTES ? 2 : 8) &&
	    !strncmp(kept->bytes, head, strlen(head)))
		return *kept;
	if (t->plan.plain)
		new = traffic_random(t, head, 40);
	else
		new = traffic_random(t, head, kind ? 60 : kind == 1 ? 600 : ENCODER_TEXT);
	*kept = new;
	return new;
}

static inline struct text traffic_one_of(const struct text *texts, size_t n)
{
	return texts[random_below(n)];
}

#define ONE_OF(...)                                                                                \
	({                                                                                         \
		static const struct text texts_[] = {__VA_ARGS__};                                 \
		traffic_one_of(texts_, sizeof(texts_) / sizeof(texts_[0]));                        \
	})

/* ---- fields ---- */

static inline struct field traffic_field(struct traffic *t)
{
	switch (random_below(t->plan.plain ? 13 : 11)) {
	case 0:
		return (struct field){
			TEXT(":method"),
			random_below(8) ?
				expected_methods[random_below(10)].token :
				ONE_OF(TEXT("GETT"), TEXT("get"), TEXT(""), TEXT("PROPFIND"),
				       TEXT("GE"), TEXT("UPDATEREDIRECTREF"), TEXT("GET\0\0\0\0\0"),
				       TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))};
	case 1:
	case 2:
		if (random_below(8))
			return (struct field){TEXT(":path"), traffic_value(t, "/")};
		return (struct field){TEXT(":path"),
				      ONE_OF(TEXT("/"), TEXT("/index.html"), TEXT("*"), TEXT(""),
					     TEXT("?a"), TEXT("#"), TEXT("a/b"), TEXT("/?"),
					     TEXT("/index.htm"))};
	case 3:
		return (struct field){random_below(3) ? TEXT("user-agent") : TEXT(":authority"),
				      traffic_value(t, "")};
	case 4:
		return (struct field){TEXT(":status"),
				      ONE_OF(TEXT("200"), TEXT("201"), TEXT("204"), TEXT("404"),
					     TEXT("500"), TEXT("503"), TEXT("999"), TEXT("099"),
					     TEXT("20"), TEXT("2000"), TEXT("x00"), TEXT(""),
					     TEXT("100"), TEXT("2:0"), TEXT("20/"))};
	case 5:
		return (struct field){TEXT("grpc-status"),
				      ONE_OF(TEXT("0"), TEXT("1"), TEXT("9"), TEXT("10"),
					     TEXT("14"), TEXT("16"), TEXT("17"), TEXT("00"),
					     TEXT("014"), TEXT(""), TEXT("ok"), TEXT("1a"),
					     TEXT("160"), TEXT(":"), TEXT("20"))};
	case 6:
		return (struct field){
			TEXT("content-type"),
			ONE_OF(TEXT("application/grpc"), TEXT("application/grpc+proto"),
			       TEXT("Application/GRPC"), TEXT("application/grpc-web"),
			       TEXT("application/grpc-web+proto"), TEXT("application/grpc-we"),
			       TEXT("application/grp"), TEXT("text/html"), TEXT(""),
			       TEXT("application/grpc;charset=utf-8, and so on, and so on"),
			       TEXT("application/grpc-wob"), TEXT("applicatiom/grpc"))};
	case 7:
		return (struct field){TEXT(":protocol"), ONE_OF(TEXT("websocket"), TEXT(""))};
	case 8:
		return (struct field){TEXT("content-length"),
				      ONE_OF(TEXT("0"), TEXT("7"), TEXT("42"), TEXT("612"),
					     TEXT("1234567"), TEXT("12345678"), TEXT("99999999"),
					     TEXT("100000000"), TEXT("987654321"),
					     TEXT("4294967293"), TEXT("4294967294"),
					     TEXT("4294967295"), TEXT("9999999999"),
					     TEXT("00000000001"), TEXT("0000000001"), TEXT(""),
					     TEXT("1:"), TEXT("/2"), TEXT("-1"), TEXT("1234567a"),
					     TEXT("12345678:"), TEXT("123456789/"), TEXT("1 "))};
	case 9:
		/* names that are nearly of interest */
		return (struct field){ONE_OF(TEXT(":methoe"), TEXT(":pati"), TEXT(":statut"),
					     TEXT("user-agenu"), TEXT("grpc-statut"),
					     TEXT("content-typf"), TEXT("content-lengti"),
					     TEXT(":protocom"), TEXT("user"), TEXT("Content-Type"),
					     TEXT(""), TEXT("user-agent2")),
				      traffic_value(t, "")};
	default:
		if (random_below(2))
			return (struct field){encoder_static[random_below(HTTP2_STATIC)].name,
					      traffic_value(t, "")};
		return (struct field){traffic_value(t, "x-"), traffic_value(t, "")};
	}
}

/* ---- frames ---- */

static inline void traffic_put(struct traffic *t, const __u8 *bytes, size_t n)
{
	if (t->n_bytes + n > TRAFFIC_BYTES)
		abort();
	memcpy(t->bytes + t->n_bytes, bytes, n);
	t->n_bytes += (__u32)n;
}

static inline void traffic_fill(struct traffic *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__u8 byte = (__u8)random_next();

		traffic_put(t, &byte, 1);
	}
}

static inline void traffic_header(struct traffic *t, size_t length, __u32 type, __u32 flags,
				  __u32 stream)
{
	const __u8 header[] = {
		(__u8)(length >> 16), (__u8)(length >> 8), (__u8)length,
		(__u8)type,	      (__u8)flags,	   (__u8)(stream >> 24),
		(__u8)(stream >> 16), (__u8)(stream >> 8), (__u8)stream,
	};

	traffic_put(t, header, sizeof(header));
}

static inline struct http2_result *traffic_event(struct traffic *t, enum http2_event event,
						 __u32 type, __u32 stream)
{
	struct http2_result *result = &t->expected[t->n_expected++];

	if (t->n_expected > TRAFFIC_EVENTS)
		abort();
	memset(t->expected_texts[t->n_expected], 0, sizeof(t->expected_texts[0]));
	*result = (struct http2_result){.event = (__u8)event, .type = (__u8)type, .stream = stream};
	return result;
}

static inline __u32 traffic_stream(void)
{
	return 1 + (__u32)random_below(0x7fffffff);
}

/* A frame of DATA, HEADERS or PUSH_PROMISE, or CONTINUATION. `prefix`: bytes ahead of the payload. */
static inline void traffic_padded(struct traffic *t, __u32 type, __u32 flags, __u32 stream,
				  size_t prefix, const __u8 *payload, size_t n)
{
	__u8 pad = 0;

	if (!t->plan.plain && type != HTTP2_CONTINUATION && !random_below(3)) {
		flags |= HTTP2_PADDED;
		pad = (__u8)(random_below(2) ? random_below(256) : 0);
	}
	traffic_header(t, n + prefix + (flags & HTTP2_PADDED ? 1U + pad : 0), type, flags, stream);
	if (flags & HTTP2_PADDED)
		traffic_put(t, &pad, 1);
	traffic_fill(t, prefix);
	traffic_put(t, payload, n);
	traffic_fill(t, pad);
}

static inline void traffic_data(struct traffic *t)
{
	static __u8 payload[1 << 14];
	size_t n = random_below(3) ? random_below(60) : random_below(2) ? 0 : random_below(3000);
	__u32 stream = traffic_stream(), ends = (__u32)random_below(2);
	struct http2_result *result;

	for (size_t i = 0; i < n; i++)
		payload[i] = (__u8)random_next();
	traffic_padded(t, HTTP2_DATA, ends, stream, 0, payload, n);
	result = traffic_event(t, HTTP2_EV_DATA, HTTP2_DATA, stream);
	result->number = (__u32)n;
	result->ends_stream = (__u8)ends;
	result->end = t->n_bytes;
}

static inline __u32 traffic_number(struct traffic *t)
{
	const __u8 *at = &t->bytes[t->n_bytes];

	traffic_fill(t, 4);
	return (__u32)at[0] << 24 | (__u32)at[1] << 16 | (__u32)at[2] << 8 | at[3];
}

static inline void traffic_other(struct traffic *t)
{
	__u32 stream = traffic_stream();
	struct http2_result *result;
	size_t n;

	switch (random_below(8)) {
	case 0:
		traffic_header(t, 5, HTTP2_PRIORITY, 0, stream);
		traffic_fill(t, 5);
		return;
	case 1:
		traffic_header(t, 4, HTTP2_RST_STREAM, 0, stream);
		result = traffic_event(t, HTTP2_EV_RESET, HTTP2_RST_STREAM, stream);
		result->number = traffic_number(t);
		result->end = t->n_bytes;
		return;
	case 2:
		n = 6 * random_below(4);
		traffic_header(t, n, HTTP2_SETTINGS, 0, 0);
		traffic_fill(t, n);
		return;
	case 3:
		traffic_header(t, 8, HTTP2_PING, (__u32)random_below(2), 0);
		traffic_fill(t, 8);
		return;
	case 4:
		n = random_below(2) ? 0 : random_below(100);
		traffic_header(t, 8 + n, HTTP2_GOAWAY, 0, 0);
		result = traffic_event(t, HTTP2_EV_GOAWAY, 0, 0);
		result->number = traffic_number(t) & 0x7fffffff;
		traffic_fill(t, 4 + n);
		result->end = t->n_bytes;
		return;
	case 5:
		traffic_header(t, 4, HTTP2_WINDOW_UPDATE, 0, (__u32)random_below(2) * stream);
		traffic_fill(t, 4);
		return;
	case 6:
		traffic_header(t, 0, HTTP2_SETTINGS, HTTP2_ACK, 0);
		return;
	default:
		n = random_below(100);
		traffic_header(t, n, 10 + (__u32)random_below(246), (__u32)random_below(256),
			       (__u32)random_below(2) * stream);
		traffic_fill(t, n);
	}
}

/* The block that is there, in one frame or several. */
static inline void traffic_frames(struct traffic *t, bool promise, __u32 stream, __u32 ends)
{
	__u32 type = promise ? HTTP2_PUSH_PROMISE : HTTP2_HEADERS, flags = promise ? 0 : ends;
	size_t left = t->encoder.n_out, prefix = promise ? 4 : 0;
	const __u8 *at = t->block;

	if (!promise && !random_below(3)) {
		flags |= HTTP2_HAS_PRIORITY;
		prefix = 5;
	}
	for (;;) {
		size_t n = t->plan.plain || random_below(3) ? left : random_below(left + 1);
		/* sixteen megabytes less one are the most that a frame has: here less */
		bool last = n == left && (t->plan.plain || random_below(8));

		traffic_padded(t, type, flags | (last ? HTTP2_END_HEADERS : 0), stream, prefix, at,
			       n);
		if (last)
			return;
		at += n;
		left -= n;
		type = HTTP2_CONTINUATION;
		flags = 0;
		prefix = 0;
	}
}

static inline void traffic_resize(struct traffic *t, size_t room)
{
	encoder_resize(&t->encoder, room);
	if (room > HTTP2_TABLE_BYTES)
		traffic_event(t, HTTP2_EV_GROW, 0, 0)->number = (__u32)room;
}

/* At the beginning of a block the table's size may change, if only to be as large as it may be. */
static inline void traffic_resizes(struct traffic *t)
{
	size_t most = t->plan.room;

	if (!t->plan.resizes) {
		if (t->encoder.room < most)
			traffic_resize(t, most);
		return;
	}
	if (random_below(20))
		return;
	/* down and up again, as RFC 7541, section 4.2 has it */
	if (!random_below(4))
		traffic_resize(t, 0);
	traffic_resize(t, random_below(3) ? most : random_below(most + 1));
}

/* Among names of interest, from 1; 0: it is none. */
static inline __u32 traffic_interest(struct text name)
{
	static const char *const names[] = {":method",	     ":path",	    ":status",
					    "user-agent",    "grpc-status", "content-type",
					    "content-length"};

	for (__u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_is(name, names[i]))
			return i + 1;
	return 0;
}

static inline struct http2_result traffic_block_begin(struct traffic *t)
{
	t->encoder.out = t->block;
	t->encoder.n_out = 0;
	t->texts_seen = 0;
	return http2_expect_nothing(t->plan.side, &t->segments[t->n_segments - 1].starts);
}

/* Puts the block into frames. `expected`: what its fields say. */
static inline void traffic_block_end(struct traffic *t, struct http2_result expected)
{
	bool promise = t->plan.side == HTTP2_RESPONSES && !random_below(6);
	__u32 stream = traffic_stream(), ends = (__u32)random_below(2);

	traffic_frames(t, promise, stream, ends);
	expected.stream = stream;
	expected.promise = promise;
	expected.ends_stream = promise ? 0 : (__u8)ends;
	expected.end = t->n_bytes;
	*traffic_event(t, HTTP2_EV_HEADERS, 0, stream) = expected;
}

/* What the last block says in a field that it has once. */
static inline void traffic_text_expect(struct traffic *t, struct field field)
{
	static const char *const names[HTTP2_TEXTS] = {":path", "user-agent", ":authority"};
	__u32 *texts = t->expected_texts[t->n_expected], hash = 1;

	for (int i = 0; i < HTTP2_TEXTS; i++) {
		if (!text_is(field.name, names[i]))
			continue;
		for (size_t at = 0; at < field.value.len; at++) {
			__u8 c = (__u8)field.value.bytes[at];

			if (!i && (c == '?' || c == '#'))
				break;
			hash = http2_text_hash(hash, c);
		}
		texts[i] = t->texts_seen >> i & 1 ? 0 : hash;
		t->texts_seen |= 1U << i;
	}
}

static inline void traffic_block(struct traffic *t)
{
	__u32 n = 1 + (__u32)random_below(t->plan.plain ? 12 : TRAFFIC_FIELDS), twice = 0;
	struct http2_result block = traffic_block_begin(t);

	traffic_resizes(t);
	for (__u32 i = 0; i < n; i++) {
		struct field field = traffic_field(t);
		__u32 bit = 1U << traffic_interest(field.name);

		/* which of two is hidden, nobody can know */
		if ((t->plan.once || t->plan.room > HTTP2_TABLE_BYTES) && bit > 1 && twice & bit)
			continue;
		twice |= bit;
		encoder_field(&t->encoder, field);
		http2_expect(t->plan.side, &t->segments[t->n_segments - 1].starts, field, &block);
		traffic_text_expect(t, field);
	}
	traffic_block_end(t, block);
}

/* Frames between blocks. */
static inline void traffic_between(struct traffic *t)
{
	while (!t->plan.plain && !random_below(3))
		random_below(2) ? traffic_data(t) : traffic_other(t);
}

static inline void traffic_segment(struct traffic *t)
{
	struct traffic_segment *segments = t->segments;
	__u32 n = t->n_segments++;
	bool next = n & 1;

	if (n)
		segments[n - 1].end = t->n_bytes;
	segments[n].starts = next ? http2_starts_next : http2_starts_first;
}

static inline void traffic_clear(struct traffic *t)
{
	for (__u32 i = 0; i < t->n_texts; i++)
		free(t->texts[i]);
	t->n_texts = 0;
}

static inline void traffic_begin(struct traffic *t, const struct traffic_plan *plan)
{
	traffic_clear(t);
	memset(t, 0, sizeof(*t));
	t->plan = *plan;
	t->encoder.room = HTTP2_TABLE_BYTES;
	random_seed(plan->seed);
	traffic_segment(t);
	if (plan->side == HTTP2_REQUESTS)
		traffic_put(t, (const __u8 *)http2_preface, HTTP2_PREFACE_BYTES);
	traffic_header(t, 0, HTTP2_SETTINGS, 0, 0);
}

static inline void traffic_end(struct traffic *t)
{
	t->segments[t->n_segments - 1].end = t->n_bytes;
}

/* Makes it: ends before the plan's number of blocks if there is no more room. */
static inline void traffic_make(struct traffic *t, const struct traffic_plan *plan)
{
	traffic_begin(t, plan);
	for (__u32 i = 0; i < plan->blocks; i++) {
		if (t->n_bytes > TRAFFIC_BYTES / 4 * 3 || t->n_expected > TRAFFIC_EVENTS - 64)
			break;
		if (i && t->n_segments < TRAFFIC_SEGMENTS &&
		    !random_below(plan->blocks / TRAFFIC_SEGMENTS + 1))
			traffic_segment(t);
		traffic_between(t);
		traffic_block(t);
	}
	traffic_end(t);
}

/* ---- what came of it ---- */

/* It may hold back what it says it cannot know, but for tables that it follows exactly. */
static inline bool traffic_same(const struct http2_result *expected,
				const struct http2_result *actual, bool exact)
{
	struct http2_result a = *actual;

	a.type = expected->type;
	if (!exact) {
		if (a.hidden && a.method == HTTP_METHOD_UNKNOWN)
			a.method = expected->method;
		if (a.path == HTTP2_UNKNOWN)
			a.path = expected->path;
		if (a.agent == HTTP2_UNKNOWN)
			a.agent = expected->agent;
		if (a.hidden && !a.status)
			a.status = expected->status;
		if (a.grpc_status == GRPC_HIDDEN)
			a.grpc_status = expected->grpc_status;
		if (a.hidden && !a.content)
			a.content = expected->content;
		if (a.hidden && !a.grpc)
			a.grpc = expected->grpc;
		if (a.hidden && !a.protocol)
			a.protocol = expected->protocol;
		a.hidden = 0;
	}
	return !memcmp(&a, expected, sizeof(a));
}

static inline void result_print(const char *what, const struct http2_result *r)
{
	printf("%s event %u type %u stream %u end %u ends %u promise %u hidden %u grpc %u protocol %u "
	       "method %u status %u grpc-status %u content %u path %u agent %u number %u\n",
	       what, r->event, r->type, r->stream, r->end, r->ends_stream, r->promise, r->hidden,
	       r->grpc, r->protocol, r->method, r->status, r->grpc_status, r->content, r->path,
	       r->agent, r->number);
}

/* What is said of texts in the table is right. */
static inline bool traffic_texts_same(const struct traffic *t, const struct http2_run *run,
				      __u32 event)
{
	for (int i = 0; i < HTTP2_TEXTS; i++) {
		__u32 expected = t->expected_texts[event][i], actual = run->texts[event][i];

		if (expected && actual && expected != actual)
			return false;
	}
	return true;
}

/* Says what differs. *ret_hidden grows by the number of blocks that refer to what is hidden. */
static inline bool traffic_check(const struct traffic *t, const struct http2_run *run, bool exact,
				 __u32 *ret_hidden)
{
	for (__u32 i = 0; i < t->n_expected && i < run->n_results; i++) {
		*ret_hidden += run->results[i].hidden;
		if (traffic_same(&t->expected[i], &run->results[i], exact) &&
		    traffic_texts_same(t, run, i))
			continue;
		printf("seed %llu, event %u of %u\n", (unsigned long long)t->plan.seed, i,
		       t->n_expected);
		result_print("  expected", &t->expected[i]);
		result_print("  got     ", &run->results[i]);
		return false;
	}
	if (run->n_results != t->n_expected || run->faulty) {
		printf("seed %llu: %u events, %u expected%s\n", (unsigned long long)t->plan.seed,
		       run->n_results, t->n_expected, run->faulty ? "; it broke its contract" : "");
		return false;
	}
	return true;
}

#endif
