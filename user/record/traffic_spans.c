/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/traffic_spans.h"

#include <errno.h>
#include <math.h>

#include "record/traffic_private.h"
#include "slo/time_limit.h"

struct reading {
	struct traffic *traffic;
	int (*fn)(void *context, const struct store_traffic_span *span);
	void *context;
};

static bool read_key(void *context, const struct store_traffic_key *key, uint32_t *ret)
{
	const struct reading *reading = context;

	return !traffic_key(reading->traffic, key, ret);
}

static int read_span(void *context, struct store_traffic_span *span)
{
	const struct reading *reading = context;

	return reading->fn(reading->context, span);
}

int traffic_each_on_disk(struct traffic *traffic, struct store *store, enum store_traffic which,
			 double from_seconds, double until_seconds,
			 int (*fn)(void *context, const struct store_traffic_span *span),
			 void *context)
{
	struct reading reading = {traffic, fn, context};
	const struct store_traffic_reader reader = {read_key, read_span, &reading};

	return store_each_traffic(store, which, from_seconds, until_seconds, &reader);
}

int traffic_each(struct traffic *traffic, struct store *store, enum store_traffic which,
		 double from_seconds, double until_seconds,
		 int (*fn)(void *context, const struct store_traffic_span *span), void *context)
{
	const struct record_tier *tier = &traffic->tiers.list[which];
	double known_from = fmin(tier->known_from, until_seconds);
	int r = 0;

	if (store && from_seconds < known_from)
		r = traffic_each_on_disk(traffic, store, which, from_seconds, known_from, fn,
					 context);
	if (r == -ENOENT)
		r = 0;
	for (size_t i = record_tier_after(tier, fmax(from_seconds, tier->known_from));
	     !r && i < tier->n && tier->list[i].to_seconds <= until_seconds; i++) {
		const struct record_packed *packed = &tier->list[i];
		struct store_traffic_span span = {packed->from_seconds, packed->to_seconds, {}};

		r = record_unpack(packed, &span.cells);
		r = r ?: fn(context, &span);
		cells_clear(&span.cells);
	}
	return r;
}

double traffic_known_from(const struct traffic *traffic, const struct store *store)
{
	double from =
		traffic->stepped_seconds - (double)store_traffic_keep_seconds[STORE_TRAFFIC_1H];

	for (size_t i = 0; !store && i < STORE_TRAFFIC_TIERS; i++)
		from = fmax(from, traffic->tiers.list[i].known_from);
	return fmax(from, traffic->since_seconds);
}

/* When the oldest span of a tier begins that ends after that time; +infinity without any. */
static double next_from(const struct traffic *traffic, struct store *store,
			enum store_traffic which, double after_seconds)
{
	const struct record_tier *tier = &traffic->tiers.list[which];
	size_t at = record_tier_after(tier, after_seconds);
	double in_memory = at < tier->n ? tier->list[at].from_seconds : INFINITY, on_disk;

	if (!store || store_next_traffic(store, which, after_seconds, &on_disk))
		return in_memory;
	return fmin(in_memory, on_disk);
}

double traffic_first(const struct traffic *traffic, struct store *store, enum store_traffic which)
{
	double first = INFINITY;

	/* a minute, or an hour, that is not over is in finer spans */
	for (int t = (int)which; t >= STORE_TRAFFIC_STEP; t--)
		first = fmin(first,
			     next_from(traffic, store, (enum store_traffic)t, -TIME_LIMIT_SECONDS));
	return fmax(first, traffic->tiers.list[which].lost_until);
}

double traffic_made_until(const struct traffic *traffic, enum store_traffic which)
{
	double width = record_tier_width_seconds[which];

	return which == STORE_TRAFFIC_STEP ? INFINITY :
					     floor(traffic->stepped_seconds / width) * width;
}

/* Whether a tier no longer has what the next one has in spans that end after that time. */
static bool is_gone(const struct traffic *traffic, struct store *store, enum store_traffic which,
		    double seconds)
{
	double first = fmax(next_from(traffic, store, which, -INFINITY),
			    traffic->tiers.list[which].lost_until);

	return seconds < first && next_from(traffic, store, which + 1, seconds) < first - 1e-3;
}

struct summing {
	struct traffic_sum *ret;
	size_t settled; /* cells after the last settling */
};

static int add_to_sum(void *context, const struct store_traffic_span *span)
{
	struct summing *summing = context;
	struct traffic_sum *ret = summing->ret;
	int r = 0;

	for (size_t i = 0; !r && i < span->cells.n; i++)
		r = cells_add(&ret->cells, span->cells.list[i].key, span->cells.list[i].code,
			      span->cells.list[i].n);
	ret->from_seconds = fmin(ret->from_seconds, span->from_seconds);
	ret->until_seconds = fmax(ret->until_seconds, span->to_seconds);
	/* many spans have much in common: what they take stays within a few times their sum */
	if (ret->cells.n > 4 * summing->settled + 65536) {
		cells_settle(&ret->cells);
		summing->settled = ret->cells.n;
	}
	return r;
}

/* The edges of the parts that are read from each tier: (from, minutes, hours, hours', minutes', until] */
struct parts {
	double from, minutes, hours, hours_end, minutes_end, until;
};

static struct parts divide(const struct traffic *traffic, struct store *store, double from,
			   double until)
{
	struct parts parts;
	double stepped;

	/* what the finer tier no longer has is taken from the next one, whole */
	for (size_t i = STORE_TRAFFIC_STEP; i < STORE_TRAFFIC_1H; i++) {
		double width = record_tier_width_seconds[i + 1];

		if (is_gone(traffic, store, i, from))
			from = floor(from / width) * width;
		if (is_gone(traffic, store, i, floor(until / width) * width))
			until = ceil(until / width) * width;
	}
	stepped = fmin(traffic->stepped_seconds, until);
	parts = (struct parts){
		.from = from,
		.minutes = ceil(from / 60) * 60,
		.minutes_end = floor(stepped / 60) * 60,
		.until = until,
	};
	if (!(parts.minutes < parts.minutes_end))
		parts.minutes = parts.minutes_end = fmax(from, fmin(parts.minutes, until));
	parts.hours = ceil(parts.minutes / 3600) * 3600;
	parts.hours_end = floor(parts.minutes_end / 3600) * 3600;
	if (!(parts.hours < parts.hours_end))
		parts.hours = parts.hours_end = parts.minutes_end;
	return parts;
}

int traffic_sum(struct traffic *traffic, struct store *store, double from_seconds,
		double until_seconds, struct traffic_sum *ret)
{
	struct traffic_sum sum = {.from_seconds = from_seconds, .until_seconds = until_seconds};
	struct summing summing = {.ret = &sum};
	struct parts parts = divide(traffic, store, from_seconds, until_seconds);
	const struct {
		enum store_traffic tier;
		double from, until;
	} reads[] = {
		{STORE_TRAFFIC_STEP, parts.from, parts.minutes},
		{STORE_TRAFFIC_1MIN, parts.minutes, parts.hours},
		{STORE_TRAFFIC_1H, parts.hours, parts.hours_end},
		{STORE_TRAFFIC_1MIN, parts.hours_end, parts.minutes_end},
		{STORE_TRAFFIC_STEP, parts.minutes_end, parts.until},
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(reads) / sizeof(reads[0]); i++) {
		if (reads[i].from < reads[i].until)
			r = traffic_each(traffic, store, reads[i].tier, reads[i].from,
					 reads[i].until, add_to_sum, &summing);
	}
	if (r) {
		cells_clear(&sum.cells);
		return r;
	}
	cells_settle(&sum.cells);
	*ret = sum;
	return 0;
}
