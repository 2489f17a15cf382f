/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/shuffle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain/excess.h"

static void count_members(const struct explain_candidates *candidates, size_t k, uint32_t *counts)
{
	for (size_t m = candidates->start[k]; m < candidates->start[k + 1]; m++)
		counts[candidates->member[m]]++;
}

/* Adds the mean and variance that a stratum has: those of the hypergeometric distribution. */
static void add_stratum(struct explain_shuffle *shuffle, size_t s)
{
	const struct explain_rows *rows = shuffle->rows;
	size_t from = rows->begin[s], to = rows->begin[s + 1];
	double n = (double)(to - from), n_bad = 0;

	memset(shuffle->room, 0, shuffle->candidates->n * sizeof(*shuffle->room));
	for (size_t k = from; k < to; k++) {
		count_members(shuffle->candidates, k, shuffle->room);
		if (rows->bad[k]) {
			count_members(shuffle->candidates, k, shuffle->count);
			n_bad++;
		}
	}
	for (size_t c = 0; c < shuffle->candidates->n; c++) {
		double share = shuffle->room[c] / n;

		shuffle->mean[c] += n_bad * share;
		if (n > 1)
			shuffle->variance[c] += n_bad * share * (1 - share) * (n - n_bad) / (n - 1);
	}
}

int explain_shuffle_init(const struct explain_rows *rows,
			 const struct explain_candidates *candidates, struct explain_random *random,
			 struct explain_shuffle *ret)
{
	struct explain_shuffle shuffle = {
		.rows = rows,
		.candidates = candidates,
		.random = random,
		.mean = calloc(candidates->n + 1, sizeof(double)),
		.variance = calloc(candidates->n + 1, sizeof(double)),
		.count = calloc(candidates->n + 1, sizeof(uint32_t)),
		.room = calloc(candidates->n + 1, sizeof(uint32_t)),
		.place = calloc(rows->n + 1, sizeof(uint32_t)),
	};

	if (!shuffle.mean || !shuffle.variance || !shuffle.count || !shuffle.room ||
	    !shuffle.place) {
		explain_shuffle_clear(&shuffle);
		return -ENOMEM;
	}
	for (size_t s = 0; s < rows->n_strata; s++)
		add_stratum(&shuffle, s);
	for (size_t k = 0; k < rows->n; k++)
		shuffle.place[k] = (uint32_t)k;
	*ret = shuffle;
	return 0;
}

void explain_shuffle_clear(struct explain_shuffle *shuffle)
{
	free(shuffle->mean);
	free(shuffle->variance);
	free(shuffle->count);
	free(shuffle->room);
	free(shuffle->place);
	*shuffle = (struct explain_shuffle){0};
}

static double deviance_of(const struct explain_shuffle *shuffle, size_t c, uint32_t count)
{
	return explain_deviance(count, (double)shuffle->rows->n_bad, shuffle->mean[c],
				shuffle->variance[c]);
}

double explain_shuffle_deviance(const struct explain_shuffle *shuffle, size_t candidate)
{
	return deviance_of(shuffle, candidate, shuffle->count[candidate]);
}

/* As many rows of each stratum as are bad, at random: the beginning of a shuffle by Fisher and Yates. */
static void draw(struct explain_shuffle *shuffle)
{
	const struct explain_rows *rows = shuffle->rows;

	for (size_t s = 0; s < rows->n_strata; s++) {
		size_t from = rows->begin[s], to = rows->begin[s + 1], at = from;

		for (size_t k = from; k < to; k++) {
			size_t other;
			uint32_t row;

			if (!rows->bad[k])
				continue;
			other = at + explain_random_below(shuffle->random, to - at);
			row = shuffle->place[other];
			shuffle->place[other] = shuffle->place[at];
			shuffle->place[at++] = row;
			count_members(shuffle->candidates, row, shuffle->room);
		}
	}
}

static double greatest(struct explain_shuffle *shuffle)
{
	double best = 0;

	memset(shuffle->room, 0, shuffle->candidates->n * sizeof(*shuffle->room));
	draw(shuffle);
	for (size_t c = 0; c < shuffle->candidates->n; c++) {
		double above = shuffle->room[c] - shuffle->mean[c], deviance;

		/* a deviance is at most 2 (above)^2 / variance: logarithms only where it could win */
		if (above <= 0 || 2 * above * above <= best * best * shuffle->variance[c])
			continue;
		deviance = deviance_of(shuffle, c, shuffle->room[c]);
		if (deviance > best)
			best = deviance;
	}
	return best;
}

bool explain_shuffle_beaten_by(struct explain_shuffle *shuffle, double deviance)
{
	for (size_t i = 0; i < EXPLAIN_SHUFFLES; i++) {
		if (i == shuffle->n)
			shuffle->greatest[shuffle->n++] = greatest(shuffle);
		if (shuffle->greatest[i] >= deviance)
			return false;
	}
	return true;
}
