/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/stream_heads.h"

#include <string.h>

#include "samples/stream_head.h"

void stream_heads_add(struct stream_heads *heads, const void *record, size_t bytes)
{
	struct stream_head *head = &heads->of[heads->next];

	if (!stream_head_is_whole(record, bytes))
		return;
	memcpy(head, record, bytes < sizeof(*head) ? bytes : sizeof(*head));
	heads->next = (heads->next + 1) % STREAM_HEADS_WAITING;
}

static size_t head_bytes(const struct stream_head *head)
{
	return head->has_texts ? sizeof(*head) : offsetof(struct stream_head, texts);
}

size_t stream_heads_join(struct stream_heads *heads, const struct sample *sample,
			 struct sample_joined *ret)
{
	struct sample *const joined = (struct sample *)ret->bytes;
	size_t bytes;

	/* mostly it is the last one */
	for (size_t i = 1; i <= STREAM_HEADS_WAITING; i++) {
		struct stream_head *head =
			&heads->of[(heads->next + STREAM_HEADS_WAITING - i) % STREAM_HEADS_WAITING];

		if (!head->kind || head->connection != sample->connection ||
		    head->number != sample->number)
			continue;
		bytes = head_bytes(head);
		*joined = *sample;
		joined->flags |= SAMPLE_STREAM_HEAD;
		memcpy(joined + 1, head, bytes);
		head->kind = 0;
		return sizeof(*joined) + bytes;
	}
	return 0;
}
