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
	double counted_seconds; /* of the window */
	double window_seconds;
	/* of the service's traffic since the agent counts: without blind connections, lost requests and those below */
	double counted_ratio;
	double connections; /* of the service, blind ones with them */
	double blind_connections;
	double lost; /* requests */
	double status_unknown; /* requests that were counted, and cannot be judged for that */
	double eligible;
	double left_out; /* client_aborts that were not eligible; told if more than 1 % of it */
	double bad;
	double min_bad; /* fewer bad events say nothing */
	double remaining_ratio; /* of the budget */
	const char *page; /* an alert of severity page that is active and not silenced; or NULL */
};

struct gate_verdict {
	enum gate_decision decision;
	char reason
		[256]; /* one sentence, a second one of what was left out; holds facts->page as it is */
};

/* What one may ask of an SLO. */
struct gate_terms {
	double min_budget_ratio;
	double max_blind_ratio; /* 1 - counted_ratio that still lets one judge */
	/* of the window that must have been counted; NaN: a day, or half of a window shorter than two */
	double min_counted_seconds;
};

/*
 * In this order:
 *   a page: freeze, whatever is left;
 *   less than half of the window since the SLO was first counted covered, more than max_blind_ratio of the traffic not counted, no
 *   eligible event, budget unknown, less than min_counted_seconds of the window counted: unknown;
 *   nothing left, or less than min_budget_ratio: freeze, but unknown with fewer than min_bad bad
 *   events;
 *   else go. What is left may be exactly min_budget_ratio, unless both are 0.
 */
void gate_decide(const struct gate_facts *facts, const struct gate_terms *terms,
		 struct gate_verdict *ret);

/* "go", "freeze", "unknown" */
const char *gate_decision_name(enum gate_decision decision);

#endif
