/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a configuration ends is counted on until no open request is judged for it and its last counts
 * are history: requests go into the history of the SLO they began under.
 */
#include <errno.h>
#include <stdlib.h>

#include "apply/private.h"
#include "base/cleanup.h"

/* A walk and a step may miss what is just being counted; two of each, seconds apart, cannot. */
enum { WALKS_UNUSED = 2 };

bool rules_goes_on(const struct change *change, const struct track *track)
{
	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->tracks[i] == track)
			return true;
	}
	return false;
}

struct wildcard *wildcard_at(struct wildcard *wildcards, size_t n, __u32 base)
{
	for (size_t i = 0; i < n; i++) {
		if (wildcards[i].base == base)
			return &wildcards[i];
	}
	return NULL;
}

static struct wildcard *still_of(const struct change *change, const struct found_track *found)
{
	return found->base ? wildcard_at(change->wildcards, change->n_wildcards, found->base)
			   : NULL;
}

int rules_reserve_ending(struct rules *rules)
{
	size_t n_found = rules->n_found + rules->n_ending;
	struct found_track *grown = realloc(rules->found, (n_found ?: 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	rules->found = grown;
	grown = realloc(rules->ending, (n_found + rules->n_tracks + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rules->ending = grown;
	return 0;
}

static void begin_ending(struct rules *rules, struct found_track found)
{
	track_end(found.track);
	found.unused = 0;
	rules->ending[rules->n_ending++] = found;
}

/* Those among the ending that the change has again. */
static void revive(struct rules *rules, const struct change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n_ending; i++) {
		const struct found_track *ending = &rules->ending[i];
		const struct wildcard *still = still_of(change, ending);

		if (still) {
			track_configure(ending->track, still->slo);
			rules->found[rules->n_found++] = *ending;
		} else if (ending->base || !rules_goes_on(change, ending->track)) {
			rules->ending[n++] = *ending;
		}
	}
	rules->n_ending = n;
}

static void end_found(struct rules *rules, const struct change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n_found; i++) {
		const struct wildcard *still = still_of(change, &rules->found[i]);

		if (still) {
			track_configure(rules->found[i].track, still->slo);
			rules->found[n++] = rules->found[i];
		} else {
			begin_ending(rules, rules->found[i]);
		}
	}
	rules->n_found = n;
}

/* Behind those of the change, which has room for them. */
static void end_wildcards(struct rules *rules, struct change *change)
{
	size_t n = change->n_wildcards;

	for (size_t i = 0; i < rules->n_wildcards; i++) {
		struct wildcard *wildcard = &rules->wildcards[i];

		if (wildcard_at(change->wildcards, n, wildcard->base))
			continue;
		change->wildcards[change->n_wildcards++] = *wildcard;
		change->wildcards[change->n_wildcards - 1].slo = NULL;
		*wildcard = (struct wildcard){};
	}
}

void rules_end(struct rules *rules, struct change *change)
{
	revive(rules, change);
	end_found(rules, change);
	for (size_t i = 0; i < rules->n_tracks; i++) {
		if (!rules_goes_on(change, rules->tracks[i]))
			begin_ending(rules, (struct found_track){.track = rules->tracks[i]});
	}
	end_wildcards(rules, change);
}

/* ---- until they are forgotten ---- */

bool rules_any_ending(const struct rules *rules)
{
	bool any = rules->n_ending > 0;

	for (size_t i = 0; i < rules->n_wildcards; i++)
		any = any || !rules->wildcards[i].slo;
	return any;
}

void rules_review_ending(struct rules *rules, struct probe *probe)
{
	places_review(rules, probe);
	for (size_t i = 0; i < rules->n_ending; i++) {
		struct found_track *ending = &rules->ending[i];
		bool judged =
			places_judged_for(rules->places, ending->base ?: ending->track->counts);

		ending->unused = judged ? 0 : ending->unused + 1;
	}
	for (size_t i = 0; i < rules->n_wildcards; i++) {
		struct wildcard *wildcard = &rules->wildcards[i];

		if (!wildcard->slo)
			wildcard->unused = places_judged_for(rules->places, wildcard->base)
						   ? 0
						   : wildcard->unused + 1;
	}
}

static void forget_wildcards(struct rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n_wildcards; i++) {
		struct wildcard *wildcard = &rules->wildcards[i];

		if (!wildcard->slo && wildcard->unused >= WALKS_UNUSED) {
			free(wildcard->name);
			free(wildcard->definition);
		} else {
			rules->wildcards[n++] = *wildcard;
		}
	}
	rules->n_wildcards = n;
}

void rules_forget_ended(struct rules *rules)
{
	size_t n_ending = rules->n_ending, n_wildcards = rules->n_wildcards, n = 0;

	for (size_t i = 0; i < rules->n_ending; i++) {
		if (rules->ending[i].unused >= WALKS_UNUSED)
			track_free(rules->ending[i].track);
		else
			rules->ending[n++] = rules->ending[i];
	}
	rules->n_ending = n;
	forget_wildcards(rules);
	/* without a new note another agent goes on with them, and finds nothing to count */
	if (rules->n_ending != n_ending || rules->n_wildcards != n_wildcards)
		rules_note_again(rules);
}
