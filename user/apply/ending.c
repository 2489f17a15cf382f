/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/ending.h"

#include <errno.h>
#include <stdlib.h>

#include "apply/note.h"
#include "apply/places.h"
#include "apply/review.h"

/* A sweep and a step may miss a request that is just being counted; two of each cannot. */
enum { SWEEPS_UNUSED = 2 };

static struct wildcard *still_of(const struct change *change, const struct track_entry *found)
{
	return found->base != BASE_NONE ?
		       wildcard_at(change->wildcards, change->n_wildcards, found->base) :
		       NULL;
}

int change_reserve_ending(struct change *change)
{
	struct tracks *tracks = &change->applied->tracks;
	size_t n_found = tracks->n_found + tracks->n_ending;
	struct track_entry *grown = realloc(tracks->found, (n_found + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	tracks->found = grown;
	grown = realloc(tracks->ending, (n_found + tracks->n_configured + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tracks->ending = grown;
	return 0;
}

static void begin_ending(struct tracks *tracks, struct track_entry entry)
{
	track_end(entry.track);
	entry.unused_sweeps = 0;
	tracks->ending[tracks->n_ending++] = entry;
}

/* Takes those off the list that the change has again. end_found() configures the found ones. */
static void revive(struct change *change, struct tracks *tracks)
{
	size_t n = 0;

	for (size_t i = 0; i < tracks->n_ending; i++) {
		const struct track_entry *ending = &tracks->ending[i];

		if (still_of(change, ending))
			tracks->found[tracks->n_found++] = *ending;
		else if (ending->base != BASE_NONE || !change_has_track(change, ending->track))
			tracks->ending[n++] = *ending;
	}
	tracks->n_ending = n;
}

static void end_found(struct change *change, struct tracks *tracks)
{
	size_t n = 0;

	for (size_t i = 0; i < tracks->n_found; i++) {
		const struct wildcard *still = still_of(change, &tracks->found[i]);

		if (still) {
			track_configure(tracks->found[i].track, still->slo);
			tracks->found[n++] = tracks->found[i];
		} else {
			begin_ending(tracks, tracks->found[i]);
		}
	}
	tracks->n_found = n;
}

/* Puts wildcards that the change no longer has behind those of the change. */
static void end_wildcards(struct change *change, struct tracks *tracks)
{
	size_t n = change->n_wildcards;

	for (size_t i = 0; i < tracks->n_wildcards; i++) {
		struct wildcard *wildcard = &tracks->wildcards[i];

		if (wildcard_at(change->wildcards, n, wildcard->base))
			continue;
		change->wildcards[change->n_wildcards] = *wildcard;
		change->wildcards[change->n_wildcards++].slo = NULL;
		*wildcard = (struct wildcard){};
	}
}

void change_end(struct change *change)
{
	struct tracks *tracks = &change->applied->tracks;

	revive(change, tracks);
	end_found(change, tracks);
	for (size_t i = 0; i < tracks->n_configured; i++) {
		if (!change_has_track(change, tracks->configured[i]))
			begin_ending(tracks, (struct track_entry){.track = tracks->configured[i]});
	}
	end_wildcards(change, tracks);
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
				places_judged_for(applied->numbers.places, wildcard->base) ?
					0 :
					wildcard->unused_sweeps + 1;
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
	/* with the former note another agent would go on with them, and find nothing to count */
	if (applied->tracks.n_ending != n_ending || applied->tracks.n_wildcards != n_wildcards)
		note_persist_again(applied);
}
