/* SPDX-License-Identifier: GPL-2.0-only */
/* The two numbers that a value is judged by: what it explains, and how far it is from chance. */
#ifndef SLIPROBE_EXPLAIN_EXCESS_H
#define SLIPROBE_EXPLAIN_EXCESS_H

/*
 * A share, of so many: of weighted samples their effective number, (sum w)^2 / sum w^2 (L. Kish, Survey Sampling,
 * 1965, section 11.7).
 */
struct explain_share {
	double share; /* 0 .. 1 */
	double n; /* 0: not known */
};

/* (a/A - b/B) / (1 - b/B); 0 if all the good have it. */
double explain_excess(double bad_share, double good_share);

/*
 * The lower confidence bound of the excess share, 97.5 % one-sided. It is 1 - q1/q0 with q the shares that do not have
 * the value, so that it takes the upper bound of a ratio of proportions: MOVER-R (A. Donner and G. Y. Zou, Statistical
 * Methods in Medical Research 21, 2012) from Wilson's score intervals (E. B. Wilson, JASA 22, 1927), which hold where
 * a share is 0 or 1, too. -1 at least.
 */
double explain_excess_low(struct explain_share bad, struct explain_share good);

/* bad / good; of no good one as if it were half a one. */
double explain_lift(struct explain_share bad, struct explain_share good);

/*
 * How far `count` of `n` bad rows is above its mean under shuffling: the signed root of the binomial's deviance
 * (McCullagh and Nelder, section 4.4), scaled to the variance under shuffling. About standard normal, and less skewed
 * than (count - mean) / sd where the mean is small: so rare values do not set the bar for all others. 0 if not above.
 */
double explain_deviance(double count, double n, double mean, double variance);

/* The standard normal quantile that is exceeded with this probability, 1e-12 .. 0.5. */
double explain_normal_above(double probability);

#endif
