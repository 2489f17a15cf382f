/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that wait until they can be decoded, in the order in which they came. Bounded. */
#ifndef SLIPROBE_SAMPLES_BACKLOG_H
#define SLIPROBE_SAMPLES_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backlog {
	uint8_t *bytes;
	size_t len, max;
	uint64_t lost; /* that found no room */
};

/* Returns 0 or -ENOMEM. */
int backlog_init(struct backlog *backlog, size_t max_bytes);
void backlog_clear(struct backlog *backlog);

void backlog_add(struct backlog *backlog, const void *record, size_t bytes);

/* Hands out each once; those of which each() returns false stay. */
void backlog_take(struct backlog *backlog,
		  bool (*each)(void *context, const void *record, size_t bytes), void *context);

#endif
