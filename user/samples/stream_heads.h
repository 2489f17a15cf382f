/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Heads of samples of HTTP/2, which come before their samples: a record is joined to the sample that it is of. Others may
 * come in between, from other processors; so many are waited for.
 */
#ifndef SLIPROBE_SAMPLES_STREAM_HEADS_H
#define SLIPROBE_SAMPLES_STREAM_HEADS_H

#include <stddef.h>

#include "abi/sample.h"

enum {
	STREAM_HEADS_WAITING = 128, /* the oldest one makes room */
};

/* A sample, and behind it its head: SAMPLE_STREAM_HEAD. */
struct sample_joined {
	_Alignas(8) char bytes[sizeof(struct sample) + sizeof(struct stream_head)];
};

struct stream_heads {
	struct stream_head of[STREAM_HEADS_WAITING];
	size_t next; /* place of the next one */
};

/* A record that is no whole one is left out. */
void stream_heads_add(struct stream_heads *heads, const void *record, size_t bytes);

/* Takes the head of the sample. Returns the bytes of *ret; 0: it has none. */
size_t stream_heads_join(struct stream_heads *heads, const struct sample *sample,
			 struct sample_joined *ret);

#endif
