/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The head of a sample of HTTP/2 on its way out (kernel/stream_heads), into the ring that the sample goes to, before that:
 * the sample's own function has no stack to spare. What cannot be told with certainty any more is left out.
 */
#ifndef SLIPROBE_JUDGE_STREAM_HEAD_EMIT_BPF_H
#define SLIPROBE_JUDGE_STREAM_HEAD_EMIT_BPF_H

#include "abi.h"
#include "http2/state.h"
#include "judge/origin.bpf.h"
#include "judge/request.bpf.h"
#include "judge/sample_emit.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/http2_conns.bpf.h"
#include "kernel/stream_heads.bpf.h"

enum {
	STREAM_TEXT_MARGIN = 8, /* bytes of a text that may be written and not counted yet */
};

/* The place of the request's head; NULL: there is none, or no more. */
static __always_inline struct stream_head_place *stream_head_find(const struct origin *origin,
								  __u32 number)
{
	struct stream_head_place *place = stream_head_place(origin->id, number, false);

	if (place && stream_head_is_at(place, origin->id, number))
		return place;
	place = stream_head_place(origin->id, number, true);
	return place && stream_head_is_at(place, origin->id, number) ? place : NULL;
}

static __always_inline void stream_head_tell_block(struct stream_head *head,
						   const struct stream_head_place *place)
{
	__u32 n = place->len;

	head->block_bytes = 0;
	head->cut = 1;
	barrier_var(n);
	if (n > STREAM_BLOCK_MAX || bpf_probe_read_kernel(head->block, n, place->block))
		return;
	head->block_bytes = n;
	head->cut = n < place->passed;
}

/* Texts from `at` on, of those that are kept, have been overwritten. */
static __always_inline bool stream_text_is_gone(const struct http2_conn *h2, __u32 at)
{
	const struct http2 *requests = &h2->side[HTTP2_REQUESTS];
	__u32 end = *(volatile const __u32 *)&h2->text_end;

	/* the one being read goes behind them */
	if (requests->keeps)
		end += *(volatile const __u32 *)&requests->n;
	return end + STREAM_TEXT_MARGIN - at > HTTP2_TEXT;
}

static __always_inline void stream_head_tell_text(struct stream_text *text,
						  const struct stream_text_place *place,
						  const struct http2_conn *h2)
{
	__u32 bytes = place->bytes, at = place->at, from = at & (HTTP2_TEXT - 1);
	__u32 n = bytes < STREAM_TEXT_MAX ? bytes : STREAM_TEXT_MAX, first, rest;

	text->bytes = 0;
	if (!n)
		return;
	first = HTTP2_TEXT - from < n ? HTTP2_TEXT - from : n;
	rest = n - first;
	text->first = first;
	barrier_var(first);
	barrier_var(rest);
	if (first > STREAM_TEXT_MAX || bpf_probe_read_kernel(text->text, first, h2->text + from))
		return;
	if (rest > STREAM_TEXT_MAX || bpf_probe_read_kernel(text->rest, rest, h2->text))
		return;
	barrier();
	if (!stream_text_is_gone(h2, at))
		text->bytes = bytes;
}

static __always_inline bool stream_head_has_texts(const struct stream_head_place *place)
{
	__u32 any = 0;

	for (int i = 0; i < STREAM_TEXTS; i++)
		any |= place->texts[i].bytes;
	return any;
}

/* `number`: of the request, as in its sample. */
__noinline int stream_head_emit(struct origin *origin, struct request *request, __u32 number)
{
	struct http2_followed *followed = NULL;
	struct stream_head_place *place;
	struct stream_head *head;
	bool found;

	if (!origin || !request)
		return 0;
	found = request->service >= SERVICE_FOUND;
	place = stream_head_find(origin, number);
	if (!place)
		return 0;
	if (stream_head_has_texts(place))
		followed = http2_find(origin->id);
#define RESERVE(ring, bytes) bpf_ringbuf_reserve(&ring, bytes, 0)
	if (followed)
		head = found ? RESERVE(samples_found, sizeof(*head)) :
			       RESERVE(samples, sizeof(*head));
	else
		head = found ? RESERVE(samples_found, offsetof(struct stream_head, texts)) :
			       RESERVE(samples, offsetof(struct stream_head, texts));
#undef RESERVE
	if (!head)
		return 0;
	head->kind = RECORD_STREAM_HEAD;
	head->number = number;
	head->connection = origin->id;
	head->has_texts = 0;
	stream_head_tell_block(head, place);
	if (followed) {
		head->has_texts = 1;
		for (int i = 0; i < STREAM_TEXTS; i++)
			stream_head_tell_text(&head->texts[i], &place->texts[i], &followed->h2);
	}
	barrier();
	/* another one's by now */
	if (stream_head_is_at(place, origin->id, number))
		bpf_ringbuf_submit(head, BPF_RB_NO_WAKEUP);
	else
		bpf_ringbuf_discard(head, BPF_RB_NO_WAKEUP);
	return 0;
}

#endif
