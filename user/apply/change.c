/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/definition.h"
#include "apply/note.h"
#include "base/cleanup.h"

void change_add_counters(struct change *change, const struct new_counters *counters)
{
	change->write.counters[change->write.n_counters++] = *counters;
}

bool change_has_track(const struct change *change, const struct track *track)
{
	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->tracks[i] == track)
			return true;
	}
	return false;
}

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
		r = r
			    ?: track_new(name, service->name, definition, config_slo, counters.slot,
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
	return r;
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

static int list_ports(struct change *change)
{
	const struct tables *tables = &change->write.tables;

	change->ports = calloc(tables->n_ports + 1, sizeof(*change->ports));
	if (!change->ports)
		return -ENOMEM;
	for (size_t i = 0; i < tables->n_ports; i++)
		change->ports[i] = tables->ports[i].port;
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
	r = r ?: list_ports(&change);
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

static void change_clear(struct change *change)
{
	for (size_t i = 0; change->refs && i < change->write.tables.n_policies; i++)
		free(change->refs[i]);
	tables_clear(&change->write.tables);
	wildcards_free(change->wildcards, change->n_wildcards);
	free(change->write.counters);
	free(change->write.policies);
	free(change->refs);
	free(change->slos);
	free(change->tracks);
	free(change->fresh);
	free(change->ports);
	*change = (struct change){};
}

void change_drop(struct change *change)
{
	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->fresh[i])
			track_free(change->tracks[i]);
	}
	change_clear(change);
}

static void commit_tracks(struct change *change)
{
	struct tracks *tracks = &change->applied->tracks;
	size_t at = 0;

	for (size_t i = 0; i < change->n_slos; i++) {
		const struct config_slo *slo = &change->config->slos[change->slos[i].config_slo];

		if (change->slos[i].config_service != TABLES_FOUND)
			track_configure(change->tracks[at++], slo);
	}
	free(tracks->configured);
	tracks->configured = TAKE_PTR(change->tracks);
	tracks->n_configured = change->n_tracks;
	wildcards_free(tracks->wildcards, tracks->n_wildcards);
	tracks->wildcards = TAKE_PTR(change->wildcards);
	tracks->n_wildcards = change->n_wildcards;
	change->n_wildcards = 0;
}

static void commit_in_force(struct change *change)
{
	struct in_force *in_force = &change->applied->in_force;

	free(in_force->policies);
	free(in_force->ports);
	config_clear(&in_force->config);
	*in_force = (struct in_force){
		.config = *change->config,
		.generation = change->write.generation,
		.policies = TAKE_PTR(change->write.policies),
		.n_policies = change->write.tables.n_policies,
		.ports = TAKE_PTR(change->ports),
		.n_ports = change->write.tables.n_ports,
	};
	*change->config = (struct config){};
}

void change_commit(struct change *change)
{
	struct places *places = change->applied->numbers.places;

	change_end(change);
	commit_tracks(change);
	for (size_t i = 0; i < change->write.tables.n_policies; i++)
		places->policies[change->write.policies[i]] = TAKE_PTR(change->refs[i]);
	commit_in_force(change);
	change_clear(change);
}
