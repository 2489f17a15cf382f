/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/format.h"

static const double min_coverage_ratio = 0.5;

__attribute__((format(printf, 3, 4))) static void decide(struct gate_verdict *ret,
							 enum gate_decision decision,
							 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ret->decision = decision;
	vsnprintf(ret->reason, sizeof(ret->reason), format, args);
	va_end(args);
}

/* Whether too little is known. *ret then says what is missing. */
static bool too_little_known(const struct gate_facts *facts, struct gate_verdict *ret)
{
	if (isnan(facts->coverage_ratio))
		decide(ret, GATE_UNKNOWN, "How much of the window was counted is not known.");
	else if (facts->coverage_ratio < min_coverage_ratio)
		decide(ret, GATE_UNKNOWN, "Only %s of the window was counted.",
		       format_percent(facts->coverage_ratio, 1).text);
	else if (!(facts->eligible > 0))
		decide(ret, GATE_UNKNOWN, "There was no eligible request in the window.");
	else if (isnan(facts->remaining_ratio))
		decide(ret, GATE_UNKNOWN, "How much of the budget is left is not known.");
	else
		return false;
	return true;
}

void gate_decide(const struct gate_facts *facts, double min_budget_ratio, struct gate_verdict *ret)
{
	struct format_text left = format_percent(facts->remaining_ratio, 1);
	struct format_text asked = format_objective(min_budget_ratio);

	if (facts->page)
		decide(ret, GATE_FREEZE, "The page %.100s is firing.", facts->page);
	else if (too_little_known(facts, ret))
		return;
	else if (facts->remaining_ratio > 0 && facts->remaining_ratio >= min_budget_ratio)
		decide(ret, GATE_GO, "%s of the budget is left; %s is asked for.", left.text,
		       asked.text);
	else if (facts->bad < facts->min_bad)
		decide(ret, GATE_UNKNOWN, "Only %.0f bad request%s among %.0f: too few to judge.",
		       facts->bad, facts->bad == 1 ? "" : "s", facts->eligible);
	else if (facts->remaining_ratio <= 0)
		decide(ret, GATE_FREEZE, "The budget is spent: %s of it is left.", left.text);
	else
		decide(ret, GATE_FREEZE, "%s of the budget is left, less than the %s asked for.",
		       left.text, asked.text);
}

const char *gate_decision_name(enum gate_decision decision)
{
	static const char *const names[] = {
		[GATE_GO] = "go",
		[GATE_FREEZE] = "freeze",
		[GATE_UNKNOWN] = "unknown",
	};

	return names[decision];
}
