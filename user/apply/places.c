/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers in the kernel side: which are free. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply/private.h"
#include "base/cleanup.h"

void places_review(struct rules *rules, struct probe *probe)
{
	struct places *places = rules->places;

	memset(places->criteria, 0, sizeof(places->criteria));
	memset(places->bases, 0, sizeof(places->bases));
	for (size_t p = 0; p < POLICIES_MAX; p++) {
		struct policy_refs *refs = places->policies[p];
		bool live = false;

		if (!refs)
			continue;
		for (size_t i = 0; i < rules->n_policies; i++)
			live = live || rules->policies[i] == p;
		if (!live && !probe_policy_used(probe, p)) {
			free(refs);
			places->policies[p] = NULL;
			continue;
		}
		for (__u32 i = 0; i < refs->n; i++) {
			places->criteria[refs->slos[i].criteria] = true;
			if (refs->slos[i].counts >= SLO_CRITERIA_MAX)
				places->bases[(refs->slos[i].counts - SLO_CRITERIA_MAX) /
					      ENDPOINTS_MAX] = true;
		}
	}
	/* a track keeps its slot, whatever the policies say, until it is forgotten */
	for (size_t i = 0; i < rules->n_tracks; i++)
		places->criteria[rules->tracks[i]->counts] = true;
	for (size_t i = 0; i < rules->n_ending; i++) {
		if (!rules->ending[i].base)
			places->criteria[rules->ending[i].track->counts] = true;
	}
	for (size_t i = 0; i < rules->n_wildcards; i++) {
		places->criteria[rules->wildcards[i].criteria] = true;
		places->bases[(rules->wildcards[i].base - SLO_CRITERIA_MAX) / ENDPOINTS_MAX] = true;
	}
}

struct policy_refs *places_refs(const struct policy *policy)
{
	struct policy_refs *refs = malloc(sizeof(*refs));

	if (!refs)
		return NULL;
	refs->n = policy->n_slos;
	memcpy(refs->slos, policy->slos, sizeof(refs->slos));
	return refs;
}

int places_restore(struct rules *rules, struct probe *probe)
{
	struct places *places = rules->places;
	_cleanup_free_ struct policy *policy = malloc(sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	for (size_t p = 1; p < POLICIES_MAX; p++) {
		bool live = false;
		int r;

		for (size_t i = 0; i < rules->n_policies; i++)
			live = live || rules->policies[i] == p;
		if (!live && !probe_policy_used(probe, p))
			continue;
		r = probe_read_policy(probe, p, policy);
		if (r)
			return r;
		places->policies[p] = places_refs(policy);
		if (!places->policies[p])
			return -ENOMEM;
	}
	return 0;
}

int places_take(bool *places, __u32 n, __u32 *ret)
{
	for (__u32 i = 0; i < n; i++) {
		if (places[i])
			continue;
		places[i] = true;
		*ret = i;
		return 0;
	}
	return -ENOSPC;
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
