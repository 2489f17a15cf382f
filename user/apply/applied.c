/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/applied.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/private.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

enum {
	ROOM_FACTOR = 4, /* spare for configurations to come, and the least there is */
	ROOM_STATES = 16384,
	ROOM_CELLS = 65536,
	ROOM_ACCEPTS = 4096,
	ROOM_SETS = 256,
};

int applied_init(struct applied *applied)
{
	*applied = (struct applied){};
	return numbers_init(&applied->numbers);
}

void applied_clear(struct applied *applied)
{
	tracks_clear(&applied->tracks);
	numbers_clear(&applied->numbers);
	free(applied->in_force.policies);
	free(applied->in_force.ports);
	config_clear(&applied->in_force.config);
	*applied = (struct applied){};
}

static __u32 at_least(__u32 need, __u32 least)
{
	return need * ROOM_FACTOR > least ? need * ROOM_FACTOR : least;
}

static int find_need(const struct config *config, struct numbers *numbers,
		     struct tables_region *ret, struct error *error)
{
	struct tables_ids ids = numbers_ids(numbers);
	_cleanup_free_ struct tables_slo *slos = NULL;
	struct tables tables;
	size_t n;
	int r = tables_slos(config, &slos, &n);

	r = r ?: tables_compile(config, slos, n, NULL, &ids, &tables, ret, error);
	if (!r)
		tables_clear(&tables);
	return r;
}

int applied_room(const struct config *config, struct tables_region *ret, struct error *ret_error)
{
	struct tables_region need;
	struct numbers numbers;
	int r = numbers_init(&numbers);

	r = r ?: find_need(config, &numbers, &need, ret_error);
	numbers_clear(&numbers);
	if (r == -ENOMEM)
		return error_set(ret_error, r, "out of memory");
	if (r)
		return r == -EINVAL ? r
				    : error_set(ret_error, r, "%s: %s", config->file, strerror(-r));
	*ret = (struct tables_region){
		.max_states = at_least(need.max_states, ROOM_STATES),
		.max_cells = at_least(need.max_cells, ROOM_CELLS),
		.max_accepts = at_least(need.max_accepts, ROOM_ACCEPTS),
		.max_sets = at_least(need.max_sets, ROOM_SETS),
	};
	return 0;
}

static bool is_same(const struct track *track, const char *name, const char *service,
		    const char *definition)
{
	return !strcmp(track->name, name) && !strcmp(track->service, service) &&
	       !strcmp(track->definition, definition);
}

static struct track *known_track(const struct applied *applied, const char *name,
				 const char *service, const char *definition)
{
	for (size_t i = 0; i < applied->tracks.n_configured; i++) {
		if (is_same(applied->tracks.configured[i], name, service, definition))
			return applied->tracks.configured[i];
	}
	for (size_t i = 0; i < applied->tracks.n_ending; i++) {
		const struct track_entry *ending = &applied->tracks.ending[i];

		if (!ending->base && is_same(ending->track, name, service, definition))
			return ending->track;
	}
	return NULL;
}

static int add_track(struct change *change, struct tables_slo *slo)
{
	const struct config_slo *config_slo = &change->config->slos[slo->config_slo];
	const struct config_service *service = &change->config->services[slo->config_service];
	_cleanup_free_ char *name = slo_name_for(config_slo->name, service->name);
	_cleanup_free_ char *definition = slo_definition(config_slo, service);
	struct slo_criteria criteria = tables_criteria(config_slo);
	struct track *track;
	__u32 slot;
	int r;

	if (!name || !definition)
		return -ENOMEM;
	track = known_track(change->applied, name, service->name, definition);
	if (!track) {
		r = places_take_slot(change->applied->numbers.places, &slot);
		if (r)
			return r;
		r = probe_write_criteria(change->probe, slot, &criteria);
		r = r ?: probe_zero_counts(change->probe, slot, 1);
		r = r
			    ?: track_new(name, service->name, definition, config_slo, slot,
					 numbers_birth(&change->applied->numbers), &track);
		if (r)
			return r;
		change->fresh[change->n_tracks] = true;
	}
	slo->criteria = track->counts;
	slo->counts = track->counts;
	change->tracks[change->n_tracks++] = track;
	return 0;
}

static int add_slos(struct change *change)
{
	int r = tables_slos(change->config, &change->slos, &change->n_slos);

	if (r)
		return r;
	change->tracks = calloc(change->n_slos ?: 1, sizeof(*change->tracks));
	change->fresh = calloc(change->n_slos ?: 1, sizeof(*change->fresh));
	change->wildcards = calloc(change->n_slos + change->applied->tracks.n_wildcards + 1,
				   sizeof(*change->wildcards));
	if (!change->tracks || !change->fresh || !change->wildcards)
		return -ENOMEM;
	r = applied_reserve_ending(change->applied);
	for (size_t i = 0; !r && i < change->n_slos; i++) {
		if (change->slos[i].config_service == TABLES_FOUND)
			r = applied_add_wildcard(change, &change->slos[i]);
		else
			r = add_track(change, &change->slos[i]);
	}
	return r;
}

/* Finds a kernel policy number for each policy, from 1 on. */
static int add_policies(struct change *change)
{
	size_t n = change->tables.n_policies, at = 0;

	change->policies = calloc(n, sizeof(*change->policies));
	change->refs = calloc(n, sizeof(*change->refs));
	if (!change->policies || !change->refs)
		return -ENOMEM;
	for (size_t p = 1; p < POLICIES_MAX && at < n; p++) {
		if (!change->applied->numbers.places->policies[p])
			change->policies[at++] = p;
	}
	if (at < n)
		return error_set(
			change->error, -EBUSY,
			"%s: too many requests are still open under earlier configurations: "
			"try again when they have ended",
			change->config->file);
	for (size_t i = 0; i < n; i++) {
		change->refs[i] = policy_refs_new(&change->tables.policies[i]);
		if (!change->refs[i])
			return -ENOMEM;
	}
	return 0;
}

static int prepare(struct change *change)
{
	struct tables_ids ids = numbers_ids(&change->applied->numbers);
	struct tables_region region = probe_region(change->probe, change->generation);
	struct tables_region need;
	int r = add_slos(change);

	if (r)
		return r;
	r = tables_compile(change->config, change->slos, change->n_slos, &region, &ids,
			   &change->tables, &need, change->error);
	if (r == -E2BIG)
		return error_set(
			change->error, r,
			"%s: needs more room than was reserved for routes and globs when the agent "
			"started (%u states of %u, %u cells of %u): restart the agent to apply it",
			change->config->file, need.max_states, region.max_states, need.max_cells,
			region.max_cells);
	r = r ?: add_policies(change);
	if (r)
		return r;
	change->ports = calloc(change->tables.n_ports ?: 1, sizeof(*change->ports));
	if (!change->ports)
		return -ENOMEM;
	for (size_t i = 0; i < change->tables.n_ports; i++)
		change->ports[i] = change->tables.ports[i].port;
	return probe_write_tables(change->probe, change->generation, &change->tables,
				  change->policies);
}

static void change_clear(struct change *change, size_t n_policies)
{
	tables_clear(&change->tables);
	wildcards_free(change->wildcards, change->n_wildcards);
	for (size_t i = 0; change->refs && i < n_policies; i++)
		free(change->refs[i]);
	free(change->refs);
	free(change->slos);
	free(change->tracks);
	free(change->fresh);
	free(change->policies);
	free(change->ports);
}

static void undo(struct change *change)
{
	size_t n_policies = change->tables.n_policies;

	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->fresh[i])
			track_free(change->tracks[i]);
	}
	if (change->ports)
		probe_forget_ports(change->probe, change->ports, change->tables.n_ports,
				   change->generation);
	change_clear(change, n_policies);
}

static void keep_tracks(struct applied *applied, struct change *change)
{
	size_t at = 0;

	free(applied->tracks.configured);
	for (size_t i = 0; i < change->n_slos; i++) {
		const struct config_slo *slo = &change->config->slos[change->slos[i].config_slo];

		if (change->slos[i].config_service == TABLES_FOUND)
			continue;
		track_configure(change->tracks[at++], slo);
	}
	applied->tracks.configured = TAKE_PTR(change->tracks);
	applied->tracks.n_configured = change->n_tracks;
}

int applied_apply(struct applied *applied, struct probe *probe,
		  const struct policies_in_use *in_use, struct config *config,
		  struct error *ret_error)
{
	struct change change = {
		.applied = applied,
		.probe = probe,
		.config = config,
		.error = ret_error,
		.generation = applied->in_force.generation + 1,
	};
	int r;

	places_review(applied, in_use);
	ret_error->text[0] = 0;
	r = prepare(&change);
	if (r) {
		undo(&change);
		if (!ret_error->text[0])
			error_set(ret_error, r, "%s: cannot be applied: %s", config->file,
				  strerror(-r));
		return r;
	}
	r = applied_write_note(&change);
	if (r) {
		undo(&change);
		return error_set(ret_error, r, "%s: cannot be noted: %s", config->file,
				 strerror(-r));
	}
	probe_live(probe, change.generation);

	/* nothing below can fail */
	probe_forget_ports(probe, applied->in_force.ports, applied->in_force.n_ports,
			   applied->in_force.generation);
	applied->in_force.generation = change.generation;
	applied_end(applied, &change);
	keep_tracks(applied, &change);
	for (size_t i = 0; i < change.tables.n_policies; i++)
		applied->numbers.places->policies[change.policies[i]] = TAKE_PTR(change.refs[i]);
	free(applied->in_force.policies);
	free(applied->in_force.ports);
	applied->in_force.policies = TAKE_PTR(change.policies);
	applied->in_force.n_policies = change.tables.n_policies;
	applied->in_force.ports = TAKE_PTR(change.ports);
	applied->in_force.n_ports = change.tables.n_ports;
	wildcards_free(applied->tracks.wildcards, applied->tracks.n_wildcards);
	applied->tracks.wildcards = TAKE_PTR(change.wildcards);
	applied->tracks.n_wildcards = change.n_wildcards;
	change.n_wildcards = 0;
	config_clear(&applied->in_force.config);
	applied->in_force.config = *config;
	*config = (struct config){};
	change_clear(&change, applied->in_force.n_policies);
	return 0;
}
