/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/quiet.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/format.h"

/* A rule, and what it goes by. */
struct quiet_case {
	const struct alert_rule *rule;
	const struct quiet_rule *seen;
	double factor; /* the burn rate above which it fires */
	double burn; /* of its long window, as far as that was lived */
};

__attribute__((format(printf, 2, 3))) static void say_quiet(char *ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret, QUIET_BYTES, format, args);
	va_end(args);
}

bool quiet_asks_for(const struct alert_rule *rule)
{
	return rule->kind == ALERT_BURN && rule->severity >= SEVERITY_TICKET;
}

static double burn_of(const struct quiet_facts *facts, struct slo_events events)
{
	struct maybe burn = slo_burn_rate(events, facts->slo->objective);

	return burn.known ? burn.value : 0;
}

static struct quiet_case case_of(const struct quiet_facts *facts, size_t i)
{
	const struct alert_rule *rule = &facts->slo->alerts[i];

	return (struct quiet_case){
		.rule = rule,
		.seen = &facts->rules[i],
		.factor = rule->ratio * facts->window_seconds / (double)rule->seconds,
		.burn = burn_of(facts, facts->rules[i].budgeted),
	};
}

/* Nearer to firing; of two that are as far from it, the one that looks back further. */
static bool is_nearer(const struct quiet_case *a, const struct quiet_case *b)
{
	double of_a = a->burn / a->factor, of_b = b->burn / b->factor;

	return of_a > of_b || (of_a == of_b && a->rule->seconds > b->rule->seconds);
}

/* The first rule whose long window burns, else the one that comes nearest. False if there is none. */
static bool choose(const struct quiet_facts *facts, struct quiet_case *ret)
{
	bool any = false;

	for (size_t i = 0; i < facts->slo->n_alerts; i++) {
		struct quiet_case found;

		if (!quiet_asks_for(&facts->slo->alerts[i]))
			continue;
		found = case_of(facts, i);
		if (any && !is_nearer(&found, ret))
			continue;
		*ret = found;
		any = true;
		if (found.burn > found.factor)
			break;
	}
	return any;
}

static void say_slow(const struct quiet_case *found, char *ret)
{
	const char *name = found->rule->name;
	struct format_text span = format_span((double)found->rule->seconds);

	if (!found->seen->requests.bad)
		say_quiet(ret, "nothing was bad in the last %s, as far back as %s looks", span.text,
			  name);
	else
		say_quiet(ret, "burn rate %s in the last %s: %s fires above %s",
			  format_burn(found->burn).text, span.text, name,
			  format_burn(found->factor).text);
}

/* The long window burns: what else does the rule wait for? */
static void say_burning(const struct quiet_facts *facts, const struct quiet_case *found, char *ret)
{
	const struct alert_rule *rule = found->rule;
	const struct slo_events requests = found->seen->requests;
	double length = (double)rule->seconds;
	struct format_text span = format_span(length);

	if (requests.bad < rule->min_bad)
		say_quiet(ret,
			  "%s waits for %" PRIu64 " bad requests in %s (min_bad): so far %" PRIu64,
			  rule->name, rule->min_bad, span.text, requests.bad);
	else if (slo_eligible(requests) < (double)rule->min_events)
		say_quiet(ret, "%s waits for %" PRIu64 " requests in %s (min_events): so far %.0f",
			  rule->name, rule->min_events, span.text, slo_eligible(requests));
	else if (found->burn * facts->age_seconds / length <= found->factor &&
		 facts->age_seconds < length)
		say_quiet(ret,
			  "young: counted for %s so far, and %s takes the rest of its %s for good",
			  format_span(facts->age_seconds).text, rule->name, span.text);
	else if (burn_of(facts, found->seen->last) <= found->factor)
		say_quiet(ret, "%s is over: in the last %s it burns no more than %s", rule->name,
			  format_span((double)rule->short_seconds).text,
			  format_burn(found->factor).text);
	else
		say_quiet(ret, "%s is about to fire, at the agent's next step", rule->name);
}

void quiet_text(const struct quiet_facts *facts, char ret_text[static QUIET_BYTES])
{
	struct quiet_case found;

	if (facts->silenced)
		say_quiet(ret_text, "its alerts are silenced");
	else if (facts->excluded)
		say_quiet(ret_text, "its events are left out for now: maintenance, or a silence");
	else if (!choose(facts, &found))
		say_quiet(ret_text,
			  "it has no alert on its burn rate that pages or opens a ticket");
	else if (found.burn > found.factor)
		say_burning(facts, &found, ret_text);
	else
		say_slow(&found, ret_text);
}
