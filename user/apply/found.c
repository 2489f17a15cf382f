/* SPDX-License-Identifier: GPL-2.0-only */
/* SLOs of every found service. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/private.h"
#include "base/cleanup.h"
#include "base/error.h"

void wildcards_free(struct wildcard *wildcards, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(wildcards[i].name);
		free(wildcards[i].definition);
	}
	free(wildcards);
}

int rules_add_wildcard(struct change *change, struct tables_slo *slo)
{
	const struct config_slo *config_slo = &change->config->slos[slo->config_slo];
	_cleanup_free_ char *rest = slo_definition(config_slo, NULL);
	struct slo_criteria criteria = tables_criteria(config_slo);
	struct wildcard *wildcard = &change->wildcards[change->n_wildcards];
	__u32 base;
	int r;

	if (!rest || asprintf(&wildcard->definition, "%s\n%s", config_slo->name, rest) < 0) {
		wildcard->definition = NULL;
		return -ENOMEM;
	}
	change->n_wildcards++;
	wildcard->slo = config_slo;
	wildcard->slice_seconds = config_slo->slice_seconds;
	wildcard->slice_target = config_slo->slice_target;
	wildcard->name = strdup(config_slo->name);
	if (!wildcard->name)
		return -ENOMEM;
	for (size_t i = 0; i < change->rules->n_wildcards; i++) {
		const struct wildcard *known = &change->rules->wildcards[i];

		if (strcmp(known->definition, wildcard->definition) != 0)
			continue;
		slo->criteria = wildcard->criteria = known->criteria;
		slo->counts = wildcard->base = known->base;
		wildcard->birth = known->birth;
		return 0;
	}
	r = places_take(change->rules->places->bases, SLO_WILDCARDS_MAX, &base);
	if (r)
		return error_set(
			change->error, -ENOSPC,
			"%s: expected at most %d SLOs for service \"*\" (those of open requests "
			"under earlier configurations included)",
			change->config->file, SLO_WILDCARDS_MAX);
	r = places_take(change->rules->places->criteria, SLO_CRITERIA_MAX, &wildcard->criteria);
	if (r)
		return r;
	wildcard->base = SLO_CRITERIA_MAX + base * ENDPOINTS_MAX;
	wildcard->birth = rules_born(change->rules);
	r = probe_write_criteria(change->probe, wildcard->criteria, &criteria);
	r = r ?: probe_zero_counts(change->probe, wildcard->base, ENDPOINTS_MAX);
	slo->criteria = wildcard->criteria;
	slo->counts = wildcard->base;
	return r;
}

/* What a wildcard's tracks are made by, also when its configuration has gone. */
static struct config_slo shape(const struct wildcard *wildcard)
{
	return (struct config_slo){
		.name = wildcard->name,
		.service = (char *)"*",
		.slice_seconds = wildcard->slice_seconds,
		.slice_target = wildcard->slice_target,
	};
}

static int found_track_add(struct rules *rules, const struct wildcard *wildcard,
			   const char *service, __u32 endpoint)
{
	_cleanup_free_ char *name = slo_instance_name(wildcard->name, service);
	struct found_track **list = wildcard->slo ? &rules->found : &rules->ending;
	size_t *n = wildcard->slo ? &rules->n_found : &rules->n_ending;
	const struct config_slo former = shape(wildcard);
	struct found_track *grown;
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
		      wildcard->birth, &track);
	if (r)
		return r;
	if (!wildcard->slo)
		track_end(track);
	grown[(*n)++] = (struct found_track){
		.track = track,
		.base = wildcard->base,
		.endpoint = endpoint,
	};
	return 0;
}

/* The track of a found service, whether or not its endpoint has been met. */
static struct found_track *found_of(struct rules *rules, const struct wildcard *wildcard,
				    const char *service, __u32 endpoint)
{
	struct found_track *list = wildcard->slo ? rules->found : rules->ending;
	size_t n = wildcard->slo ? rules->n_found : rules->n_ending;

	for (size_t i = 0; i < n; i++) {
		struct found_track *found = &list[i];

		if (found->base == wildcard->base &&
		    (found->endpoint == endpoint || (found->endpoint == ENDPOINT_NOT_MET &&
						     !strcmp(found->track->service, service))))
			return found;
	}
	return NULL;
}

int rules_found(struct rules *rules, const char *service, __u32 endpoint)
{
	for (size_t w = 0; w < rules->n_wildcards; w++) {
		const struct wildcard *wildcard = &rules->wildcards[w];
		struct found_track *found = found_of(rules, wildcard, service, endpoint);
		int r;

		if (!found) {
			r = found_track_add(rules, wildcard, service, endpoint);
			if (r)
				return r;
		} else if (found->endpoint == ENDPOINT_NOT_MET) {
			found->endpoint = endpoint;
			found->track->counts = wildcard->base + endpoint;
		}
	}
	return 0;
}

int rules_found_before(struct rules *rules, const char *name, const char *service,
		       const char *definition)
{
	for (size_t w = 0; w < rules->n_wildcards; w++) {
		const struct wildcard *wildcard = &rules->wildcards[w];
		_cleanup_free_ char *instance = slo_instance_name(wildcard->name, service);

		if (!instance)
			return -ENOMEM;
		if (!wildcard->slo || strcmp(wildcard->definition, definition) != 0 ||
		    strcmp(instance, name) != 0)
			continue;
		for (size_t i = 0; i < rules->n_found; i++) {
			if (!strcmp(rules->found[i].track->name, name))
				return 0;
		}
		return found_track_add(rules, wildcard, service, ENDPOINT_NOT_MET);
	}
	return 0;
}
