/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers on a connection that is shared: exchange_answer() leaves them in their slots, as it is called where there is no
 * stack left to judge them, and as what was written may be sent later.
 */
#ifndef SLIPROBE_EXCHANGE_SETTLE_BPF_H
#define SLIPROBE_EXCHANGE_SETTLE_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "exchange/streams.bpf.h"
#include "judge/judge.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

/* How far a connection's answers are sent. */
struct sent_so_far {
	__u64 bytes; /* those that end here, or before, are sent: see ends_at */
	__u64 at_ns; /* since when */
	__u8 outcome; /* enum outcome, of answers that are whole */
	__u8 wait; /* their verdict waits: see exchange_answer() */
	__u8 pad[6];
};

struct settling {
	struct exchanges *open;
	const struct sent_so_far *sent;
	__u32 number; /* of the exchange that is next */
	__u32 waits; /* the verdict of one before it does */
};

/* An answer that was held is sent. */
static __always_inline void exchange_sent(struct exchange *exchange,
					  const struct settling *settling)
{
	const struct sent_so_far *sent = settling->sent;
	__u64 service_ns = exchange_service_ns(exchange, sent->at_ns);

	if (sent->outcome == OUTCOME_CLIENT_ABORT)
		service_ns = exchange_left(settling->open, exchange, service_ns);
	exchange->service_ns = service_ns;
	barrier();
	exchange->stage = sent->wait ? EXCHANGE_ANSWERED : EXCHANGE_TOLD;
}

/* Takes one exchange. Returns 1 at the first that is not answered, or whose answer is not sent. */
static long exchanges_settle_step(__u32 i, struct settling *settling)
{
	struct exchanges *open = settling->open;
	__u32 number = settling->number;
	struct verdict verdict = {.outcome = settling->sent->outcome};
	struct exchange *exchange;

	if (number == open->next)
		return 1;
	exchange = exchange_find(open, number);
	if (exchange) {
		if (exchange->stage == EXCHANGE_UNSENT &&
		    exchange->ends_at <= settling->sent->bytes)
			exchange_sent(exchange, settling);
		if (exchange->stage < EXCHANGE_ANSWERED)
			return 1;
		if (exchange->stage == EXCHANGE_ANSWERED)
			settling->waits = 1;
	}
	settling->number = exchange_after(number);
	if (settling->waits)
		return 0;
	if (exchange) {
		verdict.status = exchange->status;
		verdict.service_ns = exchange->service_ns;
		verdict.body_bytes = exchange->body_bytes;
		if (exchange_claim(exchange, number))
			judge_by_thread(&open->origin, number, &exchange->request, &verdict);
		exchange_free(open, number, exchange);
	}
	open->freed = exchange_after(number);
	return 0;
}

/* Judges an answer that is told and sent. */
static __always_inline void stream_settle(struct exchanges *open, __u32 number,
					  struct exchange *exchange, struct settling *settling)
{
	struct verdict verdict = {
		.outcome = settling->sent->outcome,
		.status = exchange->status,
		.service_ns = exchange->service_ns,
		.body_bytes = exchange->body_bytes,
		.first_byte_us = exchange->first_byte_us,
	};

	if (exchange_claim(exchange, number))
		judge_by_thread(&open->origin, number, &exchange->request, &verdict);
}

/* As exchanges_settle_step(), in the order in which streams_tell() was told of them. */
static long streams_settle_step(__u32 i, struct settling *settling)
{
	struct exchanges *open = settling->open;
	__u32 done = open->told_done, number;
	struct exchange *last = done ? exchange_find(open, done) : NULL;
	struct exchange *exchange;

	number = last ? last->told_next : done ? 0 : open->told_first;
	exchange = number ? exchange_find(open, number) : NULL;
	if (!exchange)
		return 1;
	if (exchange->stage == EXCHANGE_UNSENT && exchange->ends_at <= settling->sent->bytes)
		exchange_sent(exchange, settling);
	if (exchange->stage < EXCHANGE_ANSWERED && !(exchange->claim & 1))
		return 1;
	if (exchange->stage == EXCHANGE_TOLD)
		stream_settle(open, number, exchange, settling);
	open->told_done = number;
	barrier_var(
		last); /* or the compiler tests `done`, by which the verifier knows nothing of it */
	if (last && last->claim & 1)
		exchange_free(open, done, last);
	settling->number = done;
	return 0;
}

/*
 * Judges what is answered and sent: by the current thread, for samples. One at a time. Not inlined: its stack is not its
 * callers'.
 */
__noinline int exchanges_settle(struct exchanges *open, struct sent_so_far *sent)
{
	if (!open || !sent)
		return 0;

	struct settling settling = {.open = open, .sent = sent, .number = open->freed};

	bpf_loop(OPEN_MAX, exchanges_settle_step, &settling, 0);
	return 0;
}

/* Likewise, of streams. */
__noinline int streams_settle(struct exchanges *open, struct sent_so_far *sent)
{
	if (!open || !sent)
		return 0;

	struct settling settling = {.open = open, .sent = sent};

	bpf_loop(OPEN_MAX, streams_settle_step, &settling, 0);
	if (settling.number)
		streams_free(open, settling.number);
	return 0;
}

struct holding {
	struct exchanges *open;
	__u64 ends_at;
	__u32 number; /* of the exchange that is next */
	__u32 pad;
};

/* Takes one exchange. Returns 1 at the first that is not answered. */
static long exchanges_hold_step(__u32 i, struct holding *holding)
{
	struct exchanges *open = holding->open;
	struct exchange *exchange;

	if (holding->number == open->next)
		return 1;
	exchange = exchange_find(open, holding->number);
	if (exchange && exchange->stage < EXCHANGE_UNSENT)
		return 1;
	if (exchange && exchange->stage == EXCHANGE_TOLD) {
		exchange->stage = EXCHANGE_UNSENT;
		barrier();
		exchange->ends_at = holding->ends_at;
	}
	holding->number = exchange_after(holding->number);
	return 0;
}

/*
 * Answers that were told and not settled, from exchange `number` on, are not sent yet, but for what was written before:
 * they end at `ends_at`, an upper limit. Returns where to begin the next time. Not inlined: its stack is not its
 * callers'.
 */
__noinline __u32 exchanges_hold(struct exchanges *open, __u32 number, __u64 ends_at)
{
	if (!open)
		return 0;

	struct holding holding = {.open = open, .ends_at = ends_at, .number = number};

	if ((__s32)(number - open->freed) < 0)
		holding.number = open->freed;
	bpf_loop(OPEN_MAX, exchanges_hold_step, &holding, 0);
	return holding.number;
}

#endif
