/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/found.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/compile.h"
#include "apply/definition.h"
#include "apply/places.h"
#include "base/cleanup.h"

/* The wildcard of that definition, in force or ended; NULL if there is none. */
static const struct wildcard *known_wildcard(const struct tracks *tracks, const char *definition)
{
	for (size_t i = 0; i < tracks->n_wildcards; i++) {
		if (!strcmp(tracks->wildcards[i].definition, definition))
			return &tracks->wildcards[i];
	}
	return NULL;
}

static int wildcard_init(struct wildcard *wildcard, const struct config_slo *slo)
{
	_cleanup_free_ char *rest = slo_definition(slo, NULL);

	*wildcard = (struct wildcard){
		.slo = slo,
		.slice_seconds = slo->slice_seconds,
		.slice_target = slo->slice_target,
		.name = strdup(slo->name),
	};
	if (!rest || asprintf(&wildcard->definition, "%s\n%s", slo->name, rest) < 0)
		wildcard->definition = NULL;
	return wildcard->name && wildcard->definition ? 0 : -ENOMEM;
}

/* Takes places for a wildcard that begins. */
static int begin(struct change *change, struct wildcard *wildcard, struct error *error)
{
	struct numbers *numbers = &change->applied->numbers;
	int r = places_take_base(numbers->places, &wildcard->base);

	if (r)
		return error_set(
			error, r,
			"%s: expected at most %d SLOs for service \"*\" (those of open requests "
			"under earlier configurations included)",
			change->config->file, SLO_WILDCARDS_MAX);
	r = places_take_slot(numbers->places, &wildcard->criteria);
	if (r)
		return r;
	wildcard->birth = numbers_birth(numbers);
	change_add_counters(change, &(struct new_counters){
					    .slot = wildcard->criteria,
					    .criteria = tables_criteria(wildcard->slo),
					    .counts = wildcard->base,
					    .n_counts = ENDPOINTS_MAX,
				    });
	return 0;
}

int change_add_wildcard(struct change *change, struct tables_slo *slo, struct error *error)
{
	struct wildcard *wildcard = &change->wildcards[change->n_wildcards++];
	const struct wildcard *known;
	int r = wildcard_init(wildcard, &change->config->slos[slo->config_slo]);

	if (r)
		return r;
	known = known_wildcard(&change->applied->tracks, wildcard->definition);
	if (known) {
		wildcard->criteria = known->criteria;
		wildcard->base = known->base;
		wildcard->birth = known->birth;
	} else {
		r = begin(change, wildcard, error);
	}
	slo->criteria = wildcard->criteria;
	slo->counts = wildcard->base;
	return r;
}

/* An SLO to make the wildcard's tracks by, when its configuration has gone. */
static struct config_slo shape(const struct wildcard *wildcard)
{
	return (struct config_slo){
		.name = wildcard->name,
		.service = (char *)CONFIG_EVERY_SERVICE,
		.slice_seconds = wildcard->slice_seconds,
		.slice_target = wildcard->slice_target,
	};
}

/* When the counters of an endpoint began: `number` differs each time that its id is given out. */
static struct track_birth birth_of(const struct wildcard *wildcard, __u32 number)
{
	struct track_birth birth = wildcard->birth;

	birth.serial |= (__u64)(number & 0x7fffffff) << 32;
	return birth;
}

static int found_track_add(struct applied *applied, const struct wildcard *wildcard,
			   const char *service, __u32 endpoint, __u32 number)
{
	_cleanup_free_ char *name = slo_name_for(wildcard->name, service);
	struct track_entry **list =
		wildcard->slo ? &applied->tracks.found : &applied->tracks.ending;
	size_t *n = wildcard->slo ? &applied->tracks.n_found : &applied->tracks.n_ending;
	const struct config_slo former = shape(wildcard);
	struct track_entry *grown;
	struct track *track;
	int r;

	if (!name)
		return -ENOMEM;
	grown = realloc(*list, (*n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*list = grown;
	r = track_new(name, service, wildcard->definition, wildcard->slo ?: &former,
		      endpoint == ENDPOINT_NOT_MET ? TRACK_NO_COUNTS : wildcard->base + endpoint,
		      birth_of(wildcard, number), &track);
	if (r)
		return r;
	if (!wildcard->slo)
		track_end(track);
	grown[(*n)++] = (struct track_entry){
		.track = track,
		.base = wildcard->base,
		.endpoint = endpoint,
	};
	return 0;
}

/* The found service's entry for a wildcard, also if only its name is known; NULL if there is none. */
static struct track_entry *found_of(struct applied *applied, const struct wildcard *wildcard,
				    const char *service, __u32 endpoint)
{
	struct track_entry *list = wildcard->slo ? applied->tracks.found : applied->tracks.ending;
	size_t n = wildcard->slo ? applied->tracks.n_found : applied->tracks.n_ending;

	for (size_t i = 0; i < n; i++) {
		if (list[i].base == wildcard->base && list[i].endpoint == endpoint)
			return &list[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (list[i].base == wildcard->base && list[i].endpoint == ENDPOINT_NOT_MET &&
		    !strcmp(list[i].track->service, service))
			return &list[i];
	}
	return NULL;
}

/* A track whose service has been met (again) counts what its endpoint's counters have, from 0 on. */
static void meet(struct track_entry *found, const struct wildcard *wildcard, __u32 endpoint,
		 __u32 number)
{
	struct track *track = found->track;

	found->endpoint = endpoint;
	track->counts = wildcard->base + endpoint;
	track->birth = birth_of(wildcard, number);
	track->stepped = (struct slo_counts){};
}

int applied_found(struct applied *applied, const char *service, __u32 endpoint, __u32 number)
{
	for (size_t w = 0; w < applied->tracks.n_wildcards; w++) {
		const struct wildcard *wildcard = &applied->tracks.wildcards[w];
		struct track_entry *found = found_of(applied, wildcard, service, endpoint);
		int r;

		if (!found) {
			r = found_track_add(applied, wildcard, service, endpoint, number);
			if (r)
				return r;
		} else if (found->endpoint == ENDPOINT_NOT_MET) {
			meet(found, wildcard, endpoint, number);
		}
	}
	return 0;
}

static void lose(struct track_entry *list, size_t n, __u32 endpoint)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].base == BASE_NONE || list[i].endpoint != endpoint)
			continue;
		list[i].endpoint = ENDPOINT_NOT_MET;
		list[i].track->counts = TRACK_NO_COUNTS;
	}
}

void applied_lost(struct applied *applied, __u32 endpoint)
{
	lose(applied->tracks.found, applied->tracks.n_found, endpoint);
	lose(applied->tracks.ending, applied->tracks.n_ending, endpoint);
}

/* When its last event was; -infinity: it had none. */
static double last_event(const struct track *track)
{
	double t_seconds;

	return slo_history_last_event(track->history, &t_seconds) ? t_seconds : -INFINITY;
}

static bool may_be_forgotten(const struct track_entry *found)
{
	return found->endpoint == ENDPOINT_NOT_MET && !isnan(found->track->stepped_seconds) &&
	       !track_alerting(found->track);
}

static int latest_first(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* The time since which no more than FOUND_LOST_MAX had their last event. */
static double lost_since(const struct tracks *tracks)
{
	_cleanup_free_ double *last = NULL;
	size_t n = 0;

	if (tracks->n_found <= FOUND_LOST_MAX)
		return -INFINITY;
	last = calloc(tracks->n_found, sizeof(*last));
	if (!last)
		return -INFINITY;
	for (size_t i = 0; i < tracks->n_found; i++) {
		if (may_be_forgotten(&tracks->found[i]))
			last[n++] = last_event(tracks->found[i].track);
	}
	if (n <= FOUND_LOST_MAX)
		return -INFINITY;
	qsort(last, n, sizeof(*last), latest_first);
	return nextafter(last[FOUND_LOST_MAX], INFINITY);
}

void applied_forget_lost(struct applied *applied, double now_seconds)
{
	struct tracks *tracks = &applied->tracks;
	double since = lost_since(tracks);
	size_t n = 0;

	for (size_t i = 0; i < tracks->n_found; i++) {
		struct track_entry *found = &tracks->found[i];
		double last = last_event(found->track);

		if (may_be_forgotten(found) &&
		    (last < since ||
		     last < now_seconds - (double)found->track->slo->window_seconds))
			track_free(found->track);
		else
			tracks->found[n++] = *found;
	}
	tracks->n_found = n;
}

int applied_found_before(struct applied *applied, const char *name, const char *service,
			 const char *definition)
{
	for (size_t w = 0; w < applied->tracks.n_wildcards; w++) {
		const struct wildcard *wildcard = &applied->tracks.wildcards[w];
		_cleanup_free_ char *instance = slo_name_for(wildcard->name, service);

		if (!instance)
			return -ENOMEM;
		if (!wildcard->slo || strcmp(wildcard->definition, definition) != 0 ||
		    strcmp(instance, name) != 0)
			continue;
		for (size_t i = 0; i < applied->tracks.n_found; i++) {
			if (!strcmp(applied->tracks.found[i].track->name, name))
				return 0;
		}
		return found_track_add(applied, wildcard, service, ENDPOINT_NOT_MET, 0);
	}
	return 0;
}
