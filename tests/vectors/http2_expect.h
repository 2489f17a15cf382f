/* SPDX-License-Identifier: GPL-2.0-only */
/* What fields say, by their texts, for the tests of the HTTP/2 follower. */
#ifndef SLIPROBE_TESTS_HTTP2_EXPECT_H
#define SLIPROBE_TESTS_HTTP2_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tests/vectors/http2_automaton.h"

struct text {
	const char *bytes;
	size_t len;
};

struct field {
	struct text name, value;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static inline bool text_same(struct text a, struct text b)
{
	return a.len == b.len && !memcmp(a.bytes, b.bytes, a.len);
}

/* Where the automata start. */
struct http2_starts {
	__u32 paths, agents;
};

static const struct http2_starts http2_starts_first = {HTTP2_TEST_PATHS, HTTP2_TEST_AGENTS};
static const struct http2_starts http2_starts_next = {HTTP2_TEST_PATHS_NEXT,
						      HTTP2_TEST_AGENTS_NEXT};

static const struct {
	struct text token;
	__u8 method;
} expected_methods[] = {
	{TEXT("GET"), HTTP_METHOD_GET},		{TEXT("HEAD"), HTTP_METHOD_HEAD},
	{TEXT("POST"), HTTP_METHOD_POST},	{TEXT("PUT"), HTTP_METHOD_PUT},
	{TEXT("DELETE"), HTTP_METHOD_DELETE},	{TEXT("CONNECT"), HTTP_METHOD_CONNECT},
	{TEXT("OPTIONS"), HTTP_METHOD_OPTIONS}, {TEXT("TRACE"), HTTP_METHOD_TRACE},
	{TEXT("PATCH"), HTTP_METHOD_PATCH},	{TEXT("QUERY"), HTTP_METHOD_QUERY},
};

static inline __u8 expected_method(struct text token)
{
	for (size_t i = 0; i < sizeof(expected_methods) / sizeof(expected_methods[0]); i++)
		if (text_same(token, expected_methods[i].token))
			return expected_methods[i].method;
	return HTTP_METHOD_OTHER;
}

static inline bool text_is(struct text text, const char *word)
{
	return text_same(text, (struct text){word, strlen(word)});
}

/* By the words of the two specifications, another way than the follower's. */
static inline __u16 expected_grpc_status(struct text text)
{
	char number[16];

	for (int code = 0; code <= 16; code++) {
		(void)snprintf(number, sizeof(number), "%d", code);
		if (text_is(text, number))
			return (__u16)code;
	}
	return GRPC_OTHER;
}

static inline __u16 expected_status(struct text text)
{
	char number[16];

	for (int code = 100; code <= 999; code++) {
		(void)snprintf(number, sizeof(number), "%d", code);
		if (text_is(text, number))
			return (__u16)code;
	}
	return 0;
}

/* Plus 1; 0: it is none that is known. */
static inline __u32 expected_content(struct text text)
{
	__u64 bytes = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9')
			return 0;
		bytes = bytes * 10 + (__u64)(text.bytes[i] - '0');
	}
	return text.len && text.len <= 10 && bytes < HTTP2_UNKNOWN ? (__u32)bytes + 1 : 0;
}

static inline __u8 expected_media(struct text text)
{
	if (text.len < 16 || strncasecmp(text.bytes, "application/grpc", 16))
		return HTTP2_MEDIA_OTHER;
	return text.len >= 20 && !strncasecmp(text.bytes + 16, "-web", 4) ? HTTP2_MEDIA_GRPC_WEB :
									    HTTP2_MEDIA_GRPC;
}

/* A block without fields. */
static inline struct http2_result http2_expect_nothing(enum http2_side side,
						       const struct http2_starts *starts)
{
	return (struct http2_result){
		.event = HTTP2_EV_HEADERS,
		.grpc_status = GRPC_ABSENT,
		.agent = side == HTTP2_REQUESTS ? starts->agents : 0,
	};
}

/* The block has this field, too. */
static inline void http2_expect(enum http2_side side, const struct http2_starts *starts,
				struct field field, struct http2_result *ret)
{
	struct text name = field.name, value = field.value;

	if (text_is(name, "grpc-status"))
		ret->grpc_status = expected_grpc_status(value);
	else if (text_is(name, ":status"))
		ret->status = expected_status(value);
	else if (text_is(name, "content-type"))
		ret->grpc = expected_media(value);
	else if (text_is(name, "content-length"))
		ret->content = expected_content(value);
	else if (text_is(name, ":protocol"))
		ret->protocol = 1;
	if (side != HTTP2_REQUESTS)
		return;
	if (text_is(name, ":method"))
		ret->method = expected_method(value);
	else if (text_is(name, ":path"))
		ret->path = http2_test_path(starts->paths, value.bytes, value.len);
	else if (text_is(name, "user-agent"))
		ret->agent = http2_test_walk(starts->agents, value.bytes, value.len);
}

#endif
