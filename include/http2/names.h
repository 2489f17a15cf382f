/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to the HTTP/2 follower: names of fields, as they are encoded, plain or by Huffman's code. */
#ifndef SLIPROBE_HTTP2_NAMES_H
#define SLIPROBE_HTTP2_NAMES_H

#include "http2/state.h"
#include "http2/words.h"

enum {
	HTTP2_NAME_MIN = 4, /* bytes of an encoded name of interest */
	HTTP2_NAME_MAX = 14,
	HTTP2_SPELLINGS = 20,
	HTTP2_IN_HUFFMAN = 16, /* beside the length */
};

/* A name of interest as it is encoded: its bytes, the first one lowest, zeros behind. */
struct http2_spelling {
	__u64 first;
	__u64 second;
	__u32 length;
	__u32 name;
};

static const struct http2_spelling http2_spellings[HTTP2_SPELLINGS] = {
	/* ":method", ":path", ":status", "user-agent", "grpc-status", "content-type", ":protocol", "content-length",
	   ":authority", "alt-svc" */
	{0x00646f6874656d3aULL, 0, 7, HTTP2_NAME_METHOD},
	{0x000000687461703aULL, 0, 5, HTTP2_NAME_PATH},
	{0x007375746174733aULL, 0, 7, HTTP2_NAME_STATUS},
	{0x6567612d72657375ULL, 0x746e, 10, HTTP2_NAME_AGENT},
	{0x6174732d63707267ULL, 0x737574, 11, HTTP2_NAME_GRPC_STATUS},
	{0x2d746e65746e6f63ULL, 0x65707974, 12, HTTP2_NAME_CONTENT_TYPE},
	{0x6f636f746f72703aULL, 0x6c, 9, HTTP2_NAME_PROTOCOL},
	{0x2d746e65746e6f63ULL, 0x6874676e656cULL, 14, HTTP2_NAME_CONTENT_LENGTH},
	{0x69726f687475613aULL, 0x7974, 10, HTTP2_NAME_AUTHORITY},
	{0x006376732d746c61ULL, 0, 7, HTTP2_NAME_ALT_SVC},
	{0x000000e4395349b9ULL, 0, 5 | HTTP2_IN_HUFFMAN, HTTP2_NAME_METHOD},
	{0x000000003fd358b9ULL, 0, 4 | HTTP2_IN_HUFFMAN, HTTP2_NAME_PATH},
	{0x000000a3368d84b8ULL, 0, 5 | HTTP2_IN_HUFFMAN, HTTP2_NAME_STATUS},
	{0x00935acc61b105b5ULL, 0, 7 | HTTP2_IN_HUFFMAN, HTTP2_NAME_AGENT},
	{0x8fda3412b2c8ca9aULL, 0, 8 | HTTP2_IN_HUFFMAN, HTTP2_NAME_GRPC_STATUS},
	{0x59f5c94a6a49ea21ULL, 0x7f, 9 | HTTP2_IN_HUFFMAN, HTTP2_NAME_CONTENT_TYPE},
	{0x003f7ac849875db9ULL, 0, 7 | HTTP2_IN_HUFFMAN, HTTP2_NAME_PROTOCOL},
	{0xa916d44a6a49ea21ULL, 0x3f93, 10 | HTTP2_IN_HUFFMAN, HTTP2_NAME_CONTENT_LENGTH},
	{0x7f7d32ec39533bb8ULL, 0, 8 | HTTP2_IN_HUFFMAN, HTTP2_NAME_AUTHORITY},
	{0x000000c91d59091dULL, 0, 5 | HTTP2_IN_HUFFMAN, HTTP2_NAME_ALT_SVC},
};

/* A name of `length` encoded bytes may be one of interest. */
static inline int http2_name_may_matter(__u32 length)
{
	return length >= HTTP2_NAME_MIN && length <= HTTP2_NAME_MAX;
}

/* enum http2_name of an encoded name. `length`: perhaps with HTTP2_IN_HUFFMAN. */
HTTP2_SEPARATE __u32 http2_spelled(__u64 first, __u64 second, __u32 length)
{
	__u32 name = HTTP2_NAME_OTHER;

	/* without a jump for each */
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_SPELLINGS; i++) {
		const struct http2_spelling *at = &http2_spellings[i];
		__u64 differs = (first ^ at->first) | (second ^ at->second) | (length ^ at->length);
		__u64 same = ~(differs | -differs) >> 63;

		name += (__u32)same * at->name;
	}
	return name;
}

#endif
