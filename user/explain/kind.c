/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/kind.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "explain/doubles.h"

#define MOST (2 / 3.0) /* of the bad requests */
#define RETRANSMIT_SECONDS 0.2 /* TCP_RTO_MIN of Linux */

enum {
	QUICK_SORT_MAX = 20000, /* good samples that the medians are of */
};

enum part { QUEUE, CPU, NETWORK, SERVICE, PARTS };

struct parts {
	double of[PARTS];
};

static double known(double seconds)
{
	return isfinite(seconds) && seconds > 0 ? seconds : 0;
}

static struct parts parts_of(const struct explain_times *times)
{
	double queue = known(times->queue), service = known(times->service);
	double cpu = fmin(known(times->run_delay), queue + service);
	double cpu_of_service = fmin(cpu, service);
	double network = known(times->window_full);
	struct parts ret;

	if (times->retransmits != UINT64_MAX)
		network += fmin((double)times->retransmits, 100) *
			   fmax(RETRANSMIT_SECONDS, known(times->rtt));
	ret.of[CPU] = cpu;
	ret.of[QUEUE] = queue - (cpu - cpu_of_service);
	ret.of[NETWORK] = fmin(network, service - cpu_of_service);
	ret.of[SERVICE] = service - cpu_of_service - ret.of[NETWORK];
	return ret;
}

/* Medians of the good; 0 where there are none. */
static struct parts usual_parts(const struct explain_times *times, size_t n)
{
	_cleanup_free_ double *sorted = malloc(QUICK_SORT_MAX * sizeof(*sorted));
	struct parts ret = {{0}};

	for (enum part part = 0; sorted && part < PARTS; part++) {
		size_t n_good = 0;

		for (size_t i = 0; i < n && n_good < QUICK_SORT_MAX; i++) {
			if (!times[i].bad)
				sorted[n_good++] = parts_of(&times[i]).of[part];
		}
		qsort(sorted, n_good, sizeof(*sorted), doubles_compare);
		ret.of[part] = n_good ? sorted[n_good / 2] : 0;
	}
	return ret;
}

/* Of the bad requests, by weight. */
struct excess {
	struct parts shares; /* of the time beyond the usual; each request counts once */
	double requests;
};

static void add_excess(const struct explain_times *times, const struct parts *usual,
		       struct excess *ret)
{
	struct parts parts = parts_of(times);
	double sum = 0;

	for (enum part part = 0; part < PARTS; part++) {
		parts.of[part] = fmax(parts.of[part] - usual->of[part], 0);
		sum += parts.of[part];
	}
	if (!(sum > 0))
		return;
	ret->requests += times->weight;
	/* one that took a minute says no more than one of a second */
	for (enum part part = 0; part < PARTS; part++)
		ret->shares.of[part] += times->weight * parts.of[part] / sum;
}

static enum explain_kind slow_kind(const struct explain_times *times, size_t n)
{
	struct parts usual = usual_parts(times, n);
	struct excess excess = {0};
	double half;

	for (size_t i = 0; i < n; i++) {
		if (times[i].bad)
			add_excess(&times[i], &usual, &excess);
	}
	half = excess.requests / 2;
	if (!(half > 0))
		return EXPLAIN_SLOW_SERVICE;
	if (excess.shares.of[CPU] >= half)
		return EXPLAIN_STARVED;
	if (excess.shares.of[NETWORK] >= half)
		return EXPLAIN_SLOW_NETWORK;
	return excess.shares.of[QUEUE] >= half ? EXPLAIN_SLOW_QUEUE : EXPLAIN_SLOW_SERVICE;
}

enum explain_kind explain_kind_of(const uint64_t reasons[BAD_REASON_COUNT],
				  const struct explain_times *times, size_t n_times)
{
	double all = 0, errors;

	for (int i = 0; i < BAD_REASON_COUNT; i++)
		all += (double)reasons[i];
	if (!(all > 0))
		return EXPLAIN_NONE;
	errors = (double)reasons[BAD_SERVER_ABORT] + (double)reasons[BAD_STATUS] +
		 (double)reasons[BAD_BODY];
	if (errors >= MOST * all)
		return EXPLAIN_ERRORS;
	if ((double)reasons[BAD_LATENCY] >= MOST * all)
		return slow_kind(times, n_times);
	if ((double)reasons[BAD_CLIENT_ABORT] >= MOST * all)
		return EXPLAIN_ABORTED;
	if ((double)reasons[BAD_UNANSWERED] >= MOST * all)
		return EXPLAIN_UNANSWERED;
	return EXPLAIN_MIXED;
}

const char *explain_kind_name(enum explain_kind kind)
{
	static const char *const names[] = {
#define X(id, name, words) [EXPLAIN_##id] = (name),
		EXPLAIN_KINDS(X)
#undef X
	};

	return kind < EXPLAIN_KIND_COUNT ? names[kind] : NULL;
}

const char *explain_kind_words(enum explain_kind kind)
{
	static const char *const words_of[] = {
#define X(id, name, words) [EXPLAIN_##id] = (words),
		EXPLAIN_KINDS(X)
#undef X
	};

	return kind < EXPLAIN_KIND_COUNT ? words_of[kind] : NULL;
}
