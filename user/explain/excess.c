/* SPDX-License-Identifier: GPL-2.0-only */
#include "explain/excess.h"

#include <math.h>

#define Z 1.959963984540054 /* 97.5 % */

struct interval {
	double low, high;
};

static struct interval wilson(struct explain_share share)
{
	double n = share.n, p = share.share, middle, half;

	if (!(n > 0))
		return (struct interval){0, 1};
	middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n);
	half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
	return (struct interval){fmax(middle - half, 0), fmin(middle + half, 1)};
}

double explain_excess(double bad_share, double good_share)
{
	return good_share < 1 ? (bad_share - good_share) / (1 - good_share) : 0;
}

double explain_excess_low(struct explain_share bad, struct explain_share good)
{
	struct explain_share without_bad = {1 - bad.share, bad.n};
	struct explain_share without_good = {1 - good.share, good.n};
	double q1 = without_bad.share, q0 = without_good.share;
	double u1 = wilson(without_bad).high, l0 = wilson(without_good).low;
	double below = l0 * (2 * q0 - l0), root;

	if (!(below > 0))
		return -1;
	root = q1 * q1 * q0 * q0 - u1 * (2 * q1 - u1) * below;
	return fmax(1 - (q1 * q0 + sqrt(fmax(root, 0))) / below, -1);
}

double explain_lift(struct explain_share bad, struct explain_share good)
{
	double least = good.n > 0 ? 0.5 / good.n : 0.5;

	return bad.share / fmax(good.share, least);
}

double explain_deviance(double count, double n, double mean, double variance)
{
	double deviance;

	if (!(count > mean) || !(mean > 0) || !(variance > 0) || mean >= n)
		return 0;
	deviance = count * log(count / mean);
	if (count < n)
		deviance += (n - count) * log((n - count) / (n - mean));
	return sqrt(fmax(2 * deviance * mean * (1 - mean / n) / variance, 0));
}

double explain_normal_above(double probability)
{
	double low = 0, high = 8;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (erfc(middle / M_SQRT2) / 2 > probability)
			low = middle;
		else
			high = middle;
	}
	return low;
}
