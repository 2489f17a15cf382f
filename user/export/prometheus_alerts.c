/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/prometheus_alerts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "base/units.h"
#include "export/promql.h"

#define DAY_SECONDS 86400
#define AGENTS_STEP_SECONDS 60

static const char *title(enum alert_kind kind)
{
	static const char *const titles[ALERT_KIND_COUNT] = {
		[ALERT_BURN] = "SliprobeBudgetBurn",
		[ALERT_EXHAUST] = "SliprobeBudgetExhaustion",
		[ALERT_BUDGET] = "SliprobeBudgetSpent",
		[ALERT_NO_DATA] = "SliprobeNoData",
		[ALERT_COVERAGE] = "SliprobeCoverageLost",
	};

	return kind < ALERT_KIND_COUNT ? titles[kind] : "";
}

/* The parts of one alert's expressions. */
struct scope {
	const struct config_slo *slo;
	const struct alert_rule *rule;
	char *id; /* slo_id="..." */
	char *firing; /* selects the alert's own ALERTS series, which exists while it fires */
};

static void scope_clear(struct scope *scope)
{
	free(scope->id);
	free(scope->firing);
}

bool prometheus_is_utc(const struct config_slo *slo)
{
	return slo->time_zone &&
	       (!strcmp(slo->time_zone, "UTC") || !strcmp(slo->time_zone, "Etc/UTC"));
}

double prometheus_limit(const struct config_slo *slo, double ratio, double scale, double per)
{
	long double budget = units_budget(slo->objective), share = units_of(ratio);

	return (double)(budget * share * (long double)scale /
			((long double)per * UNITS_IN_ONE * UNITS_IN_ONE));
}

double prometheus_budget(const struct config_slo *slo)
{
	return prometheus_limit(slo, 1, 1, 1);
}

const char *prometheus_slo_left_out(const struct config_slo *slo)
{
	return slo->slice_seconds ?
		       "timeslices cannot be told from scraped counters, which say nothing of when "
		       "between two scrapes an event came" :
		       NULL;
}

const char *prometheus_alert_left_out(const struct config_slo *slo, const struct alert_rule *rule)
{
	if (!slo->calendar_month)
		return NULL;
	if (rule->kind == ALERT_EXHAUST || rule->kind == ALERT_BUDGET)
		return "the sum since the month began cannot be asked for in PromQL";
	if (rule->kind == ALERT_BURN && !prometheus_is_utc(slo))
		return "the length of a month is known to PromQL in UTC only";
	return NULL;
}

/* The guard for low traffic: enough events, or the alert fires already. "" without minimums. */
static char *enough(const struct scope *scope, uint64_t seconds)
{
	const struct alert_rule *rule = scope->rule;
	_cleanup_free_ char *events = NULL;
	char window[DURATION_TEXT_BYTES];

	if (!rule->min_bad && !rule->min_events)
		return strdup("");
	duration_text(seconds, window);
	events = rule->min_events ?
			 promql_format(" and slo:sliprobe_events:increase%s{%s} >= %" PRIu64,
				       window, scope->id, rule->min_events) :
			 strdup("");
	return events ? promql_format("\nand on (slo, service)\n"
				      "(slo:sliprobe_bad_events:increase%s{%s} >= %" PRIu64
				      "%s or %s)",
				      window, scope->id, rule->min_bad, events, scope->firing) :
			NULL;
}

/*
 * Of a window that the SLO is younger than, the time before counts as good: the share of bad events
 * is that of the part lived. It is the limit that is divided, as people are told of the share.
 * An alert that fires goes on while the short window is without events: that is no recovery.
 */
static char *burn(const struct scope *scope)
{
	const struct alert_rule *rule = scope->rule;
	bool month = scope->slo->calendar_month;
	_cleanup_free_ char *guard = enough(scope, rule->seconds);
	char longer[DURATION_TEXT_BYTES], shorter[DURATION_TEXT_BYTES];
	char number[PROMQL_NUMBER_BYTES];
	const char *days = month ? "scalar(days_in_month()) * " : "";

	duration_text(rule->seconds, longer);
	duration_text(rule->short_seconds, shorter);
	promql_number(prometheus_limit(scope->slo, rule->ratio,
				       month ? DAY_SECONDS : (double)scope->slo->window_seconds,
				       (double)rule->seconds),
		      number);
	return guard ? promql_format("slo:sli_error:ratio_rate%s{%s} > %s%s / " PROMETHEUS_LIVED
				     "%s{%s}%s\n"
				     "and on (slo, service)\n"
				     "(slo:sli_error:ratio_rate%s{%s} > %s%s / " PROMETHEUS_LIVED
				     "%s{%s}\n"
				     " or (%s unless on (slo, service) "
				     "slo:sliprobe_events:increase%s{%s} > 0))",
				     longer, scope->id, days, number, longer, scope->id, guard,
				     shorter, scope->id, days, number, shorter, scope->id,
				     scope->firing, shorter, scope->id) :
		       NULL;
}

/* Once the budget is spent, a page that fires goes on, but none begins. */
static char *exhaust(const struct scope *scope)
{
	const struct alert_rule *rule = scope->rule;
	uint64_t seconds = (uint64_t)alert_rule_lookback(rule);
	_cleanup_free_ char *guard = enough(scope, seconds);
	_cleanup_free_ char *kept =
		rule->severity == SEVERITY_PAGE ?
			promql_format("\n  and on (slo, service) %s", scope->firing) :
			strdup("");
	char lookback[DURATION_TEXT_BYTES], scale[PROMQL_NUMBER_BYTES];
	char budget[PROMQL_NUMBER_BYTES];
	static const char left[] = "slo:whole_period_error_budget_remaining:ratio";

	duration_text(seconds, lookback);
	promql_number(prometheus_budget(scope->slo), budget);
	promql_number(prometheus_limit(scope->slo, 1, (double)scope->slo->window_seconds,
				       (double)rule->seconds),
		      scale);
	return guard && kept ?
		       promql_format("((%s{%s} > 0\n"
				     "  and on (slo, service)\n"
				     "  %s{%s} * %s / " PROMETHEUS_LIVED
				     "%s{%s} <= slo:sli_error:ratio_rate%s{%s})\n"
				     " or\n"
				     " (%s{%s} <= 0\n"
				     "  and on (slo, service) slo:sli_error:ratio_rate%s{%s} > "
				     "%s / " PROMETHEUS_LIVED "%s{%s}%s))%s",
				     left, scope->id, left, scope->id, scale, lookback, scope->id,
				     lookback, scope->id, left, scope->id, lookback, scope->id,
				     budget, lookback, scope->id, kept, guard) :
		       NULL;
}

static char *spent(const struct scope *scope)
{
	_cleanup_free_ char *guard = enough(scope, scope->slo->window_seconds);
	char window[DURATION_TEXT_BYTES], number[PROMQL_NUMBER_BYTES];

	duration_text(scope->slo->window_seconds, window);
	promql_number(prometheus_limit(scope->slo, scope->rule->ratio, 1, 1), number);
	return guard ? promql_format("slo:sli_error:ratio_rate%s{%s} >= "
				     "%s / " PROMETHEUS_LIVED "%s{%s}%s",
				     window, scope->id, number, window, scope->id, guard) :
		       NULL;
}

/* Counts the minutes in which there was an agent: without one, silence says nothing. */
static char *no_data(const struct scope *scope)
{
	uint64_t steps = scope->rule->seconds / AGENTS_STEP_SECONDS;
	char after[DURATION_TEXT_BYTES], forgotten[DURATION_TEXT_BYTES];

	duration_text(scope->rule->seconds, after);
	duration_text(ALERT_NO_DATA_ENDS_SECONDS, forgotten);
	return promql_format("slo:sliprobe_events:increase%s{%s} == 0\n"
			     "and on (slo, service)\n"
			     "count_over_time(slo:sliprobe_agents:count{%s}[%s:1m]) >= %" PRIu64
			     "\n"
			     "and on (slo, service)\n"
			     "(avg_over_time((slo:sliprobe_events:increase1h{%s} > bool 0)[1d:5m] "
			     "offset %s) >= 0.5 or %s)\n"
			     "and on (slo, service)\n"
			     "slo:sliprobe_events:increase%s{%s} > 0",
			     after, scope->id, scope->id, after, steps > 1 ? steps - 1 : 1,
			     scope->id, after, scope->firing, forgotten, scope->id);
}

static char *coverage(const struct scope *scope)
{
	char window[DURATION_TEXT_BYTES], steps[PROMQL_NUMBER_BYTES], ratio[PROMQL_NUMBER_BYTES];
	_cleanup_free_ char *before = NULL;

	duration_text(scope->rule->seconds, window);
	promql_number((double)scope->rule->seconds / AGENTS_STEP_SECONDS, steps);
	promql_number(scope->rule->ratio, ratio);
	before = promql_format("max_over_time(slo:sliprobe_agents:count{%s}[%s:1m] offset %s)",
			       scope->id, window, window);
	return before ? promql_format("(sum_over_time(slo:sliprobe_agents:count{%s}[%s:1m])\n"
				      " or on (slo, service) 0 * %s)\n"
				      "/ %s\n"
				      "/ %s < %s",
				      scope->id, window, before, steps, before, ratio) :
			NULL;
}

static char *expression(const struct scope *scope)
{
	if (!scope->id || !scope->firing)
		return NULL;
	switch (scope->rule->kind) {
	case ALERT_BURN:
		return burn(scope);
	case ALERT_EXHAUST:
		return exhaust(scope);
	case ALERT_BUDGET:
		return spent(scope);
	case ALERT_NO_DATA:
		return no_data(scope);
	case ALERT_COVERAGE:
		return coverage(scope);
	case ALERT_KIND_COUNT:
		break;
	}
	return NULL;
}

static char *what_happened(const struct alert_rule *rule)
{
	char span[DURATION_TEXT_BYTES], shorter[DURATION_TEXT_BYTES];
	double percent = rule->ratio * 100;

	duration_text(rule->seconds ?: 1, span);
	duration_text(rule->short_seconds ?: 1, shorter);
	switch (rule->kind) {
	case ALERT_BURN:
		return promql_format(
			"{{ $value | humanizePercentage }} of the requests of %s were bad: "
			"at this rate that is more than %g %% of the error budget, and it "
			"goes on in the last %s",
			span, percent, shorter);
	case ALERT_EXHAUST:
		return promql_format(
			"{{ $value | humanizePercentage }} of the error budget is left, "
			"which the present rate uses up within %s",
			span);
	case ALERT_BUDGET:
		return promql_format("%g %% of the error budget is spent", percent);
	case ALERT_NO_DATA:
		return promql_format("no request for %s", span);
	case ALERT_COVERAGE:
		return promql_format(
			"agents counted for {{ $value | humanizePercentage }} of the last "
			"%s",
			span);
	case ALERT_KIND_COUNT:
		break;
	}
	return NULL;
}

/* Writes a field of `about`. In an SLO for "*" it depends on the service in the alert's labels. */
static void write_about(struct yaml_out *out, const struct config *config,
			const struct config_slo *slo, const char *key, size_t offset)
{
	bool for_all = config_slo_is_wildcard(slo);
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < config->n_services; i++) {
		const struct config_service *service = &config->services[i];
		const char *value = *(char *const *)((const char *)service + offset);
		_cleanup_free_ char *shown = NULL, *name = NULL, *before = NULL;

		if (!value || (!for_all && strcmp(slo->service, service->name) != 0))
			continue;
		before = text; /* freed once `text` has it at its beginning */
		shown = promql_template(value);
		name = promql_string(service->name);
		if (!shown || !name)
			text = NULL;
		else if (for_all)
			text = promql_format("%s{{ if eq $labels.service %s }}%s{{ end }}",
					     before ?: "", name, shown);
		else
			text = TAKE_PTR(shown);
		if (!text) {
			yaml_out_text(out, NULL);
			return;
		}
	}
	if (text)
		yaml_out_pair(out, key, text);
}

static void write_annotations(struct yaml_out *out, const struct config *config,
			      const struct scope *scope)
{
	static const struct {
		const char *key;
		size_t offset;
	} about[] = {
		{"owner", offsetof(struct config_service, about.owner)},
		{"purpose", offsetof(struct config_service, about.purpose)},
		{"importance", offsetof(struct config_service, about.importance)},
		{"mitigation", offsetof(struct config_service, about.mitigation)},
		{"runbook_url", offsetof(struct config_service, about.runbook)},
	};
	_cleanup_free_ char *what = what_happened(scope->rule);
	_cleanup_free_ char *summary =
		what ? promql_format("SLO {{ $labels.slo }} of {{ $labels.service }}: %s", what) :
		       NULL;

	yaml_out_map_at(out, "annotations", false);
	yaml_out_pair(out, "summary", summary);
	if (scope->slo->description) {
		_cleanup_free_ char *text = promql_template(scope->slo->description);

		yaml_out_pair(out, "description", text);
	}
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		write_about(out, config, scope->slo, about[i].key, about[i].offset);
	yaml_out_pair(out, "command",
		      "slictl slo '{{ reReplaceAll \"'\" \"'\\\\''\" $labels.slo }}'");
	yaml_out_map_end(out);
}

static void write_alert(struct yaml_out *out, const struct config *config,
			const struct config_slo *slo, const struct alert_rule *rule)
{
	_cleanup_(scope_clear) struct scope scope = {.slo = slo, .rule = rule};
	_cleanup_free_ char *name = promql_string(slo->name), *alert = promql_string(rule->name);
	_cleanup_free_ char *expr = NULL, *id = promql_template(slo->name);

	if (name && alert) {
		scope.id = promql_format("slo_id=%s", name);
		scope.firing =
			promql_format("ALERTS{alertname=\"%s\",alert=%s,alertstate=\"firing\","
				      "slo_id=%s}",
				      title(rule->kind), alert, name);
	}
	expr = expression(&scope);
	yaml_out_map(out, false);
	yaml_out_pair(out, "alert", title(rule->kind));
	yaml_out_pair(out, "expr", expr);
	yaml_out_map_at(out, "labels", true);
	yaml_out_pair(out, "alert", rule->name);
	yaml_out_pair(out, "severity", alert_severity_name(rule->severity));
	yaml_out_pair(out, "slo_id", id);
	for (size_t i = 0; i < slo->n_labels; i++) {
		_cleanup_free_ char *value = promql_template(slo->labels[i].value);

		yaml_out_pair(out, slo->labels[i].name, value);
	}
	yaml_out_map_end(out);
	write_annotations(out, config, &scope);
	yaml_out_map_end(out);
}

void prometheus_alerts_write(struct yaml_out *out, const struct config *config,
			     const struct config_slo *slo)
{
	for (size_t i = 0; i < slo->n_alerts; i++) {
		if (!prometheus_alert_left_out(slo, &slo->alerts[i]))
			write_alert(out, config, slo, &slo->alerts[i]);
	}
}
