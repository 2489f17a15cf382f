/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/explain.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "explain/excess.h"
#include "explain/round.h"
#include "explain/rows.h"
#include "explain/shares.h"
#include "explain/strata.h"

enum {
	MOST_NEEDED = 10000,
	USUAL_CANDIDATES = 100, /* where none are known */
};

#define QUANTILE 0.001 /* of the maximum under shuffling, from above */

struct ranking {
	const struct explain_samples *samples;
	struct explain_counted exact;
	struct explain_random random;
	struct explain_findings *findings;
	bool *gone; /* rows that a finding has */
	bool *has[EXPLAIN_FINDINGS_MAX]; /* by finding and row */
};

static struct explain_value value_of(const struct explain_samples *samples,
				     const struct explain_candidate *single)
{
	const struct explain_dimension *dimension = &samples->dimensions[single->dimension];

	return (struct explain_value){
		.dimension = dimension->name,
		.value = dimension->continuous ? NULL : dimension->values[single->code],
		.at_least = single->at_least,
		.bound = single->bound,
	};
}

static void fill_shares(const struct explain_shares *shares, struct explain_finding *finding)
{
	finding->bad_share = shares->bad.share;
	finding->good_share = shares->good.share;
	finding->excess = explain_excess(shares->bad.share, shares->good.share);
	finding->excess_low = explain_excess_low(shares->bad, shares->good);
	finding->lift = explain_lift(shares->bad, shares->good);
	finding->exact = shares->exact;
}

/* What is reported is the share of all the bad, not only of those that are left. */
static bool add_finding(struct ranking *ranking, const struct explain_round *round)
{
	const struct explain_samples *samples = ranking->samples;
	const struct explain_candidate *list = round->candidates.list,
				       *winner = &list[round->winner];
	struct explain_finding finding = {0};
	struct explain_shares shares = explain_shares_of(samples, NULL, &round->candidates,
							 round->winner, &ranking->exact);
	bool *has = calloc(samples->n + 1, sizeof(*has));

	if (!has)
		return false;
	finding.n_where = winner->pair ? 2 : 1;
	for (size_t i = 0; i < finding.n_where; i++)
		finding.where[i] =
			value_of(samples, winner->pair ? &list[winner->parent[i]] : winner);
	finding.n_also = round->n_also;
	for (size_t i = 0; i < round->n_also; i++)
		finding.also[i] = value_of(samples, &list[round->also[i]]);
	fill_shares(&shares, &finding);
	for (size_t i = 0; i < samples->n; i++) {
		has[i] = explain_row_has(samples, &round->candidates, round->winner, i);
		ranking->gone[i] |= has[i];
	}
	ranking->has[ranking->findings->n] = has;
	ranking->findings->list[ranking->findings->n++] = finding;
	return true;
}

/*
 * The bad samples that the strongest usual pattern takes: 9 of 10 have a value that every third good one has. Its
 * deviance must be above the normal quantile that Bonferroni's correction for all candidates asks for, which is about
 * where the 99.9 % quantile of the maximum lies.
 */
static size_t needed(size_t n_candidates, size_t n_good)
{
	double bar = explain_normal_above(QUANTILE /
					  (double)(n_candidates ? n_candidates : USUAL_CANDIDATES));
	double good = fmax((double)n_good, 20);

	for (size_t n = EXPLAIN_NAMED_BAD; n < MOST_NEEDED; n++) {
		double bad = (double)n, all = bad + good, share = (0.9 * bad + good / 3) / all;
		double variance = bad * share * (1 - share) * (all - bad) / (all - 1);

		if (explain_deviance(0.9 * bad, bad, bad * share, variance) > bar)
			return n;
	}
	return MOST_NEEDED;
}

static void mark(const struct explain_rows *rows, const bool *by_sample, bool *ret)
{
	for (size_t k = 0; k < rows->n; k++)
		ret[k] = by_sample[rows->row[k]];
}

static void drop(struct ranking *ranking, size_t which)
{
	struct explain_findings *findings = ranking->findings;

	free(ranking->has[which]);
	for (size_t i = which + 1; i < findings->n; i++) {
		findings->list[i - 1] = findings->list[i];
		ranking->has[i - 1] = ranking->has[i];
	}
	ranking->has[--findings->n] = NULL;
}

/* An earlier finding that says nothing beside a later one was its proxy. */
static int drop_proxies(struct ranking *ranking, const struct explain_rows *rows)
{
	_cleanup_free_ bool *room = calloc(2 * rows->n + 1, sizeof(*room));
	bool *value = room, *other = room + rows->n;

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < ranking->findings->n; i++) {
		for (size_t j = i + 1; j < ranking->findings->n; j++) {
			if (!ranking->has[i] || !ranking->has[j])
				continue; /* never: the analyser cannot know */
			mark(rows, ranking->has[i], value);
			mark(rows, ranking->has[j], other);
			if (explain_deviance_given(rows, value, other, EXPLAIN_GIVEN_BOTH) >=
				    EXPLAIN_VANISHED ||
			    explain_deviance_given(rows, other, value, EXPLAIN_GIVEN_BOTH) <
				    EXPLAIN_VANISHED)
				continue;
			drop(ranking, i--);
			break;
		}
	}
	return 0;
}

static int find_all(struct ranking *ranking)
{
	struct explain_findings *findings = ranking->findings;
	struct explain_rows rows = {0};
	int r = 0;

	for (size_t n = 0; n < EXPLAIN_FINDINGS_MAX && !r; n++) {
		struct explain_round round;
		bool found;

		r = explain_round_run(ranking->samples, n ? ranking->gone : NULL,
				      n ? NULL : &ranking->exact, &ranking->random, &round);
		if (r)
			break;
		found = round.winner != SIZE_MAX;
		if (n == 0)
			findings->needed =
				needed(round.candidates.n, round.rows.n - round.rows.n_bad);
		if (found && !add_finding(ranking, &round))
			r = -ENOMEM;
		if (n == 0) {
			rows = round.rows;
			round.rows = (struct explain_rows){0};
		}
		explain_round_clear(&round);
		if (!found)
			break;
	}
	if (!r && findings->n > 1)
		r = drop_proxies(ranking, &rows);
	explain_rows_clear(&rows);
	return r;
}

/* With too few samples: what exact counts say by themselves. */
static void find_exact(struct ranking *ranking)
{
	const struct explain_counted *exact = &ranking->exact;
	double bar = explain_normal_above(QUANTILE / (double)(exact->n ? exact->n : 1));
	struct explain_finding best = {0};

	for (size_t i = 0; i < exact->n; i++) {
		struct explain_shares shares = explain_shares_exact(exact, i);
		double bad = shares.bad.n, all = bad + shares.good.n;
		double share = (shares.bad.share * bad + shares.good.share * shares.good.n) / all;
		double variance = bad * share * (1 - share) * (all - bad) / (all - 1);
		struct explain_finding finding = {
			.where = {{.dimension = exact->list[i].dimension,
				   .value = exact->list[i].value}},
			.n_where = 1,
		};

		if (!explain_shares_stand_out(&shares) ||
		    explain_deviance(shares.bad.share * bad, bad, bad * share, variance) <= bar)
			continue;
		fill_shares(&shares, &finding);
		if (!best.n_where || finding.excess_low > best.excess_low)
			best = finding;
	}
	if (best.n_where)
		ranking->findings->list[ranking->findings->n++] = best;
}

static int by_low(const void *a, const void *b)
{
	const struct explain_finding *x = a, *y = b;

	return (x->excess_low < y->excess_low) - (x->excess_low > y->excess_low);
}

int explain_rank(const struct explain_samples *samples, const struct explain_exact *exact,
		 size_t n_exact, uint64_t seed, struct explain_findings *ret)
{
	struct explain_findings findings = {0};
	struct ranking ranking = {
		.samples = samples,
		.exact = {exact, n_exact},
		.random = {seed},
		.findings = &findings,
	};
	_cleanup_free_ bool *gone = calloc(samples->n + 1, sizeof(*gone));
	int r;

	if (!gone)
		return -ENOMEM;
	for (size_t i = 0; i < samples->n; i++) {
		findings.bad += samples->bad[i];
		findings.good += !samples->bad[i];
	}
	ranking.gone = gone;
	r = find_all(&ranking);
	if (!r && !findings.n && findings.bad < findings.needed)
		find_exact(&ranking);
	for (size_t i = 0; i < EXPLAIN_FINDINGS_MAX; i++)
		free(ranking.has[i]);
	if (r)
		return r;
	qsort(findings.list, findings.n, sizeof(*findings.list), by_low);
	findings.enough =
		findings.n || (findings.bad >= findings.needed && findings.good >= findings.needed);
	*ret = findings;
	return 0;
}
