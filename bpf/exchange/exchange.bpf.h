/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchanges: the requests that a connection owes an answer to, numbered from 1. The request side opens
 * them, the response side answers them, and whoever ends one first, be it an answer, an abort or the
 * sweep, claims it with one compare-and-swap, so that each is counted exactly once however these race.
 *
 * One exchange sits in the connection itself; further ones that are open at once (pipelining, streams) have a place
 * each in `pending_near`, or, where another one is there, in the `pending` map. Where requests are answered in any
 * order, see exchange/streams.
 */
#ifndef SLIPROBE_EXCHANGE_EXCHANGE_BPF_H
#define SLIPROBE_EXCHANGE_EXCHANGE_BPF_H

#include "abi.h"
#include "exchange/streams_old.bpf.h"
#include "judge/judge.bpf.h"
#include "judge/origin.bpf.h"
#include "judge/request.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	PENDING_MAX = 65536,
	PENDING_NEAR = 4096, /* a power of two */
	OPEN_MAX =
		PENDING_MAX + 1, /* on one connection: all in the map, and that in the connection */
	CLAIM_NUMBERS = 1U << 31, /* that a claim tells apart */
	CLAIM_NONE = 1, /* of no exchange: no number is a multiple of CLAIM_NUMBERS */
};

enum exchange_stage {
	EXCHANGE_OPEN, /* whole with its first read, or it is the newest and still arriving */
	EXCHANGE_ARRIVING, /* of a stream: it is still arriving */
	EXCHANGE_ASKED, /* whole later than its first read: exchange_asked() */
	EXCHANGE_UNSENT, /* the answer is whole, and not all of it is sent: exchanges_hold() */
	EXCHANGE_ANSWERED, /* the answer is whole, the verdict waits: see exchange_answer() */
	EXCHANGE_TOLD, /* likewise, for exchanges_settle() alone */
};

struct exchange {
	__u32 claim; /* number << 1 | ended: set once, by whoever ends it */
	__u16 status; /* if answered; of a stream: as far as it is known */
	__u8 stage; /* enum exchange_stage */
	__u8 charged; /* it is not `first`: to a found service */
	struct request request;
	union {
		__u64 asked_ns; /* EXCHANGE_ASKED: when all of the request had arrived */
		__u64 ends_at; /* EXCHANGE_UNSENT: where the answer ends in what the connection sends */
		__u64 service_ns; /* if answered */
	};
	__u64 body_bytes; /* likewise */
	__u32 first_byte_us; /* of a stream: of the answer, from the first read on, rounded up; 0: there was none yet */
	union { /* of a stream */
		__u32 content; /* before the answer is whole: bytes of its content, plus 1; 0: not known */
		__u32 told_next; /* number of the one that was answered behind it, see streams_tell() */
	};
};

/* Those of one connection. */
struct exchanges {
	struct origin origin;
	__u32 next; /* number of the next exchange; set by the request side. 1: there was none yet */
	__u32 freed; /* the slots of all lower numbers are free; set by the response side */
	__u64 gone_ns; /* when the peer went, or closed its side; set by the hook; 0: it did not */
	/* of streams: see exchange/streams */
	__u32 told_first; /* numbers; 0: there is none */
	__u32 told_last;
	__u32 told_done;
	__u8 streams; /* they are answered in any order */
	__u8 has_old;
	__u8 pad[2];
	struct exchange first;
};

struct pending_key {
	__u64 id;
	__u32 number;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PENDING_MAX);
	__type(key, struct pending_key);
	__type(value, struct exchange);
} pending SEC(".maps");

/*
 * A place that the connection and the number tell: a look at it takes a tenth of one at the map, whose entries are cold,
 * besides, where many are open at once.
 */
struct pending_place {
	__u64 id;
	__u32 number; /* set last, and unset first; 0: none is there */
	__u32 taken; /* by one compare-and-swap */
	struct exchange exchange;
};

static struct pending_place pending_near[PENDING_NEAR]; /* of no interest to the agent */

__u32 pending_far; /* those in `pending` */
__u32 pending_found; /* those of found services */

static __always_inline void exchanges_init(struct exchanges *open, __u64 id)
{
	open->origin = (struct origin){.id = id};
	open->next = 1;
	open->freed = 1;
	open->gone_ns = 0;
	open->told_first = open->told_last = open->told_done = 0;
	open->streams = open->has_old = 0;
	open->first.claim = CLAIM_NONE;
}

/* The number behind `number`. A connection that lasts goes round: neither 0 nor 1 comes again. */
static __always_inline __u32 exchange_after(__u32 number)
{
	number++;
	if (!(number & (CLAIM_NUMBERS - 1)))
		number += 2;
	return number;
}

/* The number that `number` is behind. */
static __always_inline __u32 exchange_before(__u32 number)
{
	number--;
	if ((number & (CLAIM_NUMBERS - 1)) == 1 && number != 1)
		number -= 2;
	return number;
}

/* Requests may be open. */
static __always_inline bool exchanges_any(const struct exchanges *open)
{
	return open->next != open->freed || open->has_old;
}

static __always_inline struct pending_key pending_key_of(const struct exchanges *open, __u32 number)
{
	struct pending_key key = {.id = open->origin.id, .number = number};

	return key;
}

/* The numbers of a connection have places in a row, connections begin anywhere. */
static __always_inline struct pending_place *pending_place_of(const struct exchanges *open,
							      __u32 number)
{
	__u32 at = ((__u32)open->origin.id * 0x9e3779b1U >> 16) + number;

	return &pending_near[at & (PENDING_NEAR - 1)];
}

static __always_inline bool pending_is_at(const struct pending_place *place,
					  const struct exchanges *open, __u32 number)
{
	return place->number == number && place->id == open->origin.id;
}

static __always_inline bool exchange_is_first(const struct exchanges *open, __u32 number)
{
	return open->first.claim >> 1 == (number & (CLAIM_NUMBERS - 1));
}

static __always_inline struct exchange *exchange_find(struct exchanges *open, __u32 number)
{
	struct pending_place *place;
	struct pending_key key;

	if (exchange_is_first(open, number))
		return &open->first;
	place = pending_place_of(open, number);
	if (pending_is_at(place, open, number))
		return &place->exchange;
	if (!pending_far)
		return NULL;
	key = pending_key_of(open, number);
	return bpf_map_lookup_elem(&pending, &key);
}

/* True for the one caller that may end the exchange. */
static __always_inline bool exchange_claim(struct exchange *exchange, __u32 number)
{
	__u32 unclaimed = number << 1;

	return __sync_val_compare_and_swap(&exchange->claim, unclaimed, unclaimed | 1) == unclaimed;
}

/*
 * Found services leave half of `pending` to configured ones, and each of them some to the others: whoever can run a
 * server and its client can have any number of requests wait.
 */
static __always_inline bool pending_charge(__u32 service)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (!books || books->pending >= PENDING_OF_FOUND || pending_found >= PENDING_FOUND_MAX)
		return false;
	__sync_fetch_and_add(&books->pending, 1);
	__sync_fetch_and_add(&pending_found, 1);
	return true;
}

static __always_inline void pending_discharge(__u32 service)
{
	struct service_books *books = bpf_map_lookup_elem(&service_books, &service);

	if (books)
		__sync_fetch_and_add(&books->pending, -1);
	__sync_fetch_and_add(&pending_found, -1);
}

/* `exchange`: what exchange_find() has for the number. */
static __always_inline void exchange_free(struct exchanges *open, __u32 number,
					  const struct exchange *exchange)
{
	struct pending_place *place;
	struct pending_key key;

	if (exchange_is_first(open, number)) {
		open->first.claim = CLAIM_NONE;
		return;
	}
	if (exchange->charged)
		pending_discharge(exchange->request.service);
	place = pending_place_of(open, number);
	if (pending_is_at(place, open, number)) {
		/* who ends a connection may free it, too: the place is another one's by then */
		if (__sync_val_compare_and_swap(&place->number, number, 0) == number)
			store_release(&place->taken, 0);
		return;
	}
	key = pending_key_of(open, number);
	if (!bpf_map_delete_elem(&pending, &key))
		__sync_fetch_and_add(&pending_far, -1);
}

static __always_inline __u64 exchange_service_ns(const struct exchange *exchange, __u64 until_ns)
{
	return until_ns > exchange->request.first_read_ns ?
		       until_ns - exchange->request.first_read_ns :
		       0;
}

/*
 * The peer has not taken the answer, and had gone at open->gone_ns, if that is known: so long did the
 * request take. It may not even have been read by then. Returns its time of service, which else is
 * `service_ns`. Not inlined: its stack is not its callers'.
 */
static __noinline __u64 exchange_left(const struct exchanges *open, struct exchange *exchange,
				      __u64 service_ns)
{
	__u64 arrived_ns = exchange->request.first_read_ns - exchange->request.queue_ns;
	__u64 gone_ns = open->gone_ns;

	if (!gone_ns)
		return service_ns;
	if (gone_ns < exchange->request.first_read_ns)
		exchange->request.queue_ns = gone_ns > arrived_ns ? gone_ns - arrived_ns : 0;
	return exchange_service_ns(exchange, gone_ns);
}

/* ---- open ---- */

/* All but the claim, and the request. */
static __always_inline void exchange_fill(const struct opening *opening, enum exchange_stage stage,
					  struct exchange *ret)
{
	ret->stage = stage;
	ret->status = opening->status;
	ret->body_bytes = 0;
	ret->first_byte_us = 0;
	ret->content = 0;
}

/* In the map. Its stack is not its callers'. */
static __noinline int pending_put(struct exchanges *open, const struct opening *opening,
				  __u32 number, __u32 stage)
{
	struct pending_key key;
	struct exchange exchange = {.claim = number << 1};

	if (!open || !opening)
		return -1;
	key = pending_key_of(open, number);
	exchange_fill(opening, stage, &exchange);
	request_init_apart(opening, &exchange.request);
	exchange.charged = opening->service >= SERVICE_FOUND;
	/* first: who finds none does not look for it */
	__sync_fetch_and_add(&pending_far, 1);
	if (!bpf_map_update_elem(&pending, &key, &exchange, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(&pending_far, -1);
	return -1;
}

/* It is not the only one of its connection. */
static __always_inline bool pending_open(struct exchanges *open, const struct opening *opening,
					 __u32 number, enum exchange_stage stage)
{
	struct pending_place *place = pending_place_of(open, number);
	bool charged = opening->service >= SERVICE_FOUND;

	/* whoever ends what is open looks no further than OPEN_MAX from the first one on */
	if (number - open->freed >= OPEN_MAX || (charged && !pending_charge(opening->service)))
		return false;
	if (!place->taken && !__sync_val_compare_and_swap(&place->taken, 0, 1)) {
		place->id = open->origin.id;
		place->exchange.claim = number << 1;
		place->exchange.charged = charged;
		exchange_fill(opening, stage, &place->exchange);
		request_init_apart(opening, &place->exchange.request);
		store_release(&place->number, number);
		return true;
	}
	if (!pending_put(open, opening, number, stage))
		return true;
	if (charged)
		pending_discharge(opening->service);
	return false;
}

/* Exchange `number` begins, which is not below open->next. */
static __always_inline void exchange_open_as(struct exchanges *open, const struct opening *opening,
					     __u32 number, enum exchange_stage stage,
					     const enum writer writer)
{
	stat_seen(open->origin.shared ? WRITER_SHARED : writer);
	if (number == open->freed && (!open->streams || open->first.claim == CLAIM_NONE)) {
		/* the claim goes last: with it the slot is this exchange's for all others */
		open->first.claim = CLAIM_NONE;
		exchange_fill(opening, stage, &open->first);
		request_init(opening, &open->first.request);
		store_release(&open->first.claim, number << 1);
	} else if (!pending_open(open, opening, number, stage)) {
		stat_lost(opening->service, LOST_PENDING_FULL);
	}
	store_release(&open->next, exchange_after(number));
}

/* The head of a request is complete, or was answered before it was. */
static __always_inline void exchange_open(struct exchanges *open, const struct opening *opening,
					  const enum writer writer)
{
	exchange_open_as(open, opening, open->next, EXCHANGE_OPEN, writer);
}

/*
 * The request took several reads, and is whole now: since asked_ns. Only that request's own operations, and the
 * sweep, say so.
 */
static __always_inline void exchange_asked_of(struct exchanges *open, __u32 number, __u64 asked_ns)
{
	struct exchange *exchange = exchange_find(open, number);

	if (!exchange || exchange->claim != number << 1 || exchange->stage >= EXCHANGE_ASKED)
		return;
	exchange->asked_ns = asked_ns;
	barrier();
	exchange->stage = EXCHANGE_ASKED;
}

/* Likewise, of the newest request. */
static __always_inline void exchange_asked(struct exchanges *open, __u64 asked_ns)
{
	exchange_asked_of(open, exchange_before(open->next), asked_ns);
}

/* Since when all of the request has been there. */
static __always_inline __u64 exchange_asked_ns(const struct exchange *exchange)
{
	return exchange->stage == EXCHANGE_ASKED ?
		       exchange->asked_ns :
		       exchange->request.first_read_ns - exchange->request.queue_ns;
}

/* ---- answer ---- */

/*
 * The answer to exchange `number` is complete: all of it was handed to the kernel, at now_ns; 0: just
 * now. `exchange` is what exchange_find() has for it; NULL: it was lost. *verdict gets its time here.
 *
 * `wait`: the peer has closed its side and has not acknowledged the answer. An acknowledgement means
 * that it got the answer, a reset that it had gone (client_abort). Until then the verdict waits in
 * the slot: see exchanges_end(). On a connection that is shared it waits there for exchanges_settle().
 */
static __always_inline void exchange_answer(struct exchanges *open, __u32 number,
					    struct exchange *exchange, struct verdict *verdict,
					    __u64 now_ns, bool wait, const enum writer writer)
{
	bool in_order = open->freed == number;

	if (!exchange) {
		if (in_order)
			open->freed = exchange_after(number);
		return;
	}
	if (!now_ns)
		now_ns = bpf_ktime_get_ns();
	verdict->service_ns = exchange_service_ns(exchange, now_ns);
	if (verdict->outcome == OUTCOME_CLIENT_ABORT)
		verdict->service_ns = exchange_left(open, exchange, verdict->service_ns);
	if (wait || open->origin.shared) {
		exchange->status = verdict->status;
		exchange->service_ns = verdict->service_ns;
		exchange->body_bytes = verdict->body_bytes;
		exchange->stage = wait ? EXCHANGE_ANSWERED : EXCHANGE_TOLD;
		return;
	}
	if (exchange_claim(exchange, number))
		judge(&open->origin, number, &exchange->request, verdict, writer);
	if (in_order) {
		exchange_free(open, number, exchange);
		open->freed = exchange_after(number);
	}
}

/* The answer to exchange `number` has begun, and is not complete: at now_ns; 0: just now. For samples alone. */
static __always_inline void exchange_begun(struct exchanges *open, __u32 number, __u64 now_ns)
{
	if (!sample_settings.on)
		return;
	open->origin.first_byte_ns = now_ns ? now_ns : bpf_ktime_get_ns();
	open->origin.first_byte_of = number & SAMPLE_NUMBER;
}

/* ---- end without an answer ---- */

enum by_close {
	BY_CLOSE_CUT, /* the answer is cut off */
	BY_CLOSE_WHOLE, /* its end is that of the connection */
};

/* An answer of which a part was sent. */
struct unfinished {
	__u64 body_bytes;
	__u32 number; /* of its exchange; 0: there is none */
	__u16 status;
	__u8 by_close; /* enum by_close: what it is if the connection ends now */
	__u8 pad;
};

enum ending_kind {
	ENDING_COUNTED, /* by their outcomes */
	ENDING_LOST, /* no outcome can be known: counted as lost */
};

/* How to end the exchanges that are open. */
struct ending {
	struct unfinished last; /* if BY_CLOSE_WHOLE, it is an answer, with the outcome `waiting` */
	__u8 kind; /* enum ending_kind */
	__u8 lost; /* enum lost_reason */
	__u8 outcome; /* enum outcome, of those without a whole answer */
	__u8 waiting; /* enum outcome, of those whose verdict waited for the peer */
	__u8 gone; /* nobody answers any more: free the slots too */
	__u8 pad[3];
	__u32 refused; /* number of the first that is not accepted; 0: none is said to be */
	__u32 pad2;
};

/* The connection was to end before this request: the server has said so, or the client. */
static __always_inline bool exchange_is_refused(__u32 number, __u32 refused)
{
	return refused && (__s32)(number - refused) >= 0;
}

struct ending_walk {
	struct exchanges *open;
	const struct ending *how;
	__u64 old; /* of those that are noted as old */
};

static __always_inline void exchange_end(struct exchange *exchange, __u32 number,
					 const struct ending_walk *walk)
{
	const struct ending *how = walk->how;
	struct verdict verdict = {
		.outcome = how->outcome,
		.first_byte_us = exchange->first_byte_us,
	};

	if (exchange->stage >= EXCHANGE_ANSWERED) {
		verdict.outcome = how->waiting;
		verdict.status = exchange->status;
		verdict.service_ns = exchange->service_ns;
		verdict.body_bytes = exchange->body_bytes;
	} else {
		if (how->last.by_close == BY_CLOSE_WHOLE && how->last.number == number) {
			verdict.outcome = how->waiting;
			verdict.status = how->last.status;
			verdict.body_bytes = how->last.body_bytes;
		} else if (exchange_is_refused(number, how->refused)) {
			verdict.outcome = OUTCOME_NOT_ACCEPTED;
		}
		verdict.service_ns = exchange_service_ns(exchange, bpf_ktime_get_ns());
	}
	if (verdict.outcome == OUTCOME_CLIENT_ABORT)
		verdict.service_ns = exchange_left(walk->open, exchange, verdict.service_ns);
	judge(&walk->open->origin, number, &exchange->request, &verdict, WRITER_SHARED);
}

static long exchanges_end_step(__u32 i, struct ending_walk *walk)
{
	const struct ending *how = walk->how;
	struct exchange *exchange;
	__u32 number;

	number = walk->old ? streams_old_number(&walk->open->origin.id, i) : walk->open->freed + i;
	if (!walk->old && (__s32)(walk->open->next - number) <= 0)
		return 1;
	if (!number)
		return 0;
	exchange = exchange_find(walk->open, number);
	if (!exchange)
		return 0;
	if (exchange_claim(exchange, number)) {
		if (how->kind == ENDING_LOST)
			stat_lost(exchange->request.service, how->lost);
		else
			exchange_end(exchange, number, walk);
	}
	barrier_var(walk); /* what it has is loaded again, and not kept on the stack until here */
	if (walk->how->gone)
		exchange_free(walk->open, number, exchange);
	return 0;
}

/* Ends whatever is still open on the connection. */
__noinline int exchanges_end(struct exchanges *open, struct ending *how)
{
	if (!open || !how || !exchanges_any(open))
		return 0;

	struct ending_walk walk = {.open = open, .how = how};

	bpf_loop(OPEN_MAX, exchanges_end_step, &walk, 0);
	walk.old = open->has_old;
	if (walk.old)
		bpf_loop(STREAMS_OLD, exchanges_end_step, &walk, 0);
	if (how->gone) {
		open->freed = open->next;
		if (open->has_old)
			streams_old_drop(&open->origin.id);
		open->has_old = 0;
	}
	return 0;
}

/* Ends open exchanges whose outcome cannot be known. Not inlined: its stack is not its callers'. */
__noinline int exchanges_lose(struct exchanges *open, __u32 reason)
{
	struct ending how = {.kind = ENDING_LOST, .lost = reason, .gone = 1};

	if (open)
		exchanges_end(open, &how);
	return 0;
}

_Static_assert(sizeof(struct exchange) == 72, "exchange has no holes");
_Static_assert(sizeof(struct exchanges) == 144, "exchanges has no holes");
_Static_assert(sizeof(struct pending_key) == 16, "pending_key has no holes");
_Static_assert(sizeof(struct pending_place) == 88, "pending_place has no holes");

#endif
