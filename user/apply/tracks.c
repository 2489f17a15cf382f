/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/tracks.h"

#include <stdlib.h>
#include <string.h>

struct track *tracks_next(const struct tracks *tracks, unsigned int which, size_t *at)
{
	size_t i = (*at)++;

	if (which & TRACKS_IN_FORCE) {
		if (i < tracks->n_configured)
			return tracks->configured[i];
		i -= tracks->n_configured;
		if (i < tracks->n_found)
			return tracks->found[i].track;
		i -= tracks->n_found;
	}
	if (which & TRACKS_ENDED && i < tracks->n_ending)
		return tracks->ending[i].track;
	return NULL;
}

size_t tracks_count(const struct tracks *tracks, unsigned int which)
{
	size_t in_force = tracks->n_configured + tracks->n_found;

	return (which & TRACKS_IN_FORCE ? in_force : 0) +
	       (which & TRACKS_ENDED ? tracks->n_ending : 0);
}

struct track *tracks_named(const struct tracks *tracks, const char *name)
{
	struct track *track;
	size_t at = 0;

	while ((track = tracks_next(tracks, TRACKS_IN_FORCE, &at))) {
		if (!strcmp(track->name, name))
			break;
	}
	return track;
}

void tracks_clear(struct tracks *tracks)
{
	struct track *track;
	size_t at = 0;

	while ((track = tracks_next(tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at)))
		track_free(track);
	free(tracks->configured);
	free(tracks->found);
	free(tracks->ending);
	wildcards_free(tracks->wildcards, tracks->n_wildcards);
	*tracks = (struct tracks){};
}

struct wildcard *wildcard_at(struct wildcard *wildcards, size_t n, __u32 base)
{
	for (size_t i = 0; i < n; i++) {
		if (wildcards[i].base == base)
			return &wildcards[i];
	}
	return NULL;
}

void wildcard_clear(struct wildcard *wildcard)
{
	free(wildcard->name);
	free(wildcard->definition);
	*wildcard = (struct wildcard){};
}

void wildcards_free(struct wildcard *wildcards, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wildcard_clear(&wildcards[i]);
	free(wildcards);
}
