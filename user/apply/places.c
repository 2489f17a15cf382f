/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static __u32 base_of(__u32 number)
{
	return SLO_CRITERIA_MAX + number * ENDPOINTS_MAX;
}

__u32 places_base_number(__u32 base)
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

struct policy_refs *policy_refs_new(const struct policy *policy)
{
	struct policy_refs *refs = malloc(sizeof(*refs));

	if (!refs)
		return NULL;
	refs->n = policy->n_slos;
	memcpy(refs->slos, policy->slos, sizeof(refs->slos));
	return refs;
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
