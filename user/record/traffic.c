/* SPDX-License-Identifier: GPL-2.0-only */
#include "record/traffic.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "record/keys.h"
#include "slo/time_limit.h"

enum {
	STEPS_BETWEEN_COUNTERS = 256, /* on disk: at the start, so many steps are added up */
	PUTS_BETWEEN_DROPS = 360, /* of keys: to find those in use takes 100 ms at most */
	OVERHEAD_BYTES = 64, /* of a packed span in memory */
};

#define TRAFFIC_NO_METHOD "_OTHER"
#define TRAFFIC_NO_ROUTE "_other"

static const double width_seconds[STORE_TRAFFIC_TIERS] = {
	[STORE_TRAFFIC_1MIN] = 60,
	[STORE_TRAFFIC_1H] = 3600,
};

/* A span in memory. */
struct packed {
	double from_seconds;
	double to_seconds;
	unsigned char *bytes;
	size_t n;
	bool written;
};

struct tier {
	struct packed *list; /* oldest first */
	size_t n;
	size_t max;
	double known_from; /* all that end after it are in memory */
	double rolled; /* the end of the newest span that ever was */
	double lost_until; /* spans that end up to then may be on neither side */
};

struct traffic {
	struct record_keys keys;
	struct tier tiers[STORE_TRAFFIC_TIERS];
	size_t bytes;
	struct cells counters; /* the kernel's, at the last step */
	char instance[64]; /* that they are of; "": none yet */
	double stepped_seconds; /* -infinity: no step yet */
	double first_to_seconds; /* the end of the first step, which had all of its kernel instance */
	double since_seconds; /* when it began to be kept; +infinity: not yet */
	bool loaded; /* the disk's counters are known */
	bool counters_due;
	size_t n_steps; /* since the counters were put */
	size_t n_puts; /* since keys were dropped */
};

static void cells_clear_at(struct cells *cells)
{
	cells_clear(cells);
}

int traffic_new(struct traffic **ret)
{
	struct traffic *traffic = calloc(1, sizeof(*traffic));

	if (!traffic)
		return -ENOMEM;
	if (record_keys_init(&traffic->keys)) {
		traffic_free(traffic);
		return -ENOMEM;
	}
	traffic->stepped_seconds = traffic->first_to_seconds = -INFINITY;
	traffic->since_seconds = INFINITY;
	traffic->counters_due = true;
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++)
		traffic->tiers[i].known_from = traffic->tiers[i].rolled =
			traffic->tiers[i].lost_until = -INFINITY;
	return *ret = traffic, 0;
}

void traffic_free(struct traffic *traffic)
{
	if (!traffic)
		return;
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = 0; i < traffic->tiers[t].n; i++)
			free(traffic->tiers[t].list[i].bytes);
		free(traffic->tiers[t].list);
	}
	cells_clear(&traffic->counters);
	record_keys_clear(&traffic->keys);
	free(traffic);
}

int traffic_key(struct traffic *traffic, const struct store_traffic_key *key, uint32_t *ret)
{
	return record_keys_number(&traffic->keys, key, ret);
}

const struct store_traffic_key *traffic_keys(const struct traffic *traffic)
{
	return traffic->keys.list;
}

/* ---- spans in memory ---- */

static int add_span(struct traffic *traffic, enum store_traffic which,
		    const struct store_traffic_span *span, bool written)
{
	struct tier *tier = &traffic->tiers[which];
	struct packed packed = {
		.from_seconds = span->from_seconds,
		.to_seconds = span->to_seconds,
		.written = written,
	};
	int r;

	if (tier->n == tier->max) {
		size_t max = tier->max ? 2 * tier->max : 64;
		struct packed *grown = reallocarray(tier->list, max, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		tier->list = grown;
		tier->max = max;
	}
	r = cells_pack(&span->cells, &packed.bytes, &packed.n);
	if (r)
		return r;
	tier->list[tier->n++] = packed;
	tier->rolled = fmax(tier->rolled, packed.to_seconds);
	traffic->bytes += packed.n + OVERHEAD_BYTES;
	return 0;
}

static int unpack(const struct packed *packed, struct cells *ret)
{
	return cells_unpack(packed->bytes, packed->n, ret);
}

/* The first span that ends after `seconds`. */
static size_t first_after(const struct tier *tier, double seconds)
{
	size_t low = 0, high = tier->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tier->list[middle].to_seconds <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void drop_oldest(struct traffic *traffic, enum store_traffic which, size_t n)
{
	struct tier *tier = &traffic->tiers[which];

	for (size_t i = 0; i < n; i++) {
		struct packed *packed = &tier->list[i];

		/* the disk's counters and steps no longer add up */
		if (which == STORE_TRAFFIC_STEP && !packed->written)
			traffic->counters_due = true;
		if (!packed->written)
			tier->lost_until = packed->to_seconds;
		tier->known_from = fmax(tier->known_from, packed->to_seconds);
		traffic->bytes -= packed->n + OVERHEAD_BYTES;
		free(packed->bytes);
	}
	tier->n -= n;
	if (n)
		memmove(tier->list, tier->list + n, tier->n * sizeof(*tier->list));
}

/* Those that the next tier has, too. */
static size_t count_rolled(const struct traffic *traffic, enum store_traffic which)
{
	const struct tier *tier = &traffic->tiers[which];

	if (which + 1 == STORE_TRAFFIC_TIERS)
		return tier->n ? tier->n - 1 : 0;
	return first_after(tier, traffic->tiers[which + 1].rolled);
}

/* Drops what is too old, and then, of the finest tier first, half of what there is too much. */
static void keep_bounds(struct traffic *traffic, double now_seconds)
{
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++) {
		double before = now_seconds - (double)store_traffic_keep_seconds[i];

		drop_oldest(traffic, i, first_after(&traffic->tiers[i], before));
	}
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS && traffic->bytes > TRAFFIC_MEMORY_BYTES; i++) {
		size_t n;

		while (traffic->bytes > TRAFFIC_MEMORY_BYTES && (n = count_rolled(traffic, i)))
			drop_oldest(traffic, i, (n + 1) / 2);
	}
}

static void mark_in_use(const struct cells *cells, bool in_use[RECORD_KEYS_MAX])
{
	for (size_t i = 0; i < cells->n; i++)
		in_use[cells->list[i].key] = true;
}

/* Finds the keys that nothing in memory has, and drops them. Without memory the next step tries. */
static void drop_unused_keys(struct traffic *traffic)
{
	_cleanup_free_ bool *in_use = calloc(RECORD_KEYS_MAX, sizeof(*in_use));

	if (!in_use)
		return;
	mark_in_use(&traffic->counters, in_use);
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = 0; i < traffic->tiers[t].n; i++) {
			_cleanup_(cells_clear_at) struct cells cells = {};

			if (unpack(&traffic->tiers[t].list[i], &cells))
				return;
			mark_in_use(&cells, in_use);
		}
	}
	record_keys_drop(&traffic->keys, in_use);
}

/* ---- a step ---- */

struct busy {
	uint32_t key;
	uint64_t requests;
};

static int busier(const void *a, const void *b)
{
	const struct busy *left = a, *right = b;

	if (left->requests != right->requests)
		return left->requests < right->requests ? 1 : -1;
	return (left->key > right->key) - (left->key < right->key);
}

static size_t count_keys(const struct cells *cells, struct busy *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < cells->n; i++) {
		const struct cell *cell = &cells->list[i];

		if (!n || ret[n - 1].key != cell->key)
			ret[n++] = (struct busy){cell->key, 0};
		if (cell_is_count(cell->code))
			ret[n - 1].requests += cell->n;
	}
	return n;
}

static int others_of(struct traffic *traffic, uint32_t key, uint32_t *ret)
{
	const struct store_traffic_key *known = &traffic->keys.list[key];

	return traffic_key(traffic,
			   &(struct store_traffic_key){known->service, TRAFFIC_NO_ROUTE,
						       TRAFFIC_NO_METHOD, known->role},
			   ret);
}

/* Gives the keys that are not among the busiest to the other requests of their service. */
static int fold(struct traffic *traffic, struct cells *cells)
{
	_cleanup_free_ struct busy *keys = calloc(cells->n ?: 1, sizeof(*keys));
	_cleanup_free_ uint32_t *becomes = NULL;
	size_t n;
	int r = 0;

	if (!keys)
		return -ENOMEM;
	n = count_keys(cells, keys);
	if (n <= TRAFFIC_KEYS_A_STEP)
		return 0;
	becomes = calloc(RECORD_KEYS_MAX, sizeof(*becomes));
	if (!becomes)
		return -ENOMEM;
	/* the steps on disk no longer add up to the counters */
	traffic->counters_due = true;
	qsort(keys, n, sizeof(*keys), busier);
	for (size_t i = 0; i < n && !r; i++) {
		becomes[keys[i].key] = keys[i].key;
		if (i >= TRAFFIC_KEYS_A_STEP)
			r = others_of(traffic, keys[i].key, &becomes[keys[i].key]);
	}
	for (size_t i = 0; i < cells->n && !r; i++)
		cells->list[i].key = becomes[cells->list[i].key];
	if (!r)
		cells_settle(cells);
	return r;
}

static double bucket_end(double t_seconds, double width)
{
	/* by whole microseconds, as in slo/history */
	return ceil(round(t_seconds * 1e6) / (width * 1e6)) * width;
}

/* One span of the spans [first, end) of the finer tier. */
static int roll_spans(struct traffic *traffic, enum store_traffic finer, size_t first, size_t end)
{
	const struct packed *list = traffic->tiers[finer].list;
	struct store_traffic_span span = {
		.from_seconds = list[first].from_seconds,
		.to_seconds = list[end - 1].to_seconds,
	};
	int r = 0;

	for (size_t i = first; !r && i < end; i++)
		r = unpack(&list[i], &span.cells);
	if (!r) {
		cells_settle(&span.cells);
		r = fold(traffic, &span.cells);
	}
	r = r ?: add_span(traffic, finer + 1, &span, false);
	cells_clear(&span.cells);
	return r;
}

/* Makes the minutes, or hours, that have ended. */
static int roll(struct traffic *traffic, enum store_traffic finer, double now_seconds)
{
	const struct tier *tier = &traffic->tiers[finer];
	double width = width_seconds[finer + 1];
	size_t first = first_after(tier, traffic->tiers[finer + 1].rolled);
	int r = 0;

	while (!r && first < tier->n) {
		double end_seconds = bucket_end(tier->list[first].to_seconds, width);
		size_t end = first_after(tier, end_seconds);

		if (end_seconds > now_seconds)
			break;
		r = roll_spans(traffic, finer, first, end);
		first = end;
	}
	return r;
}

static int add_step(struct traffic *traffic, double from_seconds, double to_seconds,
		    const struct cells *counters)
{
	struct store_traffic_span span = {from_seconds, to_seconds, {}};
	int r = cells_growth(&traffic->counters, counters, &span.cells);

	r = r ?: fold(traffic, &span.cells);
	if (!r && span.cells.n) {
		r = add_span(traffic, STORE_TRAFFIC_STEP, &span, false);
		if (!r && ++traffic->n_steps > STEPS_BETWEEN_COUNTERS)
			traffic->counters_due = true;
	}
	cells_clear(&span.cells);
	return r;
}

int traffic_pass(struct traffic *traffic, double to_seconds)
{
	int r = roll(traffic, STORE_TRAFFIC_STEP, to_seconds);

	r = r ?: roll(traffic, STORE_TRAFFIC_1MIN, to_seconds);
	traffic->stepped_seconds = fmax(traffic->stepped_seconds, to_seconds);
	keep_bounds(traffic, to_seconds);
	return r;
}

int traffic_step(struct traffic *traffic, const char *instance, double from_seconds,
		 double to_seconds, struct cells *counters)
{
	int r;

	if (strcmp(traffic->instance, instance) != 0) {
		cells_clear(&traffic->counters);
		traffic->counters_due = true;
	}
	/* times must go up: a span's key on disk is its end */
	to_seconds = fmax(to_seconds, traffic->tiers[STORE_TRAFFIC_STEP].rolled + 1e-6);
	if (!(from_seconds <= to_seconds))
		from_seconds = to_seconds;
	if (cells_fell(&traffic->counters, counters))
		traffic->counters_due = true;
	r = add_step(traffic, from_seconds, to_seconds, counters);
	if (r)
		return r;
	snprintf(traffic->instance, sizeof(traffic->instance), "%s", instance);
	cells_clear(&traffic->counters);
	traffic->counters = *counters;
	*counters = (struct cells){};
	if (isinf(traffic->first_to_seconds))
		traffic->first_to_seconds = to_seconds;
	traffic->since_seconds = fmin(traffic->since_seconds, from_seconds);
	return traffic_pass(traffic, to_seconds);
}

void traffic_end(struct traffic *traffic, const char *service)
{
	struct cells *counters = &traffic->counters;
	size_t n = 0;

	for (size_t i = 0; i < counters->n; i++) {
		if (strcmp(traffic_keys(traffic)[counters->list[i].key].service, service) != 0)
			counters->list[n++] = counters->list[i];
	}
	/* the steps on disk no longer add up to the counters */
	traffic->counters_due = traffic->counters_due || n < counters->n;
	counters->n = n;
}

int traffic_since_step(const struct traffic *traffic, const struct cells *counters,
		       struct cells *ret)
{
	return cells_growth(&traffic->counters, counters, ret);
}

/* ---- reading ---- */

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

int traffic_each(struct traffic *traffic, struct store *store, enum store_traffic which,
		 double from_seconds, double until_seconds,
		 int (*fn)(void *context, const struct store_traffic_span *span), void *context)
{
	const struct tier *tier = &traffic->tiers[which];
	struct reading reading = {traffic, fn, context};
	const struct store_traffic_reader reader = {read_key, read_span, &reading};
	double known_from = fmin(tier->known_from, until_seconds);
	int r = 0;

	if (store && from_seconds < known_from)
		r = store_each_traffic(store, which, from_seconds, known_from, &reader);
	if (r == -ENOENT)
		r = 0;
	for (size_t i = first_after(tier, fmax(from_seconds, tier->known_from));
	     !r && i < tier->n && tier->list[i].to_seconds <= until_seconds; i++) {
		const struct packed *packed = &tier->list[i];
		struct store_traffic_span span = {packed->from_seconds, packed->to_seconds, {}};

		r = unpack(packed, &span.cells);
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
		from = fmax(from, traffic->tiers[i].known_from);
	return fmax(from, traffic->since_seconds);
}

/* When the oldest span of a tier begins that ends after that time; +infinity without any. */
static double next_from(const struct traffic *traffic, struct store *store,
			enum store_traffic which, double after_seconds)
{
	const struct tier *tier = &traffic->tiers[which];
	size_t at = first_after(tier, after_seconds);
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
	return fmax(first, traffic->tiers[which].lost_until);
}

double traffic_made_until(const struct traffic *traffic, enum store_traffic which)
{
	double width = width_seconds[which];

	return which == STORE_TRAFFIC_STEP ? INFINITY :
					     floor(traffic->stepped_seconds / width) * width;
}

/* Whether a tier no longer has what the next one has in spans that end after that time. */
static bool is_gone(const struct traffic *traffic, struct store *store, enum store_traffic which,
		    double seconds)
{
	double first =
		fmax(next_from(traffic, store, which, -INFINITY), traffic->tiers[which].lost_until);

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
		double width = width_seconds[i + 1];

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

/* ---- the disk ---- */

struct loading {
	struct traffic *traffic;
	enum store_traffic tier;
	struct cells *counters; /* gets the cells of all spans, unless NULL */
	double counted_from; /* of spans that end after it */
	bool keep; /* the spans in memory */
	struct store_traffic_span *ret; /* grows by the spans' times, unless NULL */
};

static int load_span(void *context, const struct store_traffic_span *span)
{
	struct loading *loading = context;
	int r = 0;

	if (loading->counters && span->to_seconds > loading->counted_from) {
		for (size_t i = 0; !r && i < span->cells.n; i++)
			r = cells_add(loading->counters, span->cells.list[i].key,
				      span->cells.list[i].code, span->cells.list[i].n);
	}
	if (!r && loading->keep)
		r = add_span(loading->traffic, loading->tier, span, true);
	if (loading->ret) {
		loading->ret->from_seconds = fmin(loading->ret->from_seconds, span->from_seconds);
		loading->ret->to_seconds = fmax(loading->ret->to_seconds, span->to_seconds);
	}
	return r;
}

static int load_counters_span(void *context, const struct store_traffic_span *span)
{
	struct loading *loading = context;

	int r = load_span(loading, span);

	loading->counted_from = span->to_seconds;
	return r;
}

static int load(struct traffic *traffic, struct store *store, struct loading *loading,
		enum store_traffic tier, double from_seconds,
		int (*fn)(void *context, const struct store_traffic_span *span))
{
	struct reading reading = {traffic, fn, loading};
	const struct store_traffic_reader reader = {read_key, read_span, &reading};

	loading->tier = tier;
	return store_each_traffic(store, tier, from_seconds, INFINITY, &reader);
}

/* The counters on disk: those that were put, and the steps since. Keeps these steps in memory. */
static int load_counters(struct traffic *traffic, struct store *store, bool keep,
			 struct cells *counters)
{
	struct loading loading = {
		.traffic = traffic,
		.counters = counters,
		.counted_from = -INFINITY,
	};
	double from;
	int r = load(traffic, store, &loading, STORE_TRAFFIC_COUNTERS, -INFINITY,
		     load_counters_span);

	loading.keep = keep;
	from = keep ? fmin(loading.counted_from, traffic->tiers[STORE_TRAFFIC_1MIN].rolled) :
		      loading.counted_from;
	r = r ?: load(traffic, store, &loading, STORE_TRAFFIC_STEP, from, load_span);
	if (!r)
		cells_settle(counters);
	if (!r && keep)
		traffic->tiers[STORE_TRAFFIC_STEP].known_from = from;
	return r;
}

/*
 * The agent had begun without the disk, and so with all that its kernel instance had counted. What
 * of this the disk has already leaves the spans that have the first step.
 */
static int subtract(struct traffic *traffic, const struct cells *known)
{
	int r = 0;

	for (size_t t = 0; t < STORE_TRAFFIC_TIERS && !r; t++) {
		struct tier *tier = &traffic->tiers[t];
		size_t at = first_after(tier, traffic->first_to_seconds - 1e-6);
		_cleanup_(cells_clear_at) struct cells cells = {}, growth = {};
		unsigned char *bytes;
		size_t n;

		if (at == tier->n || tier->list[at].from_seconds > traffic->first_to_seconds)
			continue;
		r = unpack(&tier->list[at], &cells);
		r = r ?: cells_growth(known, &cells, &growth);
		r = r ?: cells_pack(&growth, &bytes, &n);
		if (r)
			break;
		traffic->bytes += n - tier->list[at].n;
		free(tier->list[at].bytes);
		tier->list[at].bytes = bytes;
		tier->list[at].n = n;
	}
	return r;
}

#define SINCE "traffic_since"

static int load_since(struct traffic *traffic, struct store *store)
{
	_cleanup_free_ char *text = NULL;
	int r = store_get_value(store, SINCE, &text);

	if (!r)
		traffic->since_seconds = fmin(traffic->since_seconds, strtod(text, NULL));
	return r == -ENOENT ? 0 : r;
}

static int put_since(const struct traffic *traffic, struct store *store)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", traffic->since_seconds);
	return store_put_value(store, SINCE, text);
}

/* Where the disk's agent left off. */
static int load_first(struct traffic *traffic, struct store *store, const char *instance)
{
	struct cells counters = {};
	struct loading loading = {.traffic = traffic, .keep = true};
	struct tier *minutes = &traffic->tiers[STORE_TRAFFIC_1MIN];
	struct tier *hours = &traffic->tiers[STORE_TRAFFIC_1H];
	int r = store_last_traffic(store, STORE_TRAFFIC_1MIN, &minutes->rolled);

	r = r ?: store_last_traffic(store, STORE_TRAFFIC_1H, &hours->rolled);
	hours->known_from = hours->rolled;
	r = r ?: load_counters(traffic, store, true, &counters);
	r = r ?: load(traffic, store, &loading, STORE_TRAFFIC_1MIN, hours->rolled, load_span);
	if (r) {
		cells_clear(&counters);
		return r;
	}
	minutes->known_from = hours->rolled;
	cells_clear(&traffic->counters);
	traffic->counters = counters;
	snprintf(traffic->instance, sizeof(traffic->instance), "%s", instance);
	return 0;
}

/*
 * The disk's agent has not made the minute, or hour, of its last spans: they become one, before those
 * in memory. span: gets their cells, beside those that it has.
 */
static int finish_last(struct traffic *traffic, struct store *store, enum store_traffic finer,
		       struct store_traffic_span *span)
{
	struct tier *tier = &traffic->tiers[finer + 1];
	struct loading loading = {
		.traffic = traffic,
		.counters = &span->cells,
		.counted_from = -INFINITY,
		.ret = span,
	};
	double last;
	int r = store_last_traffic(store, finer + 1, &last);

	r = r ?: load(traffic, store, &loading, finer, last, load_span);
	cells_settle(&span->cells);
	if (r || !span->cells.n || !(span->to_seconds < traffic->first_to_seconds))
		return r;
	r = add_span(traffic, finer + 1, span, false);
	if (!r && tier->n > 1) {
		struct packed added = tier->list[tier->n - 1];

		memmove(tier->list + 1, tier->list, (tier->n - 1) * sizeof(*tier->list));
		tier->list[0] = added;
	}
	return r;
}

static int finish_lasts(struct traffic *traffic, struct store *store)
{
	struct store_traffic_span span = {INFINITY, -INFINITY, {}};
	int r = finish_last(traffic, store, STORE_TRAFFIC_STEP, &span);

	r = r ?: finish_last(traffic, store, STORE_TRAFFIC_1MIN, &span);
	cells_clear(&span.cells);
	return r;
}

/* The disk could not be read before the first step. */
static int load_late(struct traffic *traffic, struct store *store, const char *instance)
{
	_cleanup_(cells_clear_at) struct cells counters = {};
	int r = strcmp(instance, traffic->instance) ?
			0 :
			load_counters(traffic, store, false, &counters);

	r = r ?: subtract(traffic, &counters);
	r = r ?: finish_lasts(traffic, store);
	for (size_t i = 0; i < STORE_TRAFFIC_TIERS; i++)
		traffic->tiers[i].known_from =
			fmax(traffic->tiers[i].known_from,
			     traffic->tiers[i].n ? traffic->tiers[i].list[0].to_seconds - 1e-6 :
						   traffic->first_to_seconds - 1e-6);
	traffic->counters_due = true;
	return r;
}

int traffic_load(struct traffic *traffic, struct store *store, const char *instance)
{
	int r = 0;

	if (traffic->loaded)
		return 0;
	traffic->loaded = true;
	store_forget_traffic_keys(store);
	r = isinf(traffic->first_to_seconds) ? load_first(traffic, store, instance) :
					       load_late(traffic, store, instance);
	r = r ?: load_since(traffic, store);
	traffic->counters_due = true;
	return r == -ENOENT ? 0 : r;
}

static int put_tier(struct traffic *traffic, struct store *store, enum store_traffic which)
{
	const struct tier *tier = &traffic->tiers[which];
	size_t first = tier->n;
	int r = 0;

	while (first && !tier->list[first - 1].written)
		first--;
	for (size_t i = first; !r && i < tier->n; i++) {
		struct store_traffic_span span = {
			tier->list[i].from_seconds, tier->list[i].to_seconds, {}};

		r = unpack(&tier->list[i], &span.cells);
		r = r ?: store_put_traffic(store, which, &span, traffic->keys.list);
		cells_clear(&span.cells);
	}
	return r;
}

int traffic_put(struct traffic *traffic, struct store *store)
{
	int r = 0;

	if (++traffic->n_puts > PUTS_BETWEEN_DROPS && record_keys_crowded(&traffic->keys)) {
		traffic->n_puts = 0;
		drop_unused_keys(traffic);
		store_forget_traffic_keys(store);
	}
	for (size_t i = 0; !r && i < STORE_TRAFFIC_TIERS; i++)
		r = put_tier(traffic, store, i);
	if (!r && traffic->counters_due && !isinf(traffic->stepped_seconds)) {
		const struct store_traffic_span span = {
			traffic->stepped_seconds, traffic->stepped_seconds, traffic->counters};

		r = put_since(traffic, store);
		r = r ?: store_put_traffic_counters(store, &span, traffic->keys.list);
	}
	return r;
}

void traffic_written(struct traffic *traffic)
{
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = traffic->tiers[t].n; i-- && !traffic->tiers[t].list[i].written;)
			traffic->tiers[t].list[i].written = true;
	}
	if (traffic->counters_due)
		traffic->n_steps = 0;
	traffic->counters_due = false;
}

void traffic_forget(struct traffic *traffic)
{
	for (size_t t = 0; t < STORE_TRAFFIC_TIERS; t++) {
		for (size_t i = 0; i < traffic->tiers[t].n; i++)
			traffic->tiers[t].list[i].written = false;
	}
	traffic->counters_due = true;
}
