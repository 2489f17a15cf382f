/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/round.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "explain/shuffle.h"
#include "explain/strata.h"

enum {
	PAIRS_LOOKED_AT = 64, /* the best ones by their rows */
	CHALLENGERS = 32, /* likewise of singles, by their excess */
};

#define ABOUT_AS_MUCH 0.1 /* less than its parents a pair may explain, by chance */

struct contest {
	const struct explain_samples *samples;
	const bool *gone;
	const struct explain_counted *exact;
	struct explain_round *round;
	struct explain_shuffle *shuffle;
	const struct explain_shares *shares; /* of singles */
	bool *has[2]; /* room: by row */
};

struct contender {
	size_t candidate;
	double low; /* lower bound of its excess share */
};

static int by_low(const void *a, const void *b)
{
	const struct contender *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? 1 : -1;
	return (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

static void mark(struct contest *contest, size_t candidate, int which)
{
	const struct explain_rows *rows = &contest->round->rows;

	for (size_t k = 0; k < rows->n; k++)
		contest->has[which][k] = explain_row_has(
			contest->samples, &contest->round->candidates, candidate, rows->row[k]);
}

static bool is_significant(struct contest *contest, size_t candidate)
{
	return explain_shuffle_beaten_by(contest->shuffle,
					 explain_shuffle_deviance(contest->shuffle, candidate));
}

/*
 * Takes the best one's place by a contender that leaves nothing of it: a device of which one user agent fails stands out
 * as that does, but says nothing where the user agent is given.
 */
static size_t best_without_proxies(struct contest *contest, const struct contender *list, size_t n,
				   size_t best)
{
	const struct explain_rows *rows = &contest->round->rows;

	mark(contest, list[best].candidate, 0);
	for (size_t i = 0; i < n && i < CHALLENGERS; i++) {
		if (i == best)
			continue;
		mark(contest, list[i].candidate, 1);
		if (explain_deviance_given(rows, contest->has[0], contest->has[1],
					   EXPLAIN_GIVEN_BOTH) >= EXPLAIN_VANISHED ||
		    explain_deviance_given(rows, contest->has[1], contest->has[0],
					   EXPLAIN_GIVEN_BOTH) < EXPLAIN_VANISHED ||
		    !is_significant(contest, list[i].candidate))
			continue;
		best = i;
		mark(contest, list[best].candidate, 0);
	}
	return best;
}

/* Of those that coincide with the best one the first dimension wins, and the others are its `also`. */
static size_t first_of_coinciding(struct contest *contest, const struct contender *list, size_t n,
				  size_t best)
{
	const struct explain_candidate *singles = contest->round->candidates.list;
	struct explain_round *round = contest->round;
	size_t winner = list[best].candidate;

	mark(contest, winner, 0);
	for (size_t i = 0; i < n; i++) {
		size_t other = list[i].candidate;

		if (i == best || singles[other].dimension == singles[winner].dimension)
			continue;
		mark(contest, other, 1);
		if (!explain_coincide(&round->rows, contest->has[0], contest->has[1]))
			continue;
		if (singles[other].dimension < singles[winner].dimension &&
		    is_significant(contest, other)) {
			size_t former = winner;

			winner = other;
			other = former;
		}
		if (round->n_also < EXPLAIN_ALSO_MAX)
			round->also[round->n_also++] = other;
	}
	return winner;
}

/* The significant single with the greatest excess, or what it is a proxy of. */
static struct contender best_single(struct contest *contest, struct contender *list)
{
	const struct explain_candidates *candidates = &contest->round->candidates;
	size_t n = 0, best = 0;

	for (size_t c = 0; c < candidates->n_singles; c++) {
		const struct explain_shares *shares = &contest->shares[c];

		if (explain_shares_stand_out(shares))
			list[n++] = (struct contender){c, explain_excess_low(shares->bad,
									     shares->good)};
	}
	qsort(list, n, sizeof(*list), by_low);
	while (best < n && !is_significant(contest, list[best].candidate))
		best++;
	if (best == n)
		return (struct contender){SIZE_MAX, 0};
	best = best_without_proxies(contest, list, n, best);
	return (struct contender){first_of_coinciding(contest, list, n, best), list[best].low};
}

/* The excess of a candidate by the test's rows alone. */
static double low_by_rows(const struct contest *contest, size_t c)
{
	double n_bad = (double)contest->round->rows.n_bad;
	double n_good = (double)contest->round->rows.n - n_bad;
	double count = contest->shuffle->count[c];

	return explain_excess_low(
		(struct explain_share){count / n_bad, n_bad},
		(struct explain_share){(contest->round->candidates.list[c].n - count) / n_good,
				       n_good});
}

/* True if each of its values says something beside the other: among the rows of one the other stands out. */
static bool beats_parents(struct contest *contest, const struct explain_candidate *pair)
{
	const struct explain_rows *rows = &contest->round->rows;

	mark(contest, pair->parent[0], 0);
	mark(contest, pair->parent[1], 1);
	return explain_shuffle_beaten_by(contest->shuffle,
					 explain_deviance_given(rows, contest->has[0],
								contest->has[1],
								EXPLAIN_GIVEN_WITH)) &&
	       explain_shuffle_beaten_by(contest->shuffle,
					 explain_deviance_given(rows, contest->has[1],
								contest->has[0],
								EXPLAIN_GIVEN_WITH));
}

/* Pairs that could explain as much as their parents do, the best ones first. Returns their number. */
static size_t list_pairs(const struct contest *contest, struct contender *list)
{
	const struct explain_candidates *candidates = &contest->round->candidates;
	size_t n = 0;

	for (size_t c = candidates->n_singles; c < candidates->n; c++) {
		const struct explain_candidate *pair = &candidates->list[c];
		double low;

		if (contest->shuffle->count[c] < EXPLAIN_NAMED_BAD)
			continue;
		low = low_by_rows(contest, c);
		if (low > 0 && low > low_by_rows(contest, pair->parent[0]) - ABOUT_AS_MUCH &&
		    low > low_by_rows(contest, pair->parent[1]) - ABOUT_AS_MUCH)
			list[n++] = (struct contender){c, low};
	}
	qsort(list, n, sizeof(*list), by_low);
	return n;
}

static struct contender best_pair(struct contest *contest, struct contender *list)
{
	const struct explain_candidates *candidates = &contest->round->candidates;
	struct contender best = {SIZE_MAX, 0};
	size_t n = list_pairs(contest, list);

	for (size_t i = 0; i < n && i < PAIRS_LOOKED_AT; i++) {
		size_t c = list[i].candidate;
		struct explain_shares shares;
		double low;

		if (!is_significant(contest, c) || !beats_parents(contest, &candidates->list[c]))
			continue;
		shares = explain_shares_of(contest->samples, contest->gone, candidates, c, NULL);
		low = explain_excess_low(shares.bad, shares.good);
		if (explain_shares_stand_out(&shares) &&
		    (best.candidate == SIZE_MAX || low > best.low))
			best = (struct contender){c, low};
	}
	return best;
}

/*
 * The excess of a cause is that of all its supersets, too, but for chance: so a pair also takes the place of a single that
 * says nothing beside it.
 */
static bool pair_wins(struct contest *contest, struct contender single, struct contender pair)
{
	const struct explain_rows *rows = &contest->round->rows;

	if (pair.candidate == SIZE_MAX)
		return false;
	if (single.candidate == SIZE_MAX || pair.low > single.low)
		return true;
	mark(contest, single.candidate, 0);
	mark(contest, pair.candidate, 1);
	return explain_deviance_given(rows, contest->has[0], contest->has[1], EXPLAIN_GIVEN_BOTH) <
		       EXPLAIN_VANISHED &&
	       explain_deviance_given(rows, contest->has[1], contest->has[0], EXPLAIN_GIVEN_BOTH) >=
		       EXPLAIN_VANISHED;
}

static int decide(struct contest *contest)
{
	const struct explain_round *round = contest->round;
	_cleanup_free_ struct contender *list = calloc(round->candidates.n + 1, sizeof(*list));
	_cleanup_free_ bool *has = calloc(2 * round->rows.n + 1, sizeof(*has));
	struct contender single, pair;

	if (!list || !has)
		return -ENOMEM;
	contest->has[0] = has;
	contest->has[1] = has + round->rows.n;
	single = best_single(contest, list);
	pair = best_pair(contest, list);
	contest->round->winner = single.candidate;
	if (pair_wins(contest, single, pair)) {
		contest->round->winner = pair.candidate;
		contest->round->n_also = 0;
	}
	return 0;
}

int explain_round_run(const struct explain_samples *samples, const bool *gone,
		      const struct explain_counted *exact, struct explain_random *random,
		      struct explain_round *ret)
{
	struct explain_round round = {.winner = SIZE_MAX};
	struct explain_shuffle shuffle = {0};
	_cleanup_free_ struct explain_shares *shares = NULL;
	int r = explain_rows_take(samples, gone, random, &round.rows);

	if (!r)
		r = explain_candidates_find(samples, &round.rows, &round.candidates);
	if (!r)
		r = explain_shares_of_singles(samples, gone, &round.candidates, exact, &shares);
	if (!r)
		r = explain_shuffle_init(&round.rows, &round.candidates, random, &shuffle);
	if (!r)
		r = decide(&(struct contest){
			.samples = samples,
			.gone = gone,
			.exact = exact,
			.round = &round,
			.shuffle = &shuffle,
			.shares = shares,
		});
	explain_shuffle_clear(&shuffle);
	if (r)
		explain_round_clear(&round);
	else
		*ret = round;
	return r;
}

void explain_round_clear(struct explain_round *round)
{
	explain_rows_clear(&round->rows);
	explain_candidates_clear(&round->candidates);
}
