/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"

static const double min_coverage_ratio = 0.5;
static const double told_left_out_ratio = 0.01;

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

/* Whether more than the terms allow of what the service was asked is in no count: *ret then says so. */
static bool too_much_blind(const struct gate_facts *facts, double max_ratio,
			   struct gate_verdict *ret)
{
	double blind_ratio = facts->blind_connections / facts->connections;

	/* NaN is not known, and no reason; 1 % of 1000 is not more than 1 %, whatever the rounding */
	if (!(1 - facts->counted_ratio > max_ratio + 1e-12))
		return false;
	if (facts->connections > 0 && blind_ratio > max_ratio)
		decide(ret, GATE_UNKNOWN,
		       "%.0f of %.0f connections (%s) could not be read: what they asked is in no "
		       "count.",
		       facts->blind_connections, facts->connections,
		       format_percent(blind_ratio, 1).text);
	else if (facts->status_unknown > facts->lost)
		decide(ret, GATE_UNKNOWN,
		       "The status of %.0f request%s is not known: only %s of the service's traffic can "
		       "be judged.",
		       facts->status_unknown, facts->status_unknown == 1 ? "" : "s",
		       format_percent(facts->counted_ratio, 1).text);
	else
		decide(ret, GATE_UNKNOWN,
		       "%.0f request%s of the service were lost: only %s of its traffic was counted.",
		       facts->lost, facts->lost == 1 ? "" : "s",
		       format_percent(facts->counted_ratio, 1).text);
	return true;
}

static double min_counted_seconds(const struct gate_facts *facts, const struct gate_terms *terms)
{
	enum { DAY_SECONDS = 86400 };

	if (!isnan(terms->min_counted_seconds))
		return terms->min_counted_seconds;
	return fmin(DAY_SECONDS, facts->window_seconds / 2);
}

/* Whether too little is known. *ret then says what is missing. */
static bool too_little_known(const struct gate_facts *facts, const struct gate_terms *terms,
			     struct gate_verdict *ret)
{
	if (isnan(facts->coverage_ratio))
		decide(ret, GATE_UNKNOWN, "How much of the window was counted is not known.");
	else if (facts->coverage_ratio < min_coverage_ratio)
		decide(ret, GATE_UNKNOWN, "Only %s of the window was counted.",
		       format_percent(facts->coverage_ratio, 1).text);
	else if (too_much_blind(facts, terms->max_blind_ratio, ret))
		return true;
	else if (!(facts->eligible > 0))
		decide(ret, GATE_UNKNOWN, "There was no eligible request in the window.");
	else if (isnan(facts->remaining_ratio))
		decide(ret, GATE_UNKNOWN, "How much of the budget is left is not known.");
	else if (facts->counted_seconds < min_counted_seconds(facts, terms))
		decide(ret, GATE_UNKNOWN,
		       "Only %s of the window was counted so far; %s is asked for.",
		       format_span(facts->counted_seconds).text,
		       format_span(min_counted_seconds(facts, terms)).text);
	else
		return false;
	return true;
}

static void judge(const struct gate_facts *facts, const struct gate_terms *terms,
		  struct gate_verdict *ret)
{
	struct format_text left = format_percent(facts->remaining_ratio, 1);
	struct format_text asked = format_objective(terms->min_budget_ratio);

	if (facts->page)
		decide(ret, GATE_FREEZE, "The page %.100s is firing.", facts->page);
	else if (too_little_known(facts, terms, ret))
		return;
	else if (facts->remaining_ratio > 0 && facts->remaining_ratio >= terms->min_budget_ratio)
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

static void tell_left_out(const struct gate_facts *facts, struct gate_verdict *ret)
{
	size_t len = strlen(ret->reason);

	if (facts->left_out > told_left_out_ratio * facts->eligible)
		snprintf(ret->reason + len, sizeof(ret->reason) - len,
			 " Left out: %.0f request%s whose client gave up.", facts->left_out,
			 facts->left_out == 1 ? "" : "s");
}

void gate_decide(const struct gate_facts *facts, const struct gate_terms *terms,
		 struct gate_verdict *ret)
{
	judge(facts, terms, ret);
	tell_left_out(facts, ret);
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
