/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/shares.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Of good or bad rows. */
struct total {
	double sum, squares; /* of weights */
};

struct totals {
	struct total of[2]; /* good, bad */
};

struct tally {
	double weight[2];
	uint64_t n_bad;
};

static struct totals totals_of(const struct explain_samples *samples, const bool *gone)
{
	struct totals totals = {0};

	for (size_t i = 0; i < samples->n; i++) {
		struct total *total = &totals.of[samples->bad[i]];

		if (gone && gone[i])
			continue;
		total->sum += samples->weight[i];
		total->squares += samples->weight[i] * samples->weight[i];
	}
	return totals;
}

static struct explain_share share_of(double weight, const struct total *total)
{
	struct explain_share share = {0, 0};

	if (total->sum > 0) {
		share.share = weight < total->sum ? weight / total->sum : 1;
		share.n = total->sum * total->sum / total->squares;
	}
	return share;
}

static struct explain_shares shares_of(const struct tally *tally, const struct totals *totals)
{
	return (struct explain_shares){
		.bad = share_of(tally->weight[1], &totals->of[1]),
		.good = share_of(tally->weight[0], &totals->of[0]),
		.n_bad = tally->n_bad,
	};
}

static void count_row(const struct explain_samples *samples, size_t i, struct tally *tally)
{
	tally->weight[samples->bad[i]] += samples->weight[i];
	tally->n_bad += samples->bad[i];
}

struct explain_shares explain_shares_exact(const struct explain_counted *exact, size_t which)
{
	const struct explain_exact *value = &exact->list[which];
	double bad = 0, good = 0;

	for (size_t i = 0; i < exact->n; i++) {
		if (strcmp(exact->list[i].dimension, value->dimension) != 0)
			continue;
		bad += (double)exact->list[i].bad;
		good += (double)exact->list[i].good;
	}
	return (struct explain_shares){
		.bad = {bad > 0 ? (double)value->bad / bad : 0, bad},
		.good = {good > 0 ? (double)value->good / good : 0, good},
		.n_bad = value->bad,
		.exact = true,
	};
}

static void replace_by_exact(const struct explain_samples *samples,
			     const struct explain_candidate *single,
			     const struct explain_counted *exact, struct explain_shares *shares)
{
	const struct explain_dimension *dimension = &samples->dimensions[single->dimension];

	for (size_t i = 0; exact && !dimension->continuous && i < exact->n; i++) {
		if (!strcmp(exact->list[i].dimension, dimension->name) &&
		    !strcmp(exact->list[i].value, dimension->values[single->code])) {
			*shares = explain_shares_exact(exact, i);
			return;
		}
	}
}

/* Singles [first, end) are all of one dimension with values. */
static int tally_values(const struct explain_samples *samples, const bool *gone,
			const struct explain_candidate *list, size_t first, size_t end,
			struct tally *tallies)
{
	const struct explain_dimension *dimension = &samples->dimensions[list[first].dimension];
	_cleanup_free_ uint16_t *of = malloc((dimension->n_values + 1) * sizeof(*of));

	if (!of)
		return -ENOMEM;
	memset(of, 0xff, dimension->n_values * sizeof(*of));
	for (size_t c = first; c < end; c++)
		of[list[c].code] = (uint16_t)(c - first);
	for (size_t i = 0; i < samples->n; i++) {
		uint32_t code = dimension->value[i];

		if (code < dimension->n_values && of[code] != UINT16_MAX && !(gone && gone[i]))
			count_row(samples, i, &tallies[first + of[code]]);
	}
	return 0;
}

static void tally_bounds(const struct explain_samples *samples, const bool *gone,
			 const struct explain_candidate *single, struct tally *tally)
{
	for (size_t i = 0; i < samples->n; i++) {
		if (!(gone && gone[i]) && explain_candidate_has(samples, single, i))
			count_row(samples, i, tally);
	}
}

int explain_shares_of_singles(const struct explain_samples *samples, const bool *gone,
			      const struct explain_candidates *candidates,
			      const struct explain_counted *exact, struct explain_shares **ret)
{
	size_t n = candidates->n_singles;
	const struct explain_candidate *list = candidates->list;
	_cleanup_free_ struct tally *tallies = calloc(n + 1, sizeof(*tallies));
	_cleanup_free_ struct explain_shares *shares = calloc(n + 1, sizeof(*shares));
	struct totals totals = totals_of(samples, gone);
	int r = 0;

	if (!tallies || !shares)
		return -ENOMEM;
	for (size_t first = 0, end; first < n && !r; first = end) {
		end = first + 1;
		if (samples->dimensions[list[first].dimension].continuous) {
			tally_bounds(samples, gone, &list[first], &tallies[first]);
			continue;
		}
		while (end < n && list[end].dimension == list[first].dimension)
			end++;
		r = tally_values(samples, gone, list, first, end, tallies);
	}
	if (r)
		return r;
	for (size_t c = 0; c < n; c++) {
		shares[c] = shares_of(&tallies[c], &totals);
		replace_by_exact(samples, &list[c], exact, &shares[c]);
	}
	*ret = TAKE_PTR(shares);
	return 0;
}

bool explain_row_has(const struct explain_samples *samples,
		     const struct explain_candidates *candidates, size_t candidate, size_t i)
{
	const struct explain_candidate *at = &candidates->list[candidate];

	if (!at->pair)
		return explain_candidate_has(samples, at, i);
	return explain_candidate_has(samples, &candidates->list[at->parent[0]], i) &&
	       explain_candidate_has(samples, &candidates->list[at->parent[1]], i);
}

struct explain_shares explain_shares_of(const struct explain_samples *samples, const bool *gone,
					const struct explain_candidates *candidates,
					size_t candidate, const struct explain_counted *exact)
{
	struct totals totals = totals_of(samples, gone);
	struct tally tally = {0};
	struct explain_shares shares;

	for (size_t i = 0; i < samples->n; i++) {
		if (!(gone && gone[i]) && explain_row_has(samples, candidates, candidate, i))
			count_row(samples, i, &tally);
	}
	shares = shares_of(&tally, &totals);
	if (!candidates->list[candidate].pair)
		replace_by_exact(samples, &candidates->list[candidate], exact, &shares);
	return shares;
}

bool explain_shares_stand_out(const struct explain_shares *shares)
{
	return shares->n_bad >= EXPLAIN_NAMED_BAD && shares->good.n > 0 &&
	       explain_lift(shares->bad, shares->good) >= EXPLAIN_LIFT &&
	       explain_excess(shares->bad.share, shares->good.share) >= EXPLAIN_EXCESS &&
	       explain_excess_low(shares->bad, shares->good) > 0;
}
