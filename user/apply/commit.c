/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/commit.h"

#include <stdlib.h>

#include "apply/ending.h"
#include "apply/places.h"
#include "base/cleanup.h"

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
	lookups_clear(&in_force->lookups);
	config_clear(&in_force->config);
	*in_force = (struct in_force){
		.config = *change->config,
		.generation = change->write.generation,
		.policies = TAKE_PTR(change->write.policies),
		.n_policies = change->write.tables.n_policies,
		.lookups = change->lookups,
	};
	*change->config = (struct config){};
	change->lookups = (struct lookups){};
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
