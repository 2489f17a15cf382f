/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The head of a request of HTTP/2 as its parts: fields of its header block (RFC 7541, section 6), and texts that the
 * kernel has taken from the connection's table. Pure; what it is given is hostile.
 *
 * Of a field that the block refers to in the table alone, only path, user agent and authority are known; a path without
 * its query.
 */
#ifndef SLIPROBE_SAMPLES_STREAM_HEAD_H
#define SLIPROBE_SAMPLES_STREAM_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/sample.h"
#include "samples/head.h"

/* What the parts point to. */
struct stream_head_texts {
	/* Huffman's shortest codes have five bits */
	char block[STREAM_BLOCK_MAX * 8 / 5 + 1];
	char of[STREAM_TEXTS][STREAM_TEXT_MAX];
};

/* Whether the record, all `bytes` of it, is what it says. */
bool stream_head_is_whole(const struct stream_head *record, size_t bytes);

/* `record` is whole; otherwise as head_parse(). */
void stream_head_parse(const struct stream_head *record, const char *const *names, size_t n,
		       struct stream_head_texts *texts, struct head *ret);

#endif
