/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchanges of a connection whose requests are answered in any order: one for each stream, whose numbers grow, and may
 * be left out.
 *
 * Only who answers frees exchanges. What has ended otherwise is freed when all before it have ended. A stream that
 * lasts would keep all those behind it: so where too many stand behind it, it is noted as old, and they go on.
 */
#ifndef SLIPROBE_EXCHANGE_STREAMS_BPF_H
#define SLIPROBE_EXCHANGE_STREAMS_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "exchange/streams_old.bpf.h"
#include "judge/judge.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	STREAMS_BEHIND_MAX = 1024, /* a stream that so many others stand behind is old */
	STREAMS_KEPT_MAX =
		OPEN_MAX / 2, /* likewise, where too many are old to be noted: it is lost */
	STREAMS_RETRY = 64, /* where too many are: a place is looked for at one answer of so many */
	STREAMS_PASSED_MAX = 16, /* for one answer, which adds one at most */
};

/* ---- open ---- */

/* The head of the request of stream `number` is complete: it is a new one, not below open->next. */
static __always_inline void stream_open(struct exchanges *open, const struct opening *opening,
					__u32 number, bool arriving, const enum writer writer)
{
	/* nobody answers now */
	if (open->next == open->freed)
		open->freed = number;
	exchange_open_as(open, opening, number, arriving ? EXCHANGE_ARRIVING : EXCHANGE_OPEN,
			 writer);
}

/* ---- free ---- */

struct old_search {
	struct exchanges *open;
	__u32 number; /* that looks for a place */
	__u32 found;
};

/* Looks at one place. Returns 1 when it has taken it. */
static long stream_old_place(__u32 i, struct old_search *search)
{
	struct streams_old *old = streams_old_find(&search->open->origin.id);
	__u32 index = i & (STREAMS_OLD - 1), number;
	struct exchange *exchange;

	if (!old)
		return 1;
	number = old->numbers[index];
	exchange = number ? exchange_find(search->open, number) : NULL;
	if (exchange && (!(exchange->claim & 1) || exchange->stage >= EXCHANGE_UNSENT))
		return 0;
	if (exchange)
		exchange_free(search->open, number, exchange);
	old->numbers[index] = search->number;
	search->found = 1;
	return 1;
}

/*
 * So many stand behind stream `number`, which goes on: notes it. If too many last, it stays where it is, or at last is
 * lost. Returns true if it is passed.
 */
static __noinline int stream_grows_old(struct exchanges *open, __u32 number, __u32 behind)
{
	struct old_search search = {.open = open, .number = number};
	struct exchange *exchange;

	if (!open || (open->has_old && behind % STREAMS_RETRY && behind < STREAMS_KEPT_MAX))
		return false;
	open->has_old = 1;
	if (streams_old_make(&open->origin.id))
		bpf_loop(STREAMS_OLD, stream_old_place, &search, 0);
	if (search.found)
		return true;
	if (behind < STREAMS_KEPT_MAX)
		return false;
	exchange = exchange_find(open, number);
	if (exchange && exchange_claim(exchange, number))
		stat_lost(exchange->request.service, LOST_PENDING_FULL);
	if (exchange)
		exchange_free(open, number, exchange);
	return true;
}

struct streams_walk {
	struct exchanges *open;
	__u32 freed;
	__u32 answered; /* number of the stream that was answered last */
};

/* Passes one number. Returns 1 at the first that is open. */
static long streams_pass(__u32 i, struct streams_walk *walk)
{
	struct exchanges *open = walk->open;
	__u32 number = walk->freed;
	struct exchange *exchange;

	if (number == open->next)
		return 1;
	exchange = exchange_find(open, number);
	if (exchange) {
		if (exchange->stage >= EXCHANGE_UNSENT)
			return 1; /* it leads to the next one told: who settles frees it */
		if (exchange->claim & 1)
			exchange_free(open, number, exchange);
		else if ((__s32)(walk->answered - number) < STREAMS_BEHIND_MAX ||
			 !stream_grows_old(open, number, walk->answered - number))
			return 1;
	}
	walk->freed = exchange_after(number);
	return 0;
}

/* Stream `number` was answered, and is free: so may be those behind the last one that is not. */
static __noinline int streams_free(struct exchanges *open, __u32 number)
{
	struct streams_walk walk = {.open = open, .answered = number};

	if (!open)
		return 0;
	/* mostly, where they come one by one */
	if (number == open->freed && exchange_after(number) == open->next) {
		open->freed = exchange_after(number);
		return 0;
	}
	walk.freed = number == open->freed ? exchange_after(number) : open->freed;
	bpf_loop(STREAMS_PASSED_MAX, streams_pass, &walk, 0);
	open->freed = walk.freed;
	return 0;
}

/* ---- answer ---- */

/*
 * The answer is complete, but its verdict waits until it is sent: see exchanges_settle(). In the order in which they
 * are told, one leads to the next. The last one that was settled stays until the next one is.
 */
static __always_inline void streams_tell(struct exchanges *open, __u32 number)
{
	struct exchange *last = open->told_last ? exchange_find(open, open->told_last) : NULL;

	if (last)
		last->told_next = number;
	else
		open->told_first = number;
	store_release(&open->told_last, number);
}

/*
 * As exchange_answer(), of a stream. Returns true if it is answered for good: then streams_free() is to be called. `ends_at`: the answer is not sent yet, and ends there in what the connection
 * sends; 0: it is sent.
 */
static __always_inline bool stream_answer(struct exchanges *open, __u32 number,
					  struct exchange *exchange, struct verdict *verdict,
					  __u64 now_ns, __u64 ends_at, bool wait,
					  const enum writer writer)
{
	if (!now_ns)
		now_ns = bpf_ktime_get_ns();
	verdict->service_ns = exchange_service_ns(exchange, now_ns);
	if (verdict->outcome == OUTCOME_CLIENT_ABORT)
		verdict->service_ns = exchange_left(open, exchange, verdict->service_ns);
	verdict->first_byte_us = exchange->first_byte_us;
	exchange->status = verdict->status;
	exchange->body_bytes = verdict->body_bytes;
	if (ends_at) {
		exchange->ends_at = ends_at;
		exchange->told_next = 0;
		exchange->stage = EXCHANGE_UNSENT;
		streams_tell(open, number);
		return false;
	}
	if (wait) {
		exchange->service_ns = verdict->service_ns;
		exchange->stage = EXCHANGE_ANSWERED;
		return false;
	}
	if (!exchange_claim(exchange, number))
		return false;
	if (writer == WRITER_SEND)
		judge(&open->origin, number, &exchange->request, verdict, writer);
	else
		judge_by_thread(&open->origin, number, &exchange->request, verdict);
	exchange_free(open, number, exchange);
	return true;
}

/*
 * One is answered for good, by whoever calls streams_tell(), and all that were told before are settled: the last of them
 * need no longer stay, and would keep those behind it. Not inlined: its stack is not its callers'.
 */
static __noinline int streams_told_all(struct exchanges *open)
{
	struct exchange *last;
	__u32 number;

	if (!open)
		return 0;
	number = open->told_done;
	if (!number || number != open->told_last)
		return 0;
	last = exchange_find(open, number);
	if (last && !(last->claim & 1))
		return 0; /* its verdict waits */
	open->told_first = open->told_last = open->told_done = 0;
	if (last)
		exchange_free(open, number, last);
	return 0;
}

/* ---- end without an answer ---- */

/* One side has reset the stream. Not inlined: its stack is not its callers'. */
static __noinline int stream_reset(struct exchanges *open, __u32 number, __u32 outcome)
{
	struct verdict verdict = {.outcome = outcome};
	struct exchange *exchange;

	if (!open)
		return 0;
	exchange = exchange_find(open, number);
	/* a whole answer is one: whoever resets the stream then, but for a client that has not been sent it */
	if (!exchange || exchange->stage > EXCHANGE_UNSENT ||
	    (exchange->stage == EXCHANGE_UNSENT && outcome != OUTCOME_CLIENT_ABORT) ||
	    !exchange_claim(exchange, number))
		return 0;
	verdict.service_ns = exchange_service_ns(exchange, bpf_ktime_get_ns());
	verdict.first_byte_us = exchange->first_byte_us;
	judge(&open->origin, number, &exchange->request, &verdict, WRITER_SHARED);
	return 0;
}

struct streams_refusal {
	struct exchanges *open;
	__u32 number;
	__u32 end;
};

static long streams_refuse_step(__u32 i, struct streams_refusal *refusal)
{
	if ((__s32)(refusal->end - refusal->number) <= 0)
		return 1;
	stream_reset(refusal->open, refusal->number, OUTCOME_NOT_ACCEPTED);
	refusal->number = exchange_after(refusal->number);
	return 0;
}

/*
 * The server has not accepted stream `number`, nor any behind it; from `known` on (0: of none) it has said so before: so
 * nobody is asked twice, however often a server says it.
 */
static __noinline int streams_refuse(struct exchanges *open, __u32 number, __u32 known)
{
	struct streams_refusal refusal = {.open = open, .number = number, .end = known};

	if (!open)
		return 0;
	if (!known || (__s32)(known - open->next) > 0)
		refusal.end = open->next;
	if ((__s32)(number - open->freed) < 0)
		refusal.number = open->freed;
	bpf_loop(OPEN_MAX, streams_refuse_step, &refusal, 0);
	return 0;
}

#endif
