/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When what burns began: change points of the share of bad events in exact steps.
 *
 * Steps are cut into regimes of one share each by penalised likelihood of the binomial: cost of a regime is -2 ln L, each
 * change costs 3 ln(steps) (N. R. Zhang and D. O. Siegmund, Biometrics 63, 2007: a modified BIC), and the best cut is
 * found by PELT (R. Killick, P. Fearnhead and I. A. Eckley, JASA 107, 2012). Where events come in bursts, so that steps
 * differ by more than chance, costs are divided by that overdispersion (P. McCullagh and J. A. Nelder, Generalized
 * Linear Models, section 4.5), taken from neighbouring steps by their median.
 */
#ifndef SLIPROBE_EXPLAIN_ONSET_H
#define SLIPROBE_EXPLAIN_ONSET_H

#include <stddef.h>
#include <stdint.h>

/* One step of the SLO, exact. */
struct explain_step {
	double end; /* Unix seconds */
	double seconds; /* its width */
	uint64_t good, bad;
};

/*
 * The beginning of the first bad step of the last regime that is worse than what was before and still holds at the end
 * of the steps; where none holds, of the worst one in them. A ramp is one regime, as are bursts with pauses of up to
 * two minutes. NAN: there is no change for the worse, or no memory. Steps are sorted by time; of more than 2,000 several
 * are taken together first. Takes some 50 ms at most.
 */
double explain_onset(const struct explain_step *steps, size_t n);

#endif
