/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl gate: may one ship? */
#include <string.h>

#include "base/duration.h"
#include "base/utf8.h"
#include "ctl/alert.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "decide/gate.h"

/* The ratio nearest to a percentage from 0 to 100: "10", "10%", "2.5%". */
static bool parse_percent(const char *text, double *ret_ratio)
{
	char shifted[32];
	size_t len = strlen(text);
	char *end;
	double ratio;

	if (len && text[len - 1] == '%')
		len--;
	if (!len || len > 16 || strspn(text, "0123456789.") < len)
		return false;
	/* dividing by 100 would miss the nearest */
	snprintf(shifted, sizeof(shifted), "%.*se-2", (int)len, text);
	ratio = strtod(shifted, &end);
	if (*end || ratio > 1)
		return false;
	*ret_ratio = ratio;
	return true;
}

/* The name of an active page that is not silenced, or NULL. */
static const char *find_page(const json_t *alerts)
{
	size_t i;
	json_t *alert;

	json_array_foreach(alerts, i, alert) {
		enum alert_severity severity;

		if (ctl_alert_severity(alert, &severity) && severity == SEVERITY_PAGE &&
		    ctl_alert_is_active(alert) && !ctl_alert_is_silenced(alert))
			return ctl_string(alert, "name") ?: "without a name";
	}
	return NULL;
}

static void judge(const json_t *slo, const struct gate_terms *terms, struct gate_verdict *ret)
{
	const json_t *coverage = json_object_get(slo, "coverage");
	double min_bad = ctl_number(json_object_get(slo, "minimum"), "bad");
	double blind = ctl_number(coverage, "blind_connections");
	const struct gate_facts facts = {
		.coverage_ratio = ctl_number(coverage, "ratio"),
		.counted_seconds = ctl_number(coverage, "covered_seconds"),
		.window_seconds = ctl_number(slo, "window_seconds"),
		.counted_ratio = ctl_number(coverage, "counted_ratio"),
		.connections = ctl_number(coverage, "measured_connections") + blind,
		.blind_connections = blind,
		.lost = ctl_number(coverage, "lost"),
		.status_unknown = ctl_number(coverage, "status_unknown"),
		.eligible = ctl_number(slo, "eligible"),
		.left_out = ctl_number(slo, "client_aborts_left_out"),
		.bad = ctl_number(slo, "bad"),
		.min_bad = isnan(min_bad) ? 0 : min_bad,
		.remaining_ratio = ctl_number(json_object_get(slo, "budget"), "remaining_ratio"),
		.page = find_page(json_object_get(slo, "alerts")),
	};

	gate_decide(&facts, terms, ret);
}

/* The member as the agent sent it; null if it is absent. */
static json_t *said(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? json_incref(value) : json_null();
}

static int print(const struct ctl *ctl, const char *name, const struct gate_terms *terms,
		 const json_t *slo, const struct gate_verdict *verdict)
{
	static const enum ctl_colour colours[] = {
		[GATE_GO] = CTL_GOOD,
		[GATE_FREEZE] = CTL_BAD,
		[GATE_UNKNOWN] = CTL_WARN,
	};
	const char *word = gate_decision_name(verdict->decision);
	_cleanup_free_ char *clean = utf8_clean(name);

	if (ctl->json)
		return ctl_print_json(
			ctl,
			json_pack("{s:s,s:s,s:s,s:o,s:f,s:o,s:f,s:o,s:o,s:o,s:o}", "slo", clean,
				  "decision", word, "reason", verdict->reason, "remaining_ratio",
				  said(json_object_get(slo, "budget"), "remaining_ratio"),
				  "min_budget_ratio", terms->min_budget_ratio, "coverage_ratio",
				  said(json_object_get(slo, "coverage"), "ratio"),
				  "max_blind_ratio", terms->max_blind_ratio, "counted_ratio",
				  said(json_object_get(slo, "coverage"), "counted_ratio"),
				  "eligible", said(slo, "eligible"), "bad", said(slo, "bad"),
				  "client_aborts_left_out", said(slo, "client_aborts_left_out")));
	format_write_safe(name, ctl->out);
	fprintf(ctl->out, ": ");
	ctl_write_coloured(verdict->decision == GATE_UNKNOWN ? "cannot tell" : word,
			   colours[verdict->decision], ctl->colour, ctl->out);
	fprintf(ctl->out, ": ");
	format_write_safe(verdict->reason, ctl->out);
	fputc('\n', ctl->out);
	return CTL_DONE;
}

/* With the name that the agent thinks was meant, if there is one. */
static void say_unknown(const struct ctl_answer *answer, struct gate_verdict *ret)
{
	_cleanup_json_ json_t *json = ctl_answer_json(answer);
	const char *error = ctl_string(json, "error");
	const char *meant = error ? strstr(error, "; did you mean") : NULL;

	snprintf(ret->reason, sizeof(ret->reason), "There is no SLO of this name%s", meant ?: ".");
}

/*
 * Asks for the SLO. *ret_slo stays NULL if nothing is known of it: *ret then says why. Returns what
 * ctl_ask() or ctl_say_refused() returned.
 */
static int ask(const struct ctl *ctl, const char *name, json_t **ret_slo, struct gate_verdict *ret)
{
	const struct ctl_request request = {.method = "GET", .path = "/v1/slos/", .name = name};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	int r = ctl_ask(ctl, &request, &answer);

	ret->decision = GATE_UNKNOWN;
	snprintf(ret->reason, sizeof(ret->reason), "The agent did not answer.");
	if (r != CTL_DONE)
		return r;
	if (answer.status == CTL_STATUS_NOT_FOUND) {
		say_unknown(&answer, ret);
		return CTL_DONE;
	}
	if (answer.status != CTL_STATUS_OK) {
		snprintf(ret->reason, sizeof(ret->reason), "The agent refused to answer.");
		return ctl_say_refused(ctl, &answer);
	}
	*ret_slo = ctl_answer_json(&answer);
	if (!*ret_slo)
		snprintf(ret->reason, sizeof(ret->reason), "The agent's answer is not understood.");
	return CTL_DONE;
}

/* One SLO. Returns an enum ctl_exit. */
static int gate(const struct ctl *ctl, const char *name, const struct gate_terms *terms)
{
	_cleanup_json_ json_t *slo = NULL;
	struct gate_verdict verdict;
	int r = ask(ctl, name, &slo, &verdict), printed;

	if (slo)
		judge(slo, terms, &verdict);
	else if (r != CTL_DONE && !ctl->json)
		return r; /* ctl->err says why */
	printed = print(ctl, name, terms, slo, &verdict);
	if (r != CTL_DONE || printed != CTL_DONE)
		return r != CTL_DONE ? r : printed;
	return verdict.decision == GATE_GO     ? CTL_DONE :
	       verdict.decision == GATE_FREEZE ? CTL_NO :
						 CTL_CANNOT_TELL;
}

/* Of two SLOs' answers: no agent, then freeze, then cannot tell, then go. */
static int worse(int a, int b)
{
	static const int ranks[] = {
		[CTL_DONE] = 0, [CTL_CANNOT_TELL] = 1, [CTL_NO] = 2, [CTL_UNREACHABLE] = 3};

	return ranks[a] >= ranks[b] ? a : b;
}

int ctl_gate(const struct ctl *ctl, int argc, char **argv)
{
	const char *min_budget_text = "0", *max_blind_text = "1", *min_counted_text = NULL;
	const struct ctl_option options[] = {
		{.name = "min-budget", .value = &min_budget_text},
		{.name = "max-blind", .value = &max_blind_text},
		{.name = "min-counted", .value = &min_counted_text},
	};
	struct gate_terms terms = {.min_counted_seconds = NAN};
	uint64_t min_counted_ns;
	char **names;
	int r = ctl_options_many(ctl, argc, argv, options, 3, "NAME", &names), ret = CTL_DONE;

	if (r != CTL_DONE)
		return r;
	if (!parse_percent(min_budget_text, &terms.min_budget_ratio))
		return ctl_usage_error(ctl, argv[0], "--min-budget: expected 0% to 100%",
				       min_budget_text);
	if (!parse_percent(max_blind_text, &terms.max_blind_ratio))
		return ctl_usage_error(ctl, argv[0], "--max-blind: expected 0% to 100%",
				       max_blind_text);
	if (min_counted_text && duration_parse(min_counted_text, &min_counted_ns))
		return ctl_usage_error(ctl, argv[0],
				       "--min-counted: expected a duration such as 6h or 7d",
				       min_counted_text);
	if (min_counted_text)
		terms.min_counted_seconds = (double)min_counted_ns / DURATION_S_NS;
	for (; *names && ret != CTL_UNREACHABLE; names++)
		ret = worse(ret, gate(ctl, *names, &terms));
	return ret;
}
