/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/explain_exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/alerting_worst.h"
#include "agent/explain_facts.h"
#include "base/cleanup.h"
#include "base/json_values.h"
#include "base/term_names.h"

struct value {
	char *text;
	struct slo_events events;
};

struct dimension {
	struct value *list; /* EXPLAIN_EXACT_MAX of them */
	size_t n;
	bool too_many;
};

struct adding {
	const struct config_slo *slo;
	struct dimension routes, methods;
	struct slo_events sum;
};

static int dimension_add(struct dimension *dimension, const char *text, struct slo_events events)
{
	size_t i = 0;

	while (i < dimension->n && strcmp(dimension->list[i].text, text) != 0)
		i++;
	if (i == EXPLAIN_EXACT_MAX) {
		dimension->too_many = true;
		return 0;
	}
	if (i == dimension->n) {
		dimension->list[i] = (struct value){.text = strdup(text)};
		if (!dimension->list[i].text)
			return -ENOMEM;
		dimension->n++;
	}
	dimension->list[i].events.good += events.good;
	dimension->list[i].events.bad += events.bad;
	return 0;
}

static int add_requests(void *context, const struct record_requests *requests)
{
	struct adding *adding = context;
	const bool bad = alerting_requests_are_bad(adding->slo, requests);
	const struct slo_events events = {bad ? 0 : requests->requests,
					  bad ? requests->requests : 0};
	int r;

	if (!requests->requests || !alerting_requests_are_eligible(adding->slo, requests))
		return 0;
	adding->sum.good += events.good;
	adding->sum.bad += events.bad;
	r = dimension_add(&adding->routes, requests->route, events);
	return r ?: dimension_add(&adding->methods, requests->method, events);
}

static int put_value(json_t *array, const char *dimension, const char *text,
		     struct slo_events events)
{
	json_t *object = json_object();
	int failed = json_put(object, "dimension", json_string(dimension));

	failed |= json_put(object, "value", json_text_or_null(text));
	failed |= json_put(object, "good", json_count(events.good));
	failed |= json_put(object, "bad", json_count(events.bad));
	return json_push(array, json_checked(object, failed));
}

static int put_dimension(json_t *array, const char *name, const struct dimension *dimension)
{
	int failed = 0;

	/* one value tells nothing apart */
	for (size_t i = 0; !dimension->too_many && dimension->n > 1 && i < dimension->n; i++)
		failed |=
			put_value(array, name, dimension->list[i].text, dimension->list[i].events);
	return failed;
}

enum { VERSIONS_SUMMED = 64 };

/*
 * Versions' counters are read some milliseconds after the SLO's: so much may one sum be beyond the other, or lack. What
 * lacks beyond that has no version that is known.
 */
static const double skew_ratio = 0.02;

static uint64_t rest_of(uint64_t all, uint64_t sum)
{
	return (double)all > (double)sum * (1 + skew_ratio) ? all - sum : 0;
}

static int put_versions(const struct agent *agent, const struct track *track, double from,
			double until, struct slo_events events, json_t *array)
{
	struct version_sum sums[VERSIONS_SUMMED];
	struct slo_events sum = {}, rest;
	size_t n;
	int failed = 0;

	if (!agent->versions || track->counts == TRACK_NO_COUNTS)
		return 0;
	n = versions_sums(agent->versions, track->counts, from, until, sums, VERSIONS_SUMMED);
	for (size_t i = 0; i < n; i++) {
		sum.good += sums[i].good;
		sum.bad += sums[i].bad;
	}
	rest.good = rest_of(events.good, sum.good);
	rest.bad = rest_of(events.bad, sum.bad);
	/* one value tells nothing apart */
	if (n + (rest.good || rest.bad ? 1 : 0) < 2)
		return 0;
	for (size_t i = 0; i < n; i++)
		failed |= put_value(array, "version", sums[i].version,
				    (struct slo_events){sums[i].good, sums[i].bad});
	if (rest.good || rest.bad)
		failed |= put_value(array, "version", VERSION_OLDER, rest);
	return failed;
}

static void dimension_clear(struct dimension *dimension)
{
	for (size_t i = 0; i < dimension->n; i++)
		free(dimension->list[i].text);
	free(dimension->list);
}

json_t *explain_exact_json(struct agent *agent, const struct track *track, double from,
			   double until, struct slo_events events)
{
	struct adding adding = {
		.slo = track->slo,
		.routes.list = calloc(EXPLAIN_EXACT_MAX, sizeof(struct value)),
		.methods.list = calloc(EXPLAIN_EXACT_MAX, sizeof(struct value)),
	};
	json_t *array = json_array();
	int failed = 0, r = adding.routes.list && adding.methods.list ? 0 : -ENOMEM;

	r = r	  ?:
		    record_each_requests(agent->record, track->service, from, until, add_requests,
					 &adding);
	/* without the record nothing is exact, which is no failure */
	if (!r && adding.sum.good == events.good && adding.sum.bad == events.bad) {
		failed = put_dimension(array, "route", &adding.routes);
		failed |= put_dimension(array, "method", &adding.methods);
	}
	failed |= put_versions(agent, track, from, until, events, array);
	dimension_clear(&adding.routes);
	dimension_clear(&adding.methods);
	return json_checked(array, failed || r == -ENOMEM);
}
