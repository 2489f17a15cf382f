/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk over the bytes of HTTP/1.x messages, from one event to the next: the parser's entrance. Its
 * contract is in parse.h, as are the definitions that the including file must have.
 */
#ifndef SLIPROBE_HTTP1_FEED_H
#define SLIPROBE_HTTP1_FEED_H

#include "http1/bytes.h"
#include "http1/parse.h"
#include "http1/shortcuts.h"
#include "http1/step.h"
#include "http1/words.h"

/* One walk. Lies on the stack: but for `event`, nothing in it changes from one step to the next. */
struct http1_walk {
	struct http1 *parser;
	http1_bytes buf;
	__u32 *pos;
	__u32 len;
	__u32 event; /* enum http1_event of the last step */
};

static long http1_walk_step(__u32 i, struct http1_walk *walk)
{
	__u32 pos = *walk->pos;
	__u32 result;

	(void)i;
	if (pos >= walk->len)
		return 1;
	result = http1_step(walk->parser, walk->buf, pos, walk->len);
	*walk->pos = pos + http1_result_consumed(result);
	walk->event = http1_result_event(result);
	return walk->event != HTTP1_EV_NONE || http1_opaque(walk->parser);
}

/* Step by step, up to the first event, opaque bytes, or the end. */
HTTP1_SEPARATE __u32 http1_walk(struct http1 *p, http1_bytes buf, __u32 *pos, __u32 len)
{
	struct http1_walk walk = {.parser = p, .buf = buf, .pos = pos, .len = len};

	if (!p || !buf || !pos)
		return HTTP1_EV_NONE;
	HTTP1_REPEAT(len, http1_walk_step, &walk);
	return walk.event;
}

/* Passes those of the piece's bytes that are opaque: there is one, at least. */
static inline __attribute__((always_inline)) enum http1_event http1_feed_opaque(struct http1 *p,
										__u32 *pos,
										__u32 len)
{
	__u64 opaque = http1_opaque(p);
	__u64 n = len - *pos;

	n = n < opaque ? n : opaque;
	*pos += n;
	return http1_pass(p, n);
}

/*
 * Each of these feeds buf[*pos .. len), *pos < len, up to the first event, and returns that, or
 * HTTP1_EV_NONE. It consumes at least one byte, and moves *pos behind the bytes consumed. It may
 * leave bytes, also without an event. In the kernel *pos must not lie on the stack: Linux 6.1
 * verifies the walk as if it were one step.
 */

/* Between messages. */
static inline __attribute__((always_inline)) enum http1_event http1_feed_first_request(
	struct http1 *p, http1_bytes buf, __u32 *pos, __u32 len)
{
	__u32 result = http1_begin_request(p, buf, *pos, len);

	*pos += http1_result_consumed(result);
	return http1_result_event(result);
}

static inline __attribute__((always_inline)) enum http1_event http1_feed_first_response(
	struct http1 *p, http1_bytes buf, __u32 *pos, __u32 len)
{
	__u32 result = http1_begin_response(p, buf, *pos, len);

	*pos += http1_result_consumed(result);
	return http1_result_event(result);
}

/* Inside a message. */
static inline __attribute__((always_inline)) enum http1_event http1_feed_on(struct http1 *p,
									    http1_bytes buf,
									    __u32 *pos, __u32 len)
{
	if (http1_opaque(p))
		return http1_feed_opaque(p, pos, len);
	return (enum http1_event)http1_walk(p, buf, pos, len);
}

/* Wherever it is. */
static inline __attribute__((always_inline)) enum http1_event http1_feed(struct http1 *p,
									 http1_bytes buf,
									 __u32 *pos, __u32 len)
{
	if (!http1_at_start(p))
		return http1_feed_on(p, buf, pos, len);
	return p->flags & HTTP1_RESPONSE ? http1_feed_first_response(p, buf, pos, len) :
					   http1_feed_first_request(p, buf, pos, len);
}

#endif
