/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/review.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/places.h"
#include "base/cleanup.h"

static bool is_live(const struct in_force *in_force, __u32 policy)
{
	for (size_t i = 0; i < in_force->n_policies; i++) {
		if (in_force->policies[i] == policy)
			return true;
	}
	return false;
}

static void mark_refs(struct places *places, const struct policy_refs *refs)
{
	for (__u32 i = 0; i < refs->n; i++) {
		places->slots[refs->slos[i].criteria] = true;
		if (refs->slos[i].counts >= SLO_CRITERIA_MAX)
			places->bases[places_base_number(refs->slos[i].counts)] = true;
	}
}

/* A track keeps its slot until it is forgotten, whatever the policies say. */
static void mark_tracks(struct places *places, const struct tracks *tracks)
{
	for (size_t i = 0; i < tracks->n_configured; i++)
		places->slots[tracks->configured[i]->counts] = true;
	for (size_t i = 0; i < tracks->n_ending; i++) {
		if (tracks->ending[i].base == BASE_NONE)
			places->slots[tracks->ending[i].track->counts] = true;
	}
	for (size_t i = 0; i < tracks->n_wildcards; i++) {
		places->slots[tracks->wildcards[i].criteria] = true;
		places->bases[places_base_number(tracks->wildcards[i].base)] = true;
	}
}

void places_review(struct applied *applied, const struct policies_in_use *in_use)
{
	struct places *places = applied->numbers.places;

	memset(places->slots, 0, sizeof(places->slots));
	memset(places->bases, 0, sizeof(places->bases));
	for (__u32 p = 0; p < POLICIES_MAX; p++) {
		if (!places->policies[p])
			continue;
		if (is_live(&applied->in_force, p) || policies_in_use_has(in_use, p)) {
			mark_refs(places, places->policies[p]);
		} else {
			free(places->policies[p]);
			places->policies[p] = NULL;
		}
	}
	mark_tracks(places, &applied->tracks);
}

/* Nobody is judged by it: it was never written, or judges for nothing. */
static bool judges_nothing(const struct policy *policy)
{
	static const struct policy none;

	return !memcmp(policy, &none, sizeof(none));
}

int places_restore(struct applied *applied, const struct policies_in_use *in_use,
		   policy_read_fn read_policy, void *context)
{
	struct places *places = applied->numbers.places;
	_cleanup_free_ struct policy *policy = malloc(sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	for (__u32 p = 1; p < POLICIES_MAX; p++) {
		int r;

		if (!is_live(&applied->in_force, p) && !policies_in_use_has(in_use, p))
			continue;
		r = read_policy(context, p, policy);
		if (r)
			return r;
		if (!is_live(&applied->in_force, p) && judges_nothing(policy))
			continue;
		places->policies[p] = policy_refs_new(policy);
		if (!places->policies[p])
			return -ENOMEM;
	}
	return 0;
}
