/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/change.h"

#include <stdlib.h>

#include "apply/compile.h"

void change_add_counters(struct change *change, const struct new_counters *counters)
{
	change->write.counters[change->write.n_counters++] = *counters;
}

bool change_has_track(const struct change *change, const struct track *track)
{
	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->tracks[i] == track)
			return true;
	}
	return false;
}

void change_clear(struct change *change)
{
	for (size_t i = 0; change->refs && i < change->write.tables.n_policies; i++)
		free(change->refs[i]);
	tables_clear(&change->write.tables);
	wildcards_free(change->wildcards, change->n_wildcards);
	free(change->write.counters);
	free(change->write.policies);
	free(change->refs);
	free(change->slos);
	free(change->tracks);
	free(change->fresh);
	lookups_clear(&change->lookups);
	*change = (struct change){};
}

void change_drop(struct change *change)
{
	for (size_t i = 0; i < change->n_tracks; i++) {
		if (change->fresh[i])
			track_free(change->tracks[i]);
	}
	change_clear(change);
}
