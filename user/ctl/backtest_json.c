/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/backtest_json.h"

#include "base/json_values.h"

/* Null if it is unknown. The member stays, as json_pack()'s "o*" would not let it. */
static json_t *ratio_json(struct maybe ratio)
{
	return ratio.known ? json_real(ratio.value) : json_null();
}

static const char *state_name(enum alert_status status)
{
	return status == ALERT_INACTIVE ? "resolved" : alert_status_name(status);
}

static json_t *transition_json(const struct alert_rule *rules,
			       const struct backtest_transition *transition)
{
	const struct alert_rule *rule = &rules[transition->change.rule];

	return json_pack("{s:f,s:s,s:s,s:s,s:o,s:o}", "t", transition->change.t_seconds, "alert",
			 rule->name, "severity", alert_severity_name(rule->severity), "state",
			 state_name(transition->change.to), "budget_spent_ratio",
			 ratio_json(transition->spent_ratio), "burning_seconds",
			 ratio_json(transition->burning_seconds));
}

static json_t *alert_json(const struct alert_rule *rule, const struct backtest_alert *alert)
{
	json_t *t = alert->fired ? json_real(alert->first.change.t_seconds) : json_null();

	return json_pack("{s:s,s:s,s:I,s:f,s:o,s:o,s:o}", "alert", rule->name, "severity",
			 alert_severity_name(rule->severity), "fired", (json_int_t)alert->fired,
			 "firing_seconds", alert->active_seconds, "t", t, "detected_after_seconds",
			 ratio_json(alert->first.burning_seconds), "budget_spent_ratio",
			 ratio_json(alert->first.spent_ratio));
}

static json_t *events_json(struct slo_events events)
{
	return json_pack("{s:I,s:I,s:I,s:o}", "eligible",
			 (json_int_t)events.good + (json_int_t)events.bad, "good",
			 (json_int_t)events.good, "bad", (json_int_t)events.bad, "availability",
			 ratio_json(slo_availability(events)));
}

static json_t *budget_json(const struct backtest *backtest)
{
	struct slo_budget budget = backtest_budget(backtest);

	return json_pack("{s:f,s:f,s:o,s:o,s:o,s:o,s:b,s:f}", "allowed", budget.allowed_events,
			 "allowed_minutes", budget.allowed_minutes, "remaining_minutes",
			 ratio_json(budget.remaining_minutes), "spent_ratio",
			 ratio_json(budget.spent_ratio), "remaining_ratio",
			 ratio_json(budget.remaining_ratio), "exhausted_in_seconds",
			 ratio_json(budget.exhausted_in_seconds), "projected", budget.projected,
			 "counted_seconds", budget.counted_seconds);
}

static json_t *burn_json(const struct backtest *backtest)
{
	json_t *object = json_object();
	int failed = 0;

#define X(name, seconds)                                                                           \
	failed |= json_object_set_new(object, name,                                                \
				      ratio_json(backtest_burn_rate(backtest, seconds)));
	SLO_BURN_WINDOWS(X)
#undef X
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *final_json(const struct backtest_options *options, struct backtest *backtest)
{
	const struct backtest_result *result = backtest_result(backtest);
	json_t *object = events_json(result->budgeted);
	int failed = json_object_set_new(object, "t", json_real(result->last_seconds));

	if (options->slice_seconds)
		failed |= json_object_set_new(object, "requests", events_json(result->events));
	failed |= json_object_set_new(object, "budget", budget_json(backtest));
	failed |= json_object_set_new(object, "burn_rate", burn_json(backtest));
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

json_t *ctl_backtest_json(const char *name, const struct backtest_options *options,
			  struct backtest *backtest)
{
	const struct backtest_result *result = backtest_result(backtest);
	json_t *transitions = json_array(), *summary = json_array(), *root;
	json_t *slice = options->slice_seconds ? json_integer((json_int_t)options->slice_seconds) :
						 json_null();
	int failed = 0;

	for (size_t i = 0; i < result->n_transitions; i++)
		failed |= json_array_append_new(
			transitions, transition_json(options->rules, &result->transitions[i]));
	for (size_t i = 0; i < options->n_rules; i++)
		failed |= json_array_append_new(summary,
						alert_json(&options->rules[i], &result->alerts[i]));
	root = json_pack("{s:o,s:f,s:f,s:s?,s:o,s:f,s:o,s:o,s:o}", "slo", json_text_or_null(name),
			 "objective", options->objective, "window_seconds",
			 result->window.length_seconds, "calendar", options->time_zone,
			 "slice_seconds", slice, "from", result->first_seconds, "transitions",
			 transitions, "summary", summary, "final", final_json(options, backtest));
	if (!failed)
		return root;
	json_decref(root);
	return NULL;
}
