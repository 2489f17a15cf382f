/* SPDX-License-Identifier: GPL-2.0-only */
/* What services were asked, out of memory and disk. */
#include "record/private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/term_names.h"

struct traffic *record_traffic(struct record *record)
{
	return record->traffic;
}

double record_traffic_known_from(const struct record *record)
{
	return traffic_known_from(record->traffic, record->store);
}

int record_traffic_sum(struct record *record, double from_seconds, double until_seconds,
		       struct traffic_sum *ret)
{
	int r = traffic_sum(record->traffic, record->store, from_seconds, until_seconds, ret);

	if (r && r != -ENOMEM && record->store)
		r = traffic_sum(record->traffic, NULL, from_seconds, until_seconds, ret);
	return r;
}

double record_requests_from(const struct record *record)
{
	double from = record_traffic_known_from(record), series;

	if (record->store && !store_first_series(record->store, &series))
		from = fmin(from, series);
	return from;
}

/* The series of buckets that end up to there, of the tier that is like the spans'. */
static int each_former(struct record *record, const char *service, enum store_traffic tier,
		       double from_seconds, double until_seconds,
		       int (*series)(void *context, int64_t end_seconds,
				     const struct store_series *series),
		       void *context)
{
	int r;

	if (!record->store || !(from_seconds < until_seconds))
		return 0;
	r = store_each_series_bucket_of(record->store,
					tier == STORE_TRAFFIC_1H ? SLO_TIER_1H : SLO_TIER_1MIN,
					service, (int64_t)from_seconds, (int64_t)until_seconds,
					series, context);
	/* what is in memory can be shown */
	return r == -ENOMEM ? r : 0;
}

/*
 * From when on the spans of a tier have all requests. The first minute, or hour, that has spans may
 * have begun without them: then its series have more.
 */
static double spans_begin(struct record *record, enum store_traffic tier, double width)
{
	double first = traffic_first(record->traffic, record->store, tier), series;
	double begin = floor(first / width) * width;

	if (record->store && !store_first_series(record->store, &series) &&
	    series < floor(begin / 3600) * 3600)
		begin = ceil(first / width) * width;
	return begin;
}

int record_each_span(struct record *record, const char *service, enum store_traffic tier,
		     double from_seconds, double until_seconds,
		     int (*span)(void *context, const struct store_traffic_span *span),
		     int (*series)(void *context, int64_t end_seconds,
				   const struct store_series *series),
		     void *context)
{
	struct traffic *traffic = record->traffic;
	double width = tier == STORE_TRAFFIC_1H ? 3600 : 60;
	double begin = spans_begin(record, tier, width), at;
	int r = each_former(record, service, tier, from_seconds,
			    fmin(begin, ceil(until_seconds / width) * width), series, context);

	at = fmax(from_seconds, fmin(begin, until_seconds));
	for (int t = (int)tier; !r && t >= STORE_TRAFFIC_STEP; t--) {
		double until =
			fmin(traffic_made_until(traffic, (enum store_traffic)t), until_seconds);

		if (!(at < until))
			continue;
		r = traffic_each(traffic, record->store, (enum store_traffic)t, at, until, span,
				 context);
		if (r && r != -ENOMEM)
			r = traffic_each(traffic, NULL, (enum store_traffic)t, at, until, span,
					 context);
		at = until;
	}
	return r;
}

static int order(const void *a, const void *b)
{
	const struct record_requests *left = a, *right = b;
	int by = strcmp(left->route, right->route);

	by = by ?: strcmp(left->method, right->method);
	by = by ?: strcmp(left->outcome, right->outcome);
	return by ?: (int)left->status - (int)right->status;
}

/* The counts of the service's keys. The caller frees *ret. */
static int take_requests(const struct traffic *traffic, const char *service,
			 const struct cells *cells, struct record_requests **ret, size_t *ret_n)
{
	struct record_requests *list = calloc(cells->n ?: 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < cells->n; i++) {
		const struct cell *cell = &cells->list[i];
		const struct store_traffic_key *key = &traffic_keys(traffic)[cell->key];
		const char *outcome;

		if (!cell_is_count(cell->code) || strcmp(key->service, service) != 0)
			continue;
		outcome = outcome_name((enum outcome)cell_outcome(cell->code));
		list[n++] = (struct record_requests){
			.route = key->route,
			.method = key->method,
			.outcome = outcome ? outcome : "_other",
			.status = cell_status(cell->code),
			.requests = cell->n,
		};
	}
	qsort(list, n, sizeof(*list), order);
	*ret = list;
	*ret_n = n;
	return 0;
}

int record_each_requests(struct record *record, const char *service, double from_seconds,
			 double until_seconds,
			 int (*fn)(void *context, const struct record_requests *sum), void *context)
{
	_cleanup_free_ struct record_requests *list = NULL;
	struct traffic_sum sum;
	size_t n = 0;
	int r = record_traffic_sum(record, from_seconds, until_seconds, &sum);

	if (r)
		return r;
	r = take_requests(record->traffic, service, &sum.cells, &list, &n);
	cells_clear(&sum.cells);
	for (size_t i = 0; !r && i < n; i++)
		r = fn(context, &list[i]);
	return r;
}
