/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/openslo_alerts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"

enum { PERCENT_BYTES = PROMQL_NUMBER_BYTES + 2 };

void openslo_decimal(double number, char ret_text[static PROMQL_NUMBER_BYTES])
{
	for (int digits = 1; digits < 24; digits++) {
		snprintf(ret_text, PROMQL_NUMBER_BYTES, "%.*f", digits, number);
		if (strtod(ret_text, NULL) == number)
			break;
	}
}

/* The shortest percentage that reads back as this ratio when its point is moved. */
static void percent(double ratio, char ret_text[static PERCENT_BYTES])
{
	char shifted[PERCENT_BYTES + 4];

	for (int digits = 0; digits < 24; digits++) {
		snprintf(ret_text, PERCENT_BYTES, "%.*f", digits, ratio * 100);
		snprintf(shifted, sizeof(shifted), "%se-2", ret_text);
		if (strtod(shifted, NULL) == ratio)
			break;
	}
}

void openslo_target_name(size_t i, char *ret_name, size_t size)
{
	snprintf(ret_name, size, "target-%zu", i + 1);
}

static void number_pair(struct yaml_out *out, const char *key, uint64_t number, bool quoted)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (quoted)
		yaml_out_pair(out, key, text);
	else
		yaml_out_plain_pair(out, key, text);
}

static void duration_pair(struct yaml_out *out, const char *key, uint64_t seconds)
{
	char text[DURATION_TEXT_BYTES];

	duration_text(seconds, text);
	yaml_out_plain_pair(out, key, text);
}

static double threshold(const struct config_slo *slo, const struct alert_rule *rule)
{
	return rule->ratio * (double)slo->window_seconds / (double)rule->seconds;
}

/* True if config/openslo gets the rule's ratio back from the threshold alone. */
static bool is_exact(const struct config_slo *slo, const struct alert_rule *rule)
{
	char text[PROMQL_NUMBER_BYTES];

	openslo_decimal(threshold(slo, rule), text);
	snprintf(text, sizeof(text), "%.12g",
		 strtod(text, NULL) * (double)rule->seconds / (double)slo->window_seconds);
	return strtod(text, NULL) == rule->ratio;
}

static void write_condition_metadata(struct yaml_out *out, const struct config_slo *slo,
				     const struct alert_rule *rule)
{
	bool exact = is_exact(slo, rule);
	char text[PERCENT_BYTES];

	yaml_out_map_at(out, "metadata", false);
	yaml_out_pair(out, "name", rule->name);
	if (!exact || rule->min_bad != ALERT_MIN_BAD || rule->min_events) {
		yaml_out_map_at(out, "annotations", false);
		if (!exact) {
			percent(rule->ratio, text);
			yaml_out_pair(out, "sliprobe/budget", text);
		}
		if (rule->min_bad != ALERT_MIN_BAD)
			number_pair(out, "sliprobe/min_bad", rule->min_bad, true);
		if (rule->min_events)
			number_pair(out, "sliprobe/min_events", rule->min_events, true);
		yaml_out_map_end(out);
	}
	yaml_out_map_end(out);
}

static void write_condition(struct yaml_out *out, const struct config_slo *slo,
			    const struct alert_rule *rule)
{
	char text[PROMQL_NUMBER_BYTES];

	yaml_out_list_at(out, "conditions", false);
	yaml_out_map(out, false);
	yaml_out_pair(out, "kind", "AlertCondition");
	write_condition_metadata(out, slo, rule);
	yaml_out_map_at(out, "spec", false);
	yaml_out_pair(out, "severity", alert_severity_name(rule->severity));
	yaml_out_map_at(out, "condition", false);
	yaml_out_pair(out, "kind", "burnrate");
	yaml_out_pair(out, "op", "gt");
	openslo_decimal(threshold(slo, rule), text);
	yaml_out_plain_pair(out, "threshold", text);
	duration_pair(out, "lookbackWindow", rule->seconds);
	duration_pair(out, "alertAfter", rule->short_seconds);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_map_end(out);
	yaml_out_list_end(out);
}

static void write_targets(struct yaml_out *out, const struct config *config,
			  const struct alert_rule *rule)
{
	char name[32];

	yaml_out_list_at(out, "notificationTargets", false);
	for (size_t i = 0; i < config->n_receivers; i++) {
		if (!(config->receivers[i].severities >> rule->severity & 1))
			continue;
		openslo_target_name(i, name, sizeof(name));
		yaml_out_map(out, false);
		yaml_out_pair(out, "targetRef", name);
		yaml_out_map_end(out);
	}
	yaml_out_list_end(out);
}

void openslo_write_policies(struct yaml_out *out, const struct config *config,
			    const struct config_slo *slo)
{
	yaml_out_list_at(out, "alertPolicies", false);
	for (size_t i = 0; i < slo->n_alerts; i++) {
		const struct alert_rule *rule = &slo->alerts[i];

		if (rule->kind != ALERT_BURN)
			continue;
		yaml_out_map(out, false);
		yaml_out_pair(out, "kind", "AlertPolicy");
		yaml_out_map_at(out, "metadata", false);
		yaml_out_pair(out, "name", rule->name);
		yaml_out_map_end(out);
		yaml_out_map_at(out, "spec", false);
		yaml_out_plain_pair(out, "alertWhenBreaching", "true");
		yaml_out_plain_pair(out, "alertWhenResolved", "true");
		write_condition(out, slo, rule);
		write_targets(out, config, rule);
		yaml_out_map_end(out);
		yaml_out_map_end(out);
	}
	yaml_out_list_end(out);
}

static void write_minimums(struct yaml_out *out, const struct alert_rule *rule)
{
	number_pair(out, "min_bad", rule->min_bad, false);
	number_pair(out, "min_events", rule->min_events, false);
}

static void write_share(struct yaml_out *out, const char *key, double ratio)
{
	char text[PERCENT_BYTES];

	percent(ratio, text);
	yaml_out_plain_pair(out, key, text);
}

/* An item of slos[].alerts. */
static void write_rule(struct yaml_out *out, const struct alert_rule *rule)
{
	yaml_out_map(out, true);
	yaml_out_map_at(out, alert_kind_name(rule->kind), true);
	switch (rule->kind) {
	case ALERT_EXHAUST:
		duration_pair(out, "within", rule->seconds);
		write_minimums(out, rule);
		break;
	case ALERT_BUDGET:
		write_share(out, "spent", rule->ratio);
		write_minimums(out, rule);
		break;
	case ALERT_NO_DATA:
		duration_pair(out, "after", rule->seconds);
		break;
	case ALERT_COVERAGE:
		write_share(out, "below", rule->ratio);
		duration_pair(out, "window", rule->seconds);
		break;
	case ALERT_BURN:
	case ALERT_KIND_COUNT:
		break;
	}
	yaml_out_pair(out, "name", rule->name);
	yaml_out_pair(out, "severity", alert_severity_name(rule->severity));
	yaml_out_map_end(out);
	yaml_out_map_end(out);
}

/* YAML within YAML: lines of one alert each. NULL when out of memory. */
static char *others_text(const struct config_slo *slo)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	struct yaml_out inner;
	int r;

	if (!file)
		return NULL;
	yaml_out_start(&inner, file);
	yaml_out_document_implicit(&inner);
	yaml_out_list(&inner, false);
	for (size_t i = 0; i < slo->n_alerts; i++) {
		if (slo->alerts[i].kind != ALERT_BURN)
			write_rule(&inner, &slo->alerts[i]);
	}
	yaml_out_list_end(&inner);
	yaml_out_document_end(&inner);
	r = yaml_out_finish(&inner);
	if (fclose(file) || r) {
		free(text);
		return NULL;
	}
	return text;
}

void openslo_write_other_alerts(struct yaml_out *out, const struct config_slo *slo)
{
	_cleanup_free_ char *text = others_text(slo);

	yaml_out_pair(out, "sliprobe/alerts", text);
}
