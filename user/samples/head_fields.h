/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a request's head, however they have come: what samples/head and samples/stream_head share. */
#ifndef SLIPROBE_SAMPLES_HEAD_FIELDS_H
#define SLIPROBE_SAMPLES_HEAD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "samples/head.h"

struct head_seen {
	size_t traceparents;
	bool end; /* no other field can have been there */
};

/* Nothing is known. */
void head_begin(struct head *ret);

/* Returns false if it is no token. */
bool head_method(struct head_part word, struct head *ret);

/* RFC 9112, section 3.2: all four forms of a request's target; `connect`: that of CONNECT. */
void head_target(struct head_part target, bool connect, struct head *ret);

/* `names`: as head_parse(). The value is trimmed. */
void head_field(struct head_part name, struct head_part value, const char *const *names, size_t n,
		struct head_seen *seen, struct head *ret);

/* All fields that are known were read. */
void head_end(const struct head_seen *seen, struct head *ret);

/* Without blanks around it. */
struct head_part head_trimmed(struct head_part part);

/* Behind the last '@': what is before it may be a password. */
struct head_part head_without_user(struct head_part host);

#endif
