/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/suggest.h"

#include <stdint.h>
#include <string.h>

enum {
	MAX_DISTANCE = 2,
	MAX_WORD_BYTES = 64,
};

static size_t edit_distance(const char *known, const char *got)
{
	size_t row[MAX_WORD_BYTES + 1], len = strlen(got);

	if (len > MAX_WORD_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; known[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= len; j++) {
			size_t best = diagonal + (known[i] != got[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[len];
}

void suggestion_try(struct suggestion *suggestion, const char *known)
{
	const size_t distance = edit_distance(known, suggestion->got);

	if (distance > MAX_DISTANCE || distance >= strlen(known))
		return;
	if (suggestion->best && distance >= suggestion->distance)
		return;
	suggestion->best = known;
	suggestion->distance = distance;
}
