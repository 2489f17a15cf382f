/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/strata.h"

#include "explain/excess.h"

#define SAME 0.9
enum { FEW = 5 }; /* rows that cannot tell two values apart */

struct sums {
	double count, n_bad, mean, variance;
};

static void add_table(double n, double n_bad, double n_value, double count, struct sums *sums)
{
	double share;

	if (n < 2 || n_bad <= 0 || n_bad >= n)
		return;
	share = n_value / n;
	sums->count += count;
	sums->n_bad += n_bad;
	sums->mean += n_bad * share;
	sums->variance += n_bad * share * (1 - share) * (n - n_bad) / (n - 1);
}

double explain_deviance_given(const struct explain_rows *rows, const bool *value, const bool *other,
			      enum explain_given given)
{
	struct sums sums = {0};

	for (size_t s = 0; s < rows->n_strata; s++) {
		double n[2] = {0}, n_bad[2] = {0}, n_value[2] = {0}, count[2] = {0};

		for (size_t k = rows->begin[s]; k < rows->begin[s + 1]; k++) {
			n[other[k]]++;
			n_bad[other[k]] += rows->bad[k];
			n_value[other[k]] += value[k];
			count[other[k]] += value[k] && rows->bad[k];
		}
		add_table(n[1], n_bad[1], n_value[1], count[1], &sums);
		if (given == EXPLAIN_GIVEN_BOTH)
			add_table(n[0], n_bad[0], n_value[0], count[0], &sums);
	}
	return explain_deviance(sums.count, sums.n_bad, sums.mean, sums.variance);
}

bool explain_coincide(const struct explain_rows *rows, const bool *a, const bool *b)
{
	double both[2] = {0}, either[2] = {0};

	for (size_t k = 0; k < rows->n; k++) {
		both[rows->bad[k]] += a[k] && b[k];
		either[rows->bad[k]] += a[k] || b[k];
	}
	return both[1] >= SAME * either[1] && (both[0] >= SAME * either[0] || either[0] < FEW);
}
