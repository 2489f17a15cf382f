/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/prometheus_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "base/yaml_out.h"
#include "export/prometheus_alerts.h"
#include "export/promql.h"

#define EVENTS "sliprobe_slo_events_total"
#define STARTS "sliprobe_slo_start_time_seconds"
#define SEEN "slo:sliprobe_seen:timestamp_seconds"
#define START "slo:sliprobe_start:timestamp_seconds"
#define THINNED "instance:sliprobe_slo_events:last5m"

enum {
	HOUR = 3600,
	DAY = 24 * HOUR,
	LONG_AFTER = 6 * HOUR, /* windows longer than this are taken from THINNED */
	THINNED_SECONDS = 300,
	WINDOWS_MAX = 3 * ALERT_RULES_MAX + 16,
};

struct windows {
	uint64_t seconds[WINDOWS_MAX];
	size_t n;
};

/* How an SLO's series are found. */
struct selection {
	char *matchers; /* label matchers without braces, each with a comma behind it */
	char *regex; /* of an SLO for "*": captures the service in the SLO's name; else NULL */
};

static void selection_clear(struct selection *selection)
{
	free(selection->matchers);
	free(selection->regex);
}

/* After a failed allocation members are NULL, which the output reports. */
static void select_one(const struct config_slo *slo, struct selection *selection)
{
	_cleanup_free_ char *name = promql_string(slo->name);
	_cleanup_free_ char *service = promql_string(slo->service);

	if (name && service)
		selection->matchers = promql_format("slo=%s,service=%s,", name, service);
}

static void select_all(const struct config_slo *slo, struct selection *selection)
{
	const char *mark = strstr(slo->name, CONFIG_SERVICE_MARK) ?: "";
	_cleanup_free_ char *before = strndup(slo->name, (size_t)(mark - slo->name));
	_cleanup_free_ char *prefix = before ? promql_regex(before) : NULL;
	_cleanup_free_ char *suffix = promql_regex(*mark ? mark + strlen(CONFIG_SERVICE_MARK) : "");
	_cleanup_free_ char *regex =
		prefix && suffix ? promql_format("%s(.+)%s", prefix, suffix) : NULL;

	selection->regex = regex ? promql_string(regex) : NULL;
	if (selection->regex)
		selection->matchers = promql_format("slo=~%s,", selection->regex);
}

static void add_window(struct windows *windows, uint64_t seconds)
{
	size_t i = 0;

	while (i < windows->n && windows->seconds[i] < seconds)
		i++;
	if (!seconds || (i < windows->n && windows->seconds[i] == seconds) ||
	    windows->n == WINDOWS_MAX)
		return;
	memmove(&windows->seconds[i + 1], &windows->seconds[i],
		(windows->n - i) * sizeof(windows->seconds[0]));
	windows->seconds[i] = seconds;
	windows->n++;
}

static void find_windows(const struct config_slo *slo, struct windows *ret)
{
	ret->n = 0;
#define X(name, seconds) add_window(ret, seconds);
	SLO_BURN_WINDOWS(X)
#undef X
	if (!slo->calendar_month)
		add_window(ret, slo->window_seconds);
	for (size_t i = 0; i < slo->n_alerts; i++) {
		const struct alert_rule *rule = &slo->alerts[i];

		if (prometheus_alert_left_out(slo, rule))
			continue;
		if (rule->kind == ALERT_BURN || rule->kind == ALERT_EXHAUST)
			add_window(ret, (uint64_t)alert_rule_lookback(rule));
		if (rule->kind == ALERT_BURN)
			add_window(ret, rule->short_seconds);
		if (rule->kind == ALERT_NO_DATA) {
			add_window(ret, rule->seconds);
			add_window(ret, ALERT_NO_DATA_ENDS_SECONDS);
		}
	}
}

/* Frees `expr`, which may be NULL after a failed allocation. */
static void record(struct yaml_out *out, const struct config_slo *slo, const char *name,
		   const char *suffix, char *expr)
{
	_cleanup_free_ char *full_name = promql_format("%s%s", name, suffix);

	yaml_out_map(out, false);
	yaml_out_pair(out, "record", full_name);
	yaml_out_pair(out, "expr", expr);
	if (slo) {
		yaml_out_map_at(out, "labels", true);
		yaml_out_pair(out, "slo_id", slo->name);
		yaml_out_map_end(out);
	}
	yaml_out_map_end(out);
	free(expr);
}

/*
 * `sum` by SLO and service. The regex finds the series of an SLO for "*" by the service in their
 * names. It also finds another SLO whose name looks like that, but its label `service` differs.
 */
static char *by_service(const struct selection *selection, const char *sum, const char *any)
{
	if (!selection->matchers)
		return NULL;
	if (!selection->regex)
		return strdup(sum);
	return promql_format("%s\nand on (slo, service)\n"
			     "label_replace(group by (slo) (%s), \"service\", \"$1\", \"slo\", %s)",
			     sum, any, selection->regex);
}

static char *increase(const struct selection *selection, uint64_t seconds, const char *result)
{
	const char *counter = seconds > LONG_AFTER ? THINNED : EVENTS;
	const char *matchers = selection->matchers ?: "";
	_cleanup_free_ char *sum = NULL, *any = NULL;
	char window[DURATION_TEXT_BYTES];

	duration_text(seconds, window);
	sum = promql_format("sum by (slo, service) (increase(%s{%sresult=~\"%s\"}[%s]))", counter,
			    matchers, result, window);
	any = promql_format("last_over_time(%s{%sresult=\"good\"}[%s])", counter, matchers, window);
	return sum && any ? by_service(selection, sum, any) : NULL;
}

static void record_window(struct yaml_out *out, const struct config_slo *slo,
			  const struct selection *selection, uint64_t seconds)
{
	_cleanup_free_ char *id = promql_string(slo->name);
	char window[DURATION_TEXT_BYTES];

	duration_text(seconds, window);
	record(out, slo, "slo:sliprobe_events:increase", window,
	       increase(selection, seconds, "good|bad"));
	record(out, slo, "slo:sliprobe_bad_events:increase", window,
	       increase(selection, seconds, "bad"));
	record(out, slo, "slo:sli_error:ratio_rate", window,
	       id ? promql_format("slo:sliprobe_bad_events:increase%s{slo_id=%s}\n"
				  "/ (slo:sliprobe_events:increase%s{slo_id=%s} > 0)",
				  window, id, window, id) :
		    NULL);
}

static char *agents(const struct selection *selection)
{
	const char *matchers = selection->matchers ?: "";
	_cleanup_free_ char *any = promql_format(EVENTS "{%sresult=\"good\"}", matchers);
	_cleanup_free_ char *sum = any ? promql_format("count by (slo, service) (%s)", any) : NULL;

	return sum ? by_service(selection, sum, any) : NULL;
}

static void record_value(struct yaml_out *out, const struct config_slo *slo, const char *name,
			 const char *value)
{
	_cleanup_free_ char *id = promql_string(slo->name);

	record(out, slo, name, "",
	       id ? promql_format("0 * slo:sliprobe_events:increase5m{slo_id=%s} + %s", id, value) :
		    NULL);
}

static void record_number(struct yaml_out *out, const struct config_slo *slo, const char *name,
			  double value)
{
	char text[PROMQL_NUMBER_BYTES];

	promql_number(value, text);
	record_value(out, slo, name, text);
}

static void record_facts(struct yaml_out *out, const struct config_slo *slo)
{
	record_number(out, slo, "slo:objective:ratio", slo->objective);
	record_number(out, slo, "slo:error_budget:ratio", prometheus_budget(slo));
	if (!slo->calendar_month)
		record_number(out, slo, "slo:time_period:days", (double)slo->window_seconds / DAY);
	else if (prometheus_is_utc(slo))
		record_value(out, slo, "slo:time_period:days", "scalar(days_in_month())");
}

/*
 * When counting began, as far as is known at this moment: as the agents say or, if they are of a
 * version that does not, now. And now: the first of these is when the SLO was first seen.
 */
static void record_start(struct yaml_out *out, const struct config_slo *slo,
			 const struct selection *selection)
{
	const char *matchers = selection->matchers ?: "";
	_cleanup_free_ char *id = promql_string(slo->name);
	_cleanup_free_ char *sum =
		promql_format("min by (slo, service) (" STARTS "{%s})", matchers);
	_cleanup_free_ char *any = promql_format(STARTS "{%s}", matchers);
	_cleanup_free_ char *told = sum && any ? by_service(selection, sum, any) : NULL;

	record(out, slo, SEEN, "",
	       id ? promql_format("0 * slo:sliprobe_agents:count{slo_id=%s} + time()", id) : NULL);
	record(out, slo, START, "",
	       id && told ?
		       promql_format("%s\nor on (slo, service)\n" SEEN "{slo_id=%s}", told, id) :
		       NULL);
}

/*
 * The least value that `series` had in the time, and a little before, so that a whole window counts
 * as whole. Of a longer one it is looked at every 5 min, of the last 6 h at each sample.
 */
static char *least(const char *series, const char *id, uint64_t seconds)
{
	char all[DURATION_TEXT_BYTES], fine[DURATION_TEXT_BYTES], every[DURATION_TEXT_BYTES];

	duration_text(seconds + THINNED_SECONDS, all);
	if (seconds <= LONG_AFTER)
		return promql_format("min_over_time(%s{slo_id=%s}[%s])", series, id, all);
	duration_text(LONG_AFTER, fine);
	duration_text(THINNED_SECONDS, every);
	return promql_format("(min_over_time(%s{slo_id=%s}[%s:%s]) < "
			     "min_over_time(%s{slo_id=%s}[%s])\n"
			     " or min_over_time(%s{slo_id=%s}[%s])\n"
			     " or min_over_time(%s{slo_id=%s}[%s:%s]))",
			     series, id, all, every, series, id, fine, series, id, fine, series, id,
			     all, every);
}

static void record_lived(struct yaml_out *out, const struct config_slo *slo, const char *name,
			 const char *suffix, const char *series, uint64_t seconds)
{
	_cleanup_free_ char *id = promql_string(slo->name);
	_cleanup_free_ char *since = id ? least(series, id, seconds) : NULL;

	record(out, slo, name, suffix,
	       since ? promql_format("clamp_max((time() - %s) / %" PRIu64 ", 1)", since, seconds) :
		       NULL);
}

/* `lived`: of the window, a series without its labels. */
static void record_remaining(struct yaml_out *out, const struct config_slo *slo, const char *name,
			     const char *lived)
{
	_cleanup_free_ char *id = promql_string(slo->name);
	char window[DURATION_TEXT_BYTES], budget[PROMQL_NUMBER_BYTES];

	duration_text(slo->window_seconds, window);
	promql_number(prometheus_budget(slo), budget);
	record(out, slo, name, "",
	       id && lived ? promql_format("1 - slo:sli_error:ratio_rate%s{slo_id=%s}\n"
					   "* %s{slo_id=%s} / %s",
					   window, id, lived, id, budget) :
			     NULL);
}

static void record_period(struct yaml_out *out, const struct config_slo *slo)
{
	char window[DURATION_TEXT_BYTES];
	_cleanup_free_ char *lived = NULL;

	duration_text(slo->window_seconds, window);
	lived = promql_format(PROMETHEUS_LIVED "%s", window);
	record_remaining(out, slo, "slo:period_error_budget_remaining:ratio", lived);
	record_lived(out, slo, "slo:period_lived:ratio", "", SEEN, slo->window_seconds);
	record_remaining(out, slo, "slo:whole_period_error_budget_remaining:ratio",
			 "slo:period_lived:ratio");
}

/* The windows that are judged: the SLO's, and those that burn and exhaust rules look back over. */
static void find_judged_windows(const struct config_slo *slo, struct windows *ret)
{
	ret->n = 0;
	if (!slo->calendar_month)
		add_window(ret, slo->window_seconds);
	for (size_t i = 0; i < slo->n_alerts; i++) {
		const struct alert_rule *rule = &slo->alerts[i];

		if (prometheus_alert_left_out(slo, rule) ||
		    (rule->kind != ALERT_BURN && rule->kind != ALERT_EXHAUST))
			continue;
		add_window(ret, (uint64_t)alert_rule_lookback(rule));
		add_window(ret, rule->short_seconds);
	}
}

/* What depends on how long the SLO has been counted; in the group of long windows, or in the other. */
static void record_ages(struct yaml_out *out, const struct config_slo *slo, bool longer)
{
	struct windows windows;

	find_judged_windows(slo, &windows);
	for (size_t i = 0; i < windows.n; i++) {
		char window[DURATION_TEXT_BYTES];

		duration_text(windows.seconds[i], window);
		if ((windows.seconds[i] > LONG_AFTER) == longer)
			record_lived(out, slo, PROMETHEUS_LIVED, window, START, windows.seconds[i]);
	}
	if (!slo->calendar_month && (slo->window_seconds > LONG_AFTER) == longer)
		record_period(out, slo);
}

/* slo: NULL: the group that all SLOs share. interval: NULL: the server's default. */
static void start_group(struct yaml_out *out, const struct config_slo *slo, const char *suffix,
			const char *interval)
{
	_cleanup_free_ char *name =
		promql_format("sliprobe%s%s%s", slo ? "/" : "", slo ? slo->name : "", suffix);

	yaml_out_map(out, false);
	yaml_out_pair(out, "name", name);
	if (interval)
		yaml_out_plain_pair(out, "interval", interval);
	yaml_out_list_at(out, "rules", false);
}

static void end_group(struct yaml_out *out)
{
	yaml_out_list_end(out);
	yaml_out_map_end(out);
}

static void write_slo(struct yaml_out *out, const struct config *config,
		      const struct config_slo *slo)
{
	_cleanup_(selection_clear) struct selection selection = {};
	struct windows windows;

	if (config_slo_is_wildcard(slo))
		select_all(slo, &selection);
	else
		select_one(slo, &selection);
	find_windows(slo, &windows);
	/* less than 5 min, after which an alert no longer finds a sample */
	start_group(out, slo, "/long", "2m");
	for (size_t i = 0; i < windows.n; i++) {
		if (windows.seconds[i] > LONG_AFTER)
			record_window(out, slo, &selection, windows.seconds[i]);
	}
	record_ages(out, slo, true);
	end_group(out);
	start_group(out, slo, "", NULL);
	for (size_t i = 0; i < windows.n; i++) {
		if (windows.seconds[i] <= LONG_AFTER)
			record_window(out, slo, &selection, windows.seconds[i]);
	}
	record(out, slo, "slo:sliprobe_agents:count", "", agents(&selection));
	record_start(out, slo, &selection);
	record_ages(out, slo, false);
	record_facts(out, slo);
	prometheus_alerts_write(out, config, slo);
	end_group(out);
}

size_t prometheus_rules_left_out(const struct config *config,
				 int (*fn)(void *context, const char *sentence), void *context)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_slos; i++) {
		const struct config_slo *slo = &config->slos[i];
		const char *reason = prometheus_slo_left_out(slo);
		char text[PROMETHEUS_REASON_BYTES];

		if (reason) {
			snprintf(text, sizeof(text), "SLO \"%s\": %s", slo->name, reason);
			n++;
			if (fn(context, text))
				return n;
			continue;
		}
		for (size_t k = 0; k < slo->n_alerts; k++) {
			reason = prometheus_alert_left_out(slo, &slo->alerts[k]);
			if (!reason)
				continue;
			snprintf(text, sizeof(text), "SLO \"%s\": alert \"%s\": %s", slo->name,
				 slo->alerts[k].name, reason);
			n++;
			if (fn(context, text))
				return n;
		}
	}
	return n;
}

static int write_comment(void *context, const char *sentence)
{
	return fprintf(context, "# Left out: %s.\n", sentence) < 0;
}

int prometheus_rules_write(const struct config *config, FILE *file)
{
	struct yaml_out out;
	char *thinned;

	fprintf(file, "# The SLOs of sliprobe, judged over all agents that are scraped.\n");
	prometheus_rules_left_out(config, write_comment, file);
	yaml_out_start(&out, file);
	yaml_out_document(&out);
	yaml_out_map(&out, false);
	yaml_out_list_at(&out, "groups", false);
	start_group(&out, NULL, "", "5m");
	thinned = strdup(EVENTS);
	record(&out, NULL, THINNED, "", thinned);
	end_group(&out);
	for (size_t i = 0; i < config->n_slos; i++) {
		if (!prometheus_slo_left_out(&config->slos[i]))
			write_slo(&out, config, &config->slos[i]);
	}
	yaml_out_list_end(&out);
	yaml_out_map_end(&out);
	yaml_out_document_end(&out);
	return yaml_out_finish(&out);
}
