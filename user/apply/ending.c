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
enum { SWEEPS_UNUSED = 2 };

bool applied_goes_on(const struct change *change, const struct track *track)
{
	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->tracks[i] == track)
			return true;
	}
	return false;
}

static struct wildcard *still_of(const struct change *change, const struct track_entry *found)
{
	return found->base ? wildcard_at(change->wildcards, change->n_wildcards, found->base)
			   : NULL;
}

int applied_reserve_ending(struct applied *applied)
{
	size_t n_found = applied->tracks.n_found + applied->tracks.n_ending;
	struct track_entry *grown = realloc(applied->tracks.found, (n_found ?: 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	applied->tracks.found = grown;
	grown = realloc(applied->tracks.ending,
			(n_found + applied->tracks.n_configured + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	applied->tracks.ending = grown;
	return 0;
}

static void begin_ending(struct applied *applied, struct track_entry found)
{
	track_end(found.track);
	found.unused_sweeps = 0;
	applied->tracks.ending[applied->tracks.n_ending++] = found;
}

/* Those among the ending that the change has again. */
static void revive(struct applied *applied, const struct change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < applied->tracks.n_ending; i++) {
		const struct track_entry *ending = &applied->tracks.ending[i];
		const struct wildcard *still = still_of(change, ending);

		if (still) {
			track_configure(ending->track, still->slo);
			applied->tracks.found[applied->tracks.n_found++] = *ending;
		} else if (ending->base || !applied_goes_on(change, ending->track)) {
			applied->tracks.ending[n++] = *ending;
		}
	}
	applied->tracks.n_ending = n;
}

static void end_found(struct applied *applied, const struct change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < applied->tracks.n_found; i++) {
		const struct wildcard *still = still_of(change, &applied->tracks.found[i]);

		if (still) {
			track_configure(applied->tracks.found[i].track, still->slo);
			applied->tracks.found[n++] = applied->tracks.found[i];
		} else {
			begin_ending(applied, applied->tracks.found[i]);
		}
	}
	applied->tracks.n_found = n;
}

/* Behind those of the change, which has room for them. */
static void end_wildcards(struct applied *applied, struct change *change)
{
	size_t n = change->n_wildcards;

	for (size_t i = 0; i < applied->tracks.n_wildcards; i++) {
		struct wildcard *wildcard = &applied->tracks.wildcards[i];

		if (wildcard_at(change->wildcards, n, wildcard->base))
			continue;
		change->wildcards[change->n_wildcards++] = *wildcard;
		change->wildcards[change->n_wildcards - 1].slo = NULL;
		*wildcard = (struct wildcard){};
	}
}

void applied_end(struct applied *applied, struct change *change)
{
	revive(applied, change);
	end_found(applied, change);
	for (size_t i = 0; i < applied->tracks.n_configured; i++) {
		if (!applied_goes_on(change, applied->tracks.configured[i]))
			begin_ending(applied,
				     (struct track_entry){.track = applied->tracks.configured[i]});
	}
	end_wildcards(applied, change);
}

/* ---- until they are forgotten ---- */

bool applied_any_ending(const struct applied *applied)
{
	bool any = applied->tracks.n_ending > 0;

	for (size_t i = 0; i < applied->tracks.n_wildcards; i++)
		any = any || !applied->tracks.wildcards[i].slo;
	return any;
}

void applied_review_ending(struct applied *applied, const struct policies_in_use *in_use)
{
	places_review(applied, in_use);
	for (size_t i = 0; i < applied->tracks.n_ending; i++) {
		struct track_entry *ending = &applied->tracks.ending[i];
		bool judged = places_judged_for(applied->numbers.places,
						ending->base ?: ending->track->counts);

		ending->unused_sweeps = judged ? 0 : ending->unused_sweeps + 1;
	}
	for (size_t i = 0; i < applied->tracks.n_wildcards; i++) {
		struct wildcard *wildcard = &applied->tracks.wildcards[i];

		if (!wildcard->slo)
			wildcard->unused_sweeps =
				places_judged_for(applied->numbers.places, wildcard->base)
					? 0
					: wildcard->unused_sweeps + 1;
	}
}

static void forget_wildcards(struct applied *applied)
{
	size_t n = 0;

	for (size_t i = 0; i < applied->tracks.n_wildcards; i++) {
		struct wildcard *wildcard = &applied->tracks.wildcards[i];

		if (!wildcard->slo && wildcard->unused_sweeps >= SWEEPS_UNUSED) {
			wildcard_clear(wildcard);
		} else {
			applied->tracks.wildcards[n++] = *wildcard;
		}
	}
	applied->tracks.n_wildcards = n;
}

void applied_forget_ended(struct applied *applied)
{
	size_t n_ending = applied->tracks.n_ending, n_wildcards = applied->tracks.n_wildcards,
	       n = 0;

	for (size_t i = 0; i < applied->tracks.n_ending; i++) {
		if (applied->tracks.ending[i].unused_sweeps >= SWEEPS_UNUSED)
			track_free(applied->tracks.ending[i].track);
		else
			applied->tracks.ending[n++] = applied->tracks.ending[i];
	}
	applied->tracks.n_ending = n;
	forget_wildcards(applied);
	/* without a new note another agent goes on with them, and finds nothing to count */
	if (applied->tracks.n_ending != n_ending || applied->tracks.n_wildcards != n_wildcards)
		applied_note_again(applied);
}
