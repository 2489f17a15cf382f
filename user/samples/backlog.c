/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 8 }; /* of a record, and of the length before it */

static size_t room_for(size_t bytes)
{
	return ALIGN + (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

int backlog_init(struct backlog *backlog, size_t max_bytes)
{
	*backlog = (struct backlog){.bytes = malloc(max_bytes), .max = max_bytes};
	return backlog->bytes ? 0 : -ENOMEM;
}

void backlog_clear(struct backlog *backlog)
{
	free(backlog->bytes);
	*backlog = (struct backlog){};
}

void backlog_add(struct backlog *backlog, const void *record, size_t bytes)
{
	const uint64_t len = bytes;

	if (bytes > backlog->max || room_for(bytes) > backlog->max - backlog->len) {
		backlog->lost++;
		return;
	}
	memcpy(backlog->bytes + backlog->len, &len, sizeof(len));
	memcpy(backlog->bytes + backlog->len + ALIGN, record, bytes);
	backlog->len += room_for(bytes);
}

void backlog_take(struct backlog *backlog,
		  bool (*each)(void *context, const void *record, size_t bytes), void *context)
{
	size_t stay = 0;

	for (size_t at = 0, room; at < backlog->len; at += room) {
		uint64_t len;

		memcpy(&len, backlog->bytes + at, sizeof(len));
		room = room_for(len);
		if (each(context, backlog->bytes + at + ALIGN, len))
			continue;
		memmove(backlog->bytes + stay, backlog->bytes + at, room);
		stay += room;
	}
	backlog->len = stay;
}
