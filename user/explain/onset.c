/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/onset.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "explain/doubles.h"

enum {
	MOST_STEPS = 2000, /* that PELT sees: its time grows with their square */
	FEWEST_BAD = 3, /* of a regime that is worse */
	PAUSE_SECONDS = 120, /* between bursts of one regime */
	RAMP_SECONDS = 300, /* of a part of a ramp */
};

#define WORSE 1.5 /* times the share before */
#define DISPERSION_MAX 10.0
#define MEDIAN_OF_CHI_SQUARE 0.455 /* with one degree of freedom */

/* Steps so far: those from i to j - 1 have [j] - [i]. */
struct sums {
	double good, bad, seconds;
};

struct regime {
	size_t begin, end; /* steps */
	double bad, events, seconds;
};

static double part(double count, double of)
{
	return count > 0 ? count * log(count / of) : 0;
}

/* -2 ln L of one share for all of them */
static double cost(const struct sums *sums, size_t i, size_t j)
{
	double good = sums[j].good - sums[i].good, bad = sums[j].bad - sums[i].bad;

	return -2 * (part(good, good + bad) + part(bad, good + bad));
}

/* How much more neighbouring steps differ than by chance; 1 or more. */
static double dispersion(const struct sums *sums, size_t n, double *room)
{
	size_t n_differences = 0;

	for (size_t i = 0; i + 2 <= n; i++) {
		double bad1 = sums[i + 1].bad - sums[i].bad,
		       bad2 = sums[i + 2].bad - sums[i + 1].bad;
		double n1 = bad1 + sums[i + 1].good - sums[i].good;
		double n2 = bad2 + sums[i + 2].good - sums[i + 1].good;
		double share = (bad1 + bad2) / (n1 + n2);
		double variance = share * (1 - share) * (1 / n1 + 1 / n2);

		if (n1 > 0 && n2 > 0 && variance > 0) {
			double difference = bad1 / n1 - bad2 / n2;

			room[n_differences++] = difference * difference / variance;
		}
	}
	if (n_differences < 8 || n_differences < n / 4)
		return 1;
	qsort(room, n_differences, sizeof(*room), doubles_compare);
	return fmin(fmax(room[n_differences / 2] / MEDIAN_OF_CHI_SQUARE, 1), DISPERSION_MAX);
}

struct pelt {
	double *best; /* cost of the first t steps */
	size_t *last; /* where their last regime begins */
	size_t *open; /* beginnings that can still win */
};

static void find_changes(const struct sums *sums, size_t n, double penalty, double scale,
			 struct pelt *pelt)
{
	size_t n_open = 0;

	pelt->best[0] = -penalty;
	for (size_t t = 1; t <= n; t++) {
		size_t kept = 0;

		pelt->open[n_open++] = t - 1;
		pelt->best[t] = INFINITY;
		for (size_t k = 0; k < n_open; k++) {
			size_t s = pelt->open[k];
			double c = pelt->best[s] + cost(sums, s, t) / scale + penalty;

			if (c < pelt->best[t]) {
				pelt->best[t] = c;
				pelt->last[t] = s;
			}
		}
		for (size_t k = 0; k < n_open; k++) {
			size_t s = pelt->open[k];

			if (pelt->best[s] + cost(sums, s, t) / scale <= pelt->best[t])
				pelt->open[kept++] = s;
		}
		n_open = kept;
	}
}

static struct regime regime_of(const struct sums *sums, size_t begin, size_t end)
{
	double bad = sums[end].bad - sums[begin].bad;

	return (struct regime){begin, end, bad, bad + sums[end].good - sums[begin].good,
			       sums[end].seconds - sums[begin].seconds};
}

/* The regimes in order of time; those without events belong to the one before. Returns their number. */
static size_t list_regimes(const struct sums *sums, size_t n, const size_t *last,
			   struct regime *regimes)
{
	size_t n_regimes = 0;

	for (size_t t = n; t > 0; t = last[t])
		regimes[n_regimes++] = regime_of(sums, last[t], t);
	for (size_t i = 0; i < n_regimes / 2; i++) {
		struct regime other = regimes[i];

		regimes[i] = regimes[n_regimes - 1 - i];
		regimes[n_regimes - 1 - i] = other;
	}
	return n_regimes;
}

static double share(const struct regime *regime)
{
	return regime->events > 0 ? regime->bad / regime->events : 0;
}

/* The share of bad in quiet times: the lowest of a regime with some weight. */
static double quiet_share(const struct regime *regimes, size_t n)
{
	double events = 0, lowest = INFINITY;

	for (size_t i = 0; i < n; i++)
		events += regimes[i].events;
	for (size_t i = 0; i < n; i++) {
		if (regimes[i].events >= events / 50 || regimes[i].seconds >= PAUSE_SECONDS)
			lowest =
				fmin(lowest, regimes[i].events > 0 ? share(&regimes[i]) : INFINITY);
	}
	return isfinite(lowest) ? lowest : 0;
}

static bool is_worse(const struct regime *regime, double quiet)
{
	return regime->bad >= FEWEST_BAD && share(regime) > WORSE * quiet;
}

/* The first regime of the run that ends with `last`, which is worse. */
static size_t run_begin(const struct regime *regimes, size_t last, double quiet)
{
	double half = (quiet + share(&regimes[last])) / 2, seconds = regimes[last].seconds;
	size_t first = last;

	for (size_t i = last; i-- > 0;) {
		const struct regime *at = &regimes[i];

		if (is_worse(at, quiet)) {
			/* a long time of lesser evil is another story */
			if (share(at) < half && at->seconds > fmax(RAMP_SECONDS, seconds))
				break;
			first = i;
		} else if (at->seconds > PAUSE_SECONDS) {
			break;
		}
		seconds += at->seconds;
	}
	return first;
}

/* The first regime of what burns, or n. */
static size_t choose(const struct regime *regimes, size_t n)
{
	double quiet = quiet_share(regimes, n), worst = 0;
	size_t last = n, chosen = n;

	if (n < 2)
		return n;
	while (last > 0 && regimes[last - 1].events <= 0)
		last--;
	if (last > 0 && is_worse(&regimes[last - 1], quiet))
		return run_begin(regimes, last - 1, quiet);
	for (size_t i = 0; i < n; i++) {
		double excess = regimes[i].bad - quiet * regimes[i].events;

		if (is_worse(&regimes[i], quiet) && excess > worst) {
			worst = excess;
			chosen = run_begin(regimes, i, quiet);
		}
	}
	return chosen;
}

/* The step before the change is the first one if it has more than chance bad ones: it began in the middle of it. */
static bool has_begun(const struct sums *sums, size_t begin, size_t at)
{
	double bad = sums[at + 1].bad - sums[at].bad;
	double events = bad + sums[at + 1].good - sums[at].good;
	struct regime before = regime_of(sums, begin, at);
	double usual = share(&before) * events;

	return bad >= FEWEST_BAD && bad > usual + 4 * sqrt(usual);
}

/* The first bad step from the change on, which is within a coarse step of `about`. */
static double edge(const struct explain_step *steps, size_t n, const struct sums *sums,
		   size_t begin, size_t about, size_t end, size_t by)
{
	size_t from = about > begin + by ? about - by : begin, best = about;
	double lowest = INFINITY;

	for (size_t i = from; i <= about + by && i < end; i++) {
		double c = cost(sums, begin, i) + cost(sums, i, end);

		if (c < lowest) {
			lowest = c;
			best = i;
		}
	}
	if (best > begin && has_begun(sums, begin, best - 1))
		best--;
	while (best < n && !steps[best].bad)
		best++;
	return best < n ? steps[best].end - steps[best].seconds : NAN;
}

static void add_up(const struct explain_step *steps, size_t n, size_t by, struct sums *ret)
{
	struct sums sum = {0};

	ret[0] = sum;
	for (size_t i = 0; i < n; i++) {
		sum.good += (double)steps[i].good;
		sum.bad += (double)steps[i].bad;
		sum.seconds += steps[i].seconds;
		ret[i / by + 1] = sum;
	}
}

double explain_onset(const struct explain_step *steps, size_t n)
{
	const size_t by = n ? (n + MOST_STEPS - 1) / MOST_STEPS : 1, n_coarse = (n + by - 1) / by;
	_cleanup_free_ struct sums *coarse = calloc(n_coarse + 1, sizeof(*coarse));
	_cleanup_free_ struct sums *fine = calloc(n + 1, sizeof(*fine));
	_cleanup_free_ double *best = calloc(n_coarse + 1, sizeof(*best));
	_cleanup_free_ size_t *last = calloc(n_coarse + 1, sizeof(*last));
	_cleanup_free_ size_t *open = calloc(n_coarse + 1, sizeof(*open));
	_cleanup_free_ struct regime *regimes = calloc(n_coarse + 1, sizeof(*regimes));
	size_t n_regimes, chosen;

	if (n < 2 || !coarse || !fine || !best || !last || !open || !regimes)
		return NAN;
	add_up(steps, n, by, coarse);
	add_up(steps, n, 1, fine);
	find_changes(coarse, n_coarse, 3 * log((double)n_coarse),
		     dispersion(coarse, n_coarse, best), &(struct pelt){best, last, open});
	n_regimes = list_regimes(coarse, n_coarse, last, regimes);
	chosen = choose(regimes, n_regimes);
	if (chosen == n_regimes)
		return NAN;
	return edge(steps, n, fine, chosen ? regimes[chosen - 1].begin * by : 0,
		    regimes[chosen].begin * by,
		    regimes[chosen].end * by < n ? regimes[chosen].end * by : n, by);
}
