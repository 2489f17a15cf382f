/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May one ship? The error budget policy of The Site Reliability Workbook (chapter 2, "Establishing
 * an Error Budget Policy") for pipelines. Pure.
 */
#ifndef SLIPROBE_DECIDE_GATE_H
#define SLIPROBE_DECIDE_GATE_H

enum gate_decision {
	GATE_GO,
	GATE_FREEZE,
	GATE_UNKNOWN,
};

/* Facts about one SLO's window. NaN: unknown. */
struct gate_facts {
	double coverage_ratio; /* of the window since the SLO was first counted */
	double eligible;
	double bad;
	double min_bad; /* fewer bad events say nothing */
	double remaining_ratio; /* of the budget */
	const char *page; /* an alert of severity page that is active and not silenced; or NULL */
};

struct gate_verdict {
	enum gate_decision decision;
	char reason[192]; /* one sentence; holds facts->page as it is */
};

/*
 * In this order:
 *   a page: freeze, whatever is left;
 *   less than half of the window covered, no eligible event, budget unknown: unknown;
 *   nothing left, or less than min_budget_ratio: freeze, but unknown with fewer than min_bad bad
 *   events;
 *   else go. What is left may be exactly min_budget_ratio, unless both are 0.
 */
void gate_decide(const struct gate_facts *facts, double min_budget_ratio, struct gate_verdict *ret);

/* "go", "freeze", "unknown" */
const char *gate_decision_name(enum gate_decision decision);

#endif
