/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a TLS connection has shown, step by step, and the code of include/tls played over it. In the kernel and in user
 * space; the including file has defined TLS_AT and its like before, or takes those of user space.
 */
#ifndef SLIPROBE_TESTS_TLS_PLAY_H
#define SLIPROBE_TESTS_TLS_PLAY_H

#include "tls/match.h"
#include "tls/records.h"

enum tls_step_kind {
	TLS_STEP_WIRE, /* `n` bytes from `at` on went over the socket */
	TLS_STEP_TOLD, /* a call has returned `n` bytes of plaintext, of `asked` */
	TLS_STEP_SETTLED, /* an answer is complete */
};

struct tls_step {
	__u32 kind;
	__u32 way; /* enum tls_way */
	__u32 at;
	__u32 n;
	__u32 asked;
	__u32 nested;
};

/* State and results. */
struct tls_play {
	struct tls_records records[TLS_WAYS];
	struct tls_hello hello;
	struct tls_match match;
	__u32 application[TLS_WAYS]; /* records of application data */
	__u32 lost;
	__u32 worst; /* enum tls_verdict */
	__u32 settled[TLS_WAYS]; /* enum tls_verdict at the end */
};

static inline void tls_play_init(struct tls_play *play, int from_start)
{
	*play = (struct tls_play){};
	tls_records_init(&play->records[TLS_WAY_READ], from_start);
	tls_records_init(&play->records[TLS_WAY_WRITE], from_start);
	if (!from_start) {
		tls_hello_miss(&play->hello, TLS_FROM_CLIENT);
		tls_hello_miss(&play->hello, TLS_FROM_SERVER);
	}
	tls_match_init(&play->match, TLS_FROM_SERVER, from_start);
}

static inline void tls_play_verdict(struct tls_play *play, enum tls_verdict verdict)
{
	if (play->worst < (__u32)verdict)
		play->worst = verdict;
}

static inline void tls_play_events(struct tls_play *play, const enum tls_way way, __u32 events,
				   int nested)
{
	struct tls_records *r = &play->records[way];

	if (events & TLS_EV_HELLO && way == TLS_WAY_WRITE)
		tls_match_hello(&play->match, &play->hello);
	if (events & TLS_EV_LOST) {
		play->lost++;
		tls_match_unsync(&play->match, way);
	}
	if (events & TLS_EV_RECORD && r->type == TLS_APPLICATION_DATA) {
		play->application[way]++;
		tls_play_verdict(play, tls_match_record(&play->match, way, r->length, nested));
	}
}

/* Bytes of the next `n` that need not be there, passed. */
static inline __u32 tls_play_unseen(struct tls_play *play, const enum tls_way way, __u32 n,
				    int nested)
{
	__u64 opaque = tls_records_opaque(&play->records[way]);

	if (opaque < n)
		n = (__u32)opaque;
	if (n)
		tls_play_events(play, way, tls_records_pass(&play->records[way], n), nested);
	return n;
}

static inline void tls_play_feed(struct tls_play *play, const enum tls_way way, tls_bytes buf,
				 __u32 *pos, __u32 len, int nested)
{
	enum tls_from from = way == TLS_WAY_READ ? TLS_FROM_CLIENT : TLS_FROM_SERVER;

	tls_play_events(play, way,
			tls_records_feed(&play->records[way], &play->hello, from, buf, pos, len),
			nested);
}

static inline void tls_play_told(struct tls_play *play, const enum tls_way way, __u32 n,
				 __u32 asked)
{
	tls_play_verdict(play, tls_match_told(&play->match, way, n, asked));
}

static inline void tls_play_settled(struct tls_play *play, enum tls_end end)
{
	play->settled[TLS_WAY_READ] = tls_match_settled(&play->match, TLS_WAY_READ, end);
	play->settled[TLS_WAY_WRITE] = tls_match_settled(&play->match, TLS_WAY_WRITE, end);
	tls_play_verdict(play, (enum tls_verdict)play->settled[TLS_WAY_READ]);
	tls_play_verdict(play, (enum tls_verdict)play->settled[TLS_WAY_WRITE]);
}

#endif
