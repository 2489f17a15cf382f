/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/compile.h"
#include "apply/definition.h"
#include "apply/ending.h"
#include "apply/found.h"
#include "apply/places.h"
#include "apply/review.h"
#include "base/cleanup.h"

static bool is_same(const struct track *track, const char *name, const char *service,
		    const char *definition)
{
	return !strcmp(track->name, name) && !strcmp(track->service, service) &&
	       !strcmp(track->definition, definition);
}

static struct track *known_track(const struct tracks *tracks, const char *name, const char *service,
				 const char *definition)
{
	for (size_t i = 0; i < tracks->n_configured; i++) {
		if (is_same(tracks->configured[i], name, service, definition))
			return tracks->configured[i];
	}
	for (size_t i = 0; i < tracks->n_ending; i++) {
		const struct track_entry *ending = &tracks->ending[i];

		if (ending->base == BASE_NONE && is_same(ending->track, name, service, definition))
			return ending->track;
	}
	return NULL;
}

static int add_track(struct change *change, struct tables_slo *slo)
{
	const struct config_slo *config_slo = &change->config->slos[slo->config_slo];
	const struct config_service *service = &change->config->services[slo->config_service];
	struct numbers *numbers = &change->applied->numbers;
	_cleanup_free_ char *name = slo_name_for(config_slo->name, service->name);
	_cleanup_free_ char *definition = slo_definition(config_slo, service);
	struct new_counters counters = {.n_counts = 1};
	struct track *track;
	int r;

	if (!name || !definition)
		return -ENOMEM;
	track = known_track(&change->applied->tracks, name, service->name, definition);
	if (!track) {
		r = places_take_slot(numbers->places, &counters.slot);
		r = r	  ?:
			    track_new(name, service->name, definition, config_slo, counters.slot,
				      numbers_birth(numbers), &track);
		if (r)
			return r;
		counters.criteria = tables_criteria(config_slo);
		counters.counts = counters.slot;
		change_add_counters(change, &counters);
		change->fresh[change->n_tracks] = true;
	}
	slo->criteria = track->counts;
	slo->counts = track->counts;
	change->tracks[change->n_tracks++] = track;
	return 0;
}

static int add_slos(struct change *change, struct error *error)
{
	size_t n_old = change->applied->tracks.n_wildcards, n;
	int r = tables_slos(change->config, &change->slos, &change->n_slos);

	if (r)
		return r;
	n = change->n_slos;
	change->tracks = calloc(n + 1, sizeof(*change->tracks));
	change->fresh = calloc(n + 1, sizeof(*change->fresh));
	change->wildcards = calloc(n + n_old + 1, sizeof(*change->wildcards));
	change->write.counters = calloc(n + 1, sizeof(*change->write.counters));
	if (!change->tracks || !change->fresh || !change->wildcards || !change->write.counters)
		return -ENOMEM;
	r = change_reserve_ending(change);
	for (size_t i = 0; !r && i < n; i++) {
		if (change->slos[i].config_service == TABLES_FOUND)
			r = change_add_wildcard(change, &change->slos[i], error);
		else
			r = add_track(change, &change->slos[i]);
	}
	if (r == -ENOSPC && !error->text[0])
		error_set(error, r,
			  "%s: expected at most %d SLOs, those of open requests under earlier "
			  "configurations included: try again when they have ended",
			  change->config->file, SLO_CRITERIA_MAX);
	return r;
}

/* No other service, or no other route, can be told apart. */
static bool all_named(const struct numbers *numbers)
{
	return ids_name(numbers->services, SERVICE_CONFIGURED_MAX) ||
	       ids_name(numbers->routes, ROUTES_MAX);
}

static int compile(struct change *change, const struct tables_region *region, struct error *error)
{
	struct tables_ids ids = numbers_ids(&change->applied->numbers);
	struct tables_region need;
	int r = tables_compile(change->config, change->slos, change->n_slos, region, &ids,
			       &change->write.tables, &need, error);

	if (r == -E2BIG)
		error_set(
			error, r,
			"%s: needs more room than was reserved for routes and globs when the agent "
			"started (%u states of %u, %u cells of %u): restart the agent to apply it",
			change->config->file, need.max_states, region->max_states, need.max_cells,
			region->max_cells);
	if (r == -ENOSPC && all_named(&change->applied->numbers))
		error_set(error, r,
			  "%s: expected at most %d services and %d routes, those of earlier "
			  "configurations included: restart the agent to apply it",
			  change->config->file, SERVICE_CONFIGURED_MAX, ROUTES_MAX);
	return r;
}

/* Finds a number for each policy, from 1 on: 0 stands for none. */
static int number_policies(struct change *change, struct error *error)
{
	const struct places *places = change->applied->numbers.places;
	const struct tables *tables = &change->write.tables;
	size_t at = 0;

	change->write.policies = calloc(tables->n_policies, sizeof(*change->write.policies));
	change->refs = calloc(tables->n_policies, sizeof(struct policy_refs *));
	if (!change->write.policies || !change->refs)
		return -ENOMEM;
	for (size_t p = 1; p < POLICIES_MAX && at < tables->n_policies; p++) {
		if (!places->policies[p])
			change->write.policies[at++] = p;
	}
	if (at < tables->n_policies)
		return error_set(
			error, -EBUSY,
			"%s: too many requests are still open under earlier configurations: "
			"try again when they have ended",
			change->config->file);
	for (size_t i = 0; i < tables->n_policies; i++) {
		change->refs[i] = policy_refs_new(&tables->policies[i]);
		if (!change->refs[i])
			return -ENOMEM;
	}
	return 0;
}

int change_plan(struct applied *applied, const struct policies_in_use *in_use,
		const struct tables_region *region, struct config *config, struct change *ret,
		struct error *ret_error)
{
	struct change change = {
		.applied = applied,
		.config = config,
		.write.generation = applied->in_force.generation + 1,
	};
	int r;

	ret_error->text[0] = 0;
	places_review(applied, in_use);
	r = add_slos(&change, ret_error);
	r = r ?: compile(&change, region, ret_error);
	r = r ?: number_policies(&change, ret_error);
	r = r ?: lookups_take(&change.lookups, &change.write.tables);
	if (r) {
		change_drop(&change);
		if (!ret_error->text[0])
			error_set(ret_error, r, "%s: cannot be applied: %s", config->file,
				  strerror(-r));
		return r;
	}
	*ret = change;
	return 0;
}
