/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/applied.h"
#include "base/cleanup.h"

static __u32 base_of(__u32 number)
{
	return SLO_CRITERIA_MAX + number * ENDPOINTS_MAX;
}

static __u32 base_number(__u32 base)
{
	return (base - SLO_CRITERIA_MAX) / ENDPOINTS_MAX;
}

void places_free(struct places *places)
{
	if (!places)
		return;
	for (size_t p = 0; p < POLICIES_MAX; p++)
		free(places->policies[p]);
	free(places);
}

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
			places->bases[base_number(refs->slos[i].counts)] = true;
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
		places->bases[base_number(tracks->wildcards[i].base)] = true;
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

struct policy_refs *policy_refs_new(const struct policy *policy)
{
	struct policy_refs *refs = malloc(sizeof(*refs));

	if (!refs)
		return NULL;
	refs->n = policy->n_slos;
	memcpy(refs->slos, policy->slos, sizeof(refs->slos));
	return refs;
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
		places->policies[p] = policy_refs_new(policy);
		if (!places->policies[p])
			return -ENOMEM;
	}
	return 0;
}

/* Takes the first free one of `n`. */
static int take(bool *used, __u32 n, __u32 *ret)
{
	for (__u32 i = 0; i < n; i++) {
		if (used[i])
			continue;
		used[i] = true;
		*ret = i;
		return 0;
	}
	return -ENOSPC;
}

int places_take_slot(struct places *places, __u32 *ret)
{
	return take(places->slots, SLO_CRITERIA_MAX, ret);
}

int places_take_base(struct places *places, __u32 *ret)
{
	__u32 number;
	int r = take(places->bases, SLO_WILDCARDS_MAX, &number);

	if (!r)
		*ret = base_of(number);
	return r;
}

bool places_judged_for(const struct places *places, __u32 counts)
{
	for (size_t p = 0; p < POLICIES_MAX; p++) {
		const struct policy_refs *refs = places->policies[p];

		for (__u32 i = 0; refs && i < refs->n; i++) {
			if (refs->slos[i].counts == counts)
				return true;
		}
	}
	return false;
}
