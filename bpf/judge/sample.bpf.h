/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which requests are sampled. Counts do not depend on it.
 *
 * Bad ones: all, as long as their class has no more than its rate; what is beyond is counted, and the next one that
 * is taken stands for it, too. The rate is kept by a generic cell rate algorithm with a burst of one second (ITU-T
 * I.371, annex A): one number for each class. Once the burst is used up, samples come at random distances around
 * the interval, so that no regular traffic can hide between them.
 *
 * Good ones: each processor takes one in so many, the distance drawn anew each time, between 1 and twice the mean. The mean
 * follows the rate of the service's requests, and where it lags behind, a sample is taken a second after the last
 * one all the same.
 */
#ifndef SLIPROBE_JUDGE_SAMPLE_BPF_H
#define SLIPROBE_JUDGE_SAMPLE_BPF_H

#include "abi.h"
#include "judge/origin.bpf.h"
#include "judge/request.bpf.h"
#include "judge/sample_emit.bpf.h"
#include "judge/stream_head_emit.bpf.h"
#include "judge/verdict.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/policy.bpf.h"
#include "kernel/stat.bpf.h"

enum {
	SAMPLE_CLASSES =
		SLO_COUNTS_MAX + SERVICES_MAX, /* by the SLO's counts; behind them by service */
	SAMPLE_TRIES = 4,
	SAMPLE_EVERY_MAX = 1 << 24,
};

_Static_assert(SERVICES_MAX % BLOCK == 0, "blocks are whole");

/* Bad requests of one class. */
struct sample_class {
	__u64 due_ns; /* when as many would have been taken as were, at the rate */
	__u32 skipped; /* since the last one that was taken */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SAMPLE_CLASSES);
	__type(key, __u32);
	__type(value, struct sample_class);
} sample_classes SEC(".maps");

/* Good requests of a service, on one processor. */
struct sample_good {
	__u64 last_ns; /* when one was taken, or need not be */
	__u32 skipped; /* since the last one that was taken; by the program on sending alone */
	__u32 shared; /* likewise, by all others */
	__u32 next; /* so many are skipped */
	__u32 pad;
};

/* Of services i * BLOCK up to (i + 1) * BLOCK - 1: the kernel allocates each entry by itself. */
struct sample_goods {
	struct sample_good of[BLOCK];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SERVICES_MAX / BLOCK);
	__type(key, __u32);
	__type(value, struct sample_goods);
} sample_good SEC(".maps");

/* Likewise, on all of them: touched only when one is to be taken. */
struct sample_rate {
	__u64 due_ns; /* as in sample_class, at twice the rate */
	__u64 last_ns; /* when one was taken for being due */
	__u64 since_ns;
	__u64 counted; /* since then */
	__u32 every; /* the mean distance */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct sample_rate);
} sample_rates SEC(".maps");

static __always_inline struct sample_good *sample_good_find(__u32 service)
{
	__u32 index = service / BLOCK;
	struct sample_goods *block = bpf_map_lookup_elem(&sample_good, &index);

	if (!block)
		return NULL;
	barrier_var(block); /* the test for NULL comes before the indexing */
	return &block->of[service % BLOCK];
}

static __always_inline __u32 sample_take_all(__u32 *counter)
{
	return __sync_lock_test_and_set(counter, 0);
}

/* True if one more may be taken now, at `rate` a second. */
static __always_inline bool sample_pace(__u64 *due_ns, __u64 now_ns, __u32 rate)
{
	__u64 interval_ns;

	if (!rate)
		return false;
	interval_ns = NS_OF_SECOND / rate;
	for (int i = 0; i < SAMPLE_TRIES; i++) {
		__u64 due = *due_ns, from = due > now_ns ? due : now_ns, step = interval_ns;

		if (from - now_ns + interval_ns > NS_OF_SECOND)
			return false;
		if (from - now_ns + 2 * interval_ns > NS_OF_SECOND)
			step = bpf_get_prandom_u32() % (2 * (__u32)interval_ns);
		if (__sync_val_compare_and_swap(due_ns, due, from + step) == due)
			return true;
	}
	return false;
}

/* ---- bad ones ---- */

static __always_inline bool sample_is_bad(const struct request *request,
					  const struct verdict *verdict, __u64 bad_slos)
{
	if (bad_slos || request->slo_mask)
		return bad_slos;
	return verdict->outcome != OUTCOME_COMPLETE || status_failed(verdict->status % STATUS_END);
}

/* The number of the lowest bit that is set; `bits` is not 0. */
static __always_inline __u32 sample_first_of(__u64 bits)
{
	__u32 n = 0;

	for (__u32 half = 32; half; half /= 2) {
		if (!(bits & ((1ULL << half) - 1))) {
			n += half;
			bits >>= half;
		}
	}
	return n;
}

static __always_inline __u32 sample_class_of(const struct request *request, __u64 bad_slos)
{
	struct policy *policy = policy_find(request->policy);
	__u32 first, found = 0;

	if (!policy || !bad_slos)
		return SLO_COUNTS_MAX + request->service;
	if (request->service >= SERVICE_FOUND)
		found = request->service - SERVICE_FOUND;
	first = sample_first_of(bad_slos);
	barrier_var(first);
	return first < POLICY_SLOS_MAX ? policy->slos[first].counts + found : 0;
}

/* How many requests a sample of this one stands for; 0: it is not taken. */
static __always_inline __u32 sample_bad_take(struct sample_class *class)
{
	if (!sample_settings.bad_per_second)
		return 0;
	if (sample_pace(&class->due_ns, bpf_ktime_get_ns(), sample_settings.bad_per_second))
		return 1 + sample_take_all(&class->skipped);
	__sync_fetch_and_add(&class->skipped, 1);
	return 0;
}

/* ---- good ones ---- */

/* Adds `n` requests; each second the mean distance is set by how many there were. */
static __always_inline void sample_rate_note(struct sample_rate *rate, __u64 now_ns, __u32 n)
{
	__u64 since = rate->since_ns, counted, per_ms;

	counted = __sync_fetch_and_add(&rate->counted, n) + n;
	if (now_ns - since < NS_OF_SECOND ||
	    __sync_val_compare_and_swap(&rate->since_ns, since, now_ns) != since)
		return;
	__sync_fetch_and_add(&rate->counted, -counted);
	per_ms = (now_ns - since) / NS_OF_MS * sample_settings.good_per_second;
	counted = per_ms ? counted * 1000 / per_ms : 1;
	rate->every = counted < 1 ? 1 : counted < SAMPLE_EVERY_MAX ? counted : SAMPLE_EVERY_MAX;
}

/* Whether one is to be taken that was not drawn: the service has had none for a second. */
static __always_inline bool sample_is_late(struct sample_rate *rate, __u64 now_ns)
{
	__u64 last = rate->last_ns;

	return now_ns - last >= NS_OF_SECOND &&
	       __sync_val_compare_and_swap(&rate->last_ns, last, now_ns) == last;
}

static __always_inline void sample_draw(struct sample_good *mine, const struct sample_rate *rate,
					__u32 skipped)
{
	__u32 every = rate->every;

	if (every < 1 || every > SAMPLE_EVERY_MAX)
		every = 1;
	mine->next = skipped + bpf_get_prandom_u32() % (2 * every - 1);
}

/* Requests that no sample stands for yet: `n` more of them. Returns how many there are. */
static __always_inline __u32 sample_skip(struct sample_good *mine, __u32 n, __u64 which)
{
	if (which & SAMPLE_ALONE)
		return mine->skipped += n;
	return __sync_fetch_and_add(&mine->shared, n) + n;
}

/* Those, and this one: the next sample stands for them. */
static __always_inline __u32 sample_take(struct sample_good *mine, __u64 which)
{
	__u32 n = 1 + sample_take_all(&mine->shared);

	if (which & SAMPLE_ALONE) {
		n += mine->skipped;
		mine->skipped = 0;
	}
	return n;
}

/* One may be taken. How many requests it stands for; 0: it is not taken. */
static __always_inline __u32 sample_good_due(struct sample_good *mine, struct sample_rate *rate,
					     bool drawn, __u64 which)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u32 n = 0, skipped = 0;

	if (!sample_settings.good_per_second)
		return 0;
	if (!drawn && !sample_is_late(rate, now_ns)) {
		sample_skip(mine, 1, which);
		mine->last_ns = rate->last_ns;
		return 0;
	}
	if (sample_pace(&rate->due_ns, now_ns, 2 * sample_settings.good_per_second)) {
		n = sample_take(mine, which);
		sample_rate_note(rate, now_ns, n);
		rate->last_ns = now_ns;
	} else {
		skipped = sample_skip(mine, 1, which);
		rate->every = rate->every >= SAMPLE_EVERY_MAX ? SAMPLE_EVERY_MAX :
			      rate->every		      ? rate->every * 2 :
								2;
	}
	mine->last_ns = now_ns;
	sample_draw(mine, rate, skipped);
	return n;
}

static __always_inline __u32 sample_good_take(const struct request *request,
					      const struct verdict *verdict, __u64 which)
{
	__u64 ended_ns = request->first_read_ns + verdict->service_ns;
	__u32 service = request->service, skipped;
	struct sample_good *mine = sample_good_find(service);
	struct sample_rate *rate;

	if (!mine)
		return 0;
	skipped = which & SAMPLE_ALONE ? mine->skipped : mine->shared;
	if (skipped < mine->next && (__s64)(ended_ns - mine->last_ns) < NS_OF_SECOND) {
		sample_skip(mine, 1, which);
		return 0;
	}
	rate = bpf_map_lookup_elem(&sample_rates, &service);
	return rate ? sample_good_due(mine, rate, skipped >= mine->next, which) : 0;
}

/* ---- either ---- */

static __always_inline struct sample_class *sample_class_find(const struct request *request,
							      __u64 bad_slos)
{
	__u32 index = sample_class_of(request, bad_slos);

	return bpf_map_lookup_elem(&sample_classes, &index);
}

/*
 * Whether a request that was judged is sampled: how many it stands for, as in `which`; 0: it is not. `bad_slos`: those
 * of its policy's SLOs that it was bad for. Not inlined: its stack is not its callers'.
 */
__noinline __u64 sample_choose(struct request *request, struct verdict *verdict, __u64 bad_slos,
			       __u64 which)
{
	struct sample_class *class;
	struct policy *policy;
	__u64 n;

	if (!request || !verdict)
		return 0;
	policy = policy_find(request->policy);
	if (!policy || !policy->samples)
		return 0;
	if (!sample_is_bad(request, verdict, bad_slos)) {
		n = sample_good_take(request, verdict, which);
		return (n & SAMPLE_COUNT) << SAMPLE_COUNT_SHIFT;
	}
	class = sample_class_find(request, bad_slos);
	n = class ? sample_bad_take(class) : 0;
	return n ? SAMPLE_IS_BAD | (n & SAMPLE_COUNT) << SAMPLE_COUNT_SHIFT : 0;
}

/* It has not left: the next sample stands for it. */
__noinline int sample_give_back(struct request *request, __u64 bad_slos, __u64 which)
{
	__u32 n = which >> SAMPLE_COUNT_SHIFT & SAMPLE_COUNT;
	struct sample_class *class;
	struct sample_good *mine;

	if (!request)
		return 0;
	if (which & SAMPLE_IS_BAD) {
		class = sample_class_find(request, bad_slos);
		if (class)
			__sync_fetch_and_add(&class->skipped, n);
		return 0;
	}
	mine = sample_good_find(request->service);
	if (mine)
		sample_skip(mine, n, which);
	return 0;
}

static __always_inline void sample(struct origin *origin, struct request *request,
				   struct verdict *verdict, __u64 bad_slos, __u64 which)
{
	__u64 chosen = sample_choose(request, verdict, bad_slos, which);

	if (!chosen)
		return;
	which |= chosen;
	if (origin->streams)
		stream_head_emit(origin, request, which & SAMPLE_NUMBER);
	if (sample_emit(origin, request, verdict, bad_slos, which))
		sample_give_back(request, bad_slos, which);
}

#endif
