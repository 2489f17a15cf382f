/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl risk: is the objective affordable? */
#include <errno.h>
#include <string.h>

#include "base/json_values.h"
#include "config/load.h"
#include "ctl/json.h"
#include "ctl/options.h"
#include "ctl/risk_record.h"
#include "ctl/rows.h"
#include "ctl/show.h"
#include "decide/risk.h"

enum {
	INCIDENTS_SHOWN = 20,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct assessment {
	double objective;
	const struct risk_catalogue *catalogue;
	struct risk_cost *costs;
	struct risk_verdict verdict;
	json_t *recorded; /* NULL: no agent */
};

/* Says `text`. Returns CTL_CANNOT_TELL. */
static int refuse(const struct ctl *ctl, const char *text)
{
	if (ctl->json) {
		ctl_print_json(ctl, json_pack("{s:o}", "error", json_text_or_null(text)));
	} else {
		format_write_safe(text, ctl->err);
		fputc('\n', ctl->err);
	}
	return CTL_CANNOT_TELL;
}

static int refuse_file(const struct ctl *ctl, const char *file, const char *why)
{
	struct error error;

	snprintf(error.text, sizeof(error.text), "%s: %s", file, why);
	return refuse(ctl, error.text);
}

static int load(const struct ctl *ctl, const char *file, struct risk_catalogue *ret)
{
	_cleanup_fclose_ FILE *in = fopen(file, "re");
	_cleanup_free_ char *text =
		malloc(RISK_MAX_BYTES + 1); /* one more tells that it is larger */
	struct error error = {};
	size_t len;
	int r;

	if (!in)
		return refuse_file(ctl, file, strerror(errno));
	if (!text)
		return refuse_file(ctl, file, "out of memory");
	len = fread(text, 1, RISK_MAX_BYTES + 1, in);
	if (ferror(in))
		return refuse_file(ctl, file, strerror(errno));
	r = risk_parse(text, len, file, ret, &error);
	if (r == -ENOMEM)
		return refuse_file(ctl, file, "out of memory");
	return r < 0 ? refuse(ctl, error.text) : CTL_DONE;
}

static int objective_of_config(const struct ctl *ctl, const char *file, const char *slo,
			       double *ret_objective)
{
	_cleanup_(config_clear) struct config config = {};
	const struct config_slo *found;
	struct error error = {};

	if (config_load_elsewhere(file, &config, &error) < 0)
		return refuse(ctl, error.text);
	found = config_find_slo(&config, slo);
	if (!found)
		return refuse_file(ctl, file, "no SLO of this name is in it");
	*ret_objective = found->objective;
	return CTL_DONE;
}

static void add_minutes(struct ctl_table *table, double minutes)
{
	struct format_text text;

	snprintf(text.text, sizeof(text.text), "%.10gm", minutes);
	ctl_table_add(table, text.text, CTL_PLAIN);
}

/* A share of costs. format_percent() would round it down, which is good news. */
static struct format_text share_text(double ratio)
{
	struct format_text ret;

	snprintf(ret.text, sizeof(ret.text), "%.1f%%", ratio * 100);
	return ret;
}

static int print_risks(const struct ctl *ctl, const struct assessment *assessment)
{
	static const struct ctl_column columns[] = {
		{"RISK", false}, {"DETECT", true},	 {"REPAIR", true}, {"IMPACT", true},
		{"EVERY", true}, {"BAD MIN/YEAR", true}, {"SHARE", true},  {"OVER 25%", false},
	};
	struct ctl_table table;
	int r;

	ctl_table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < assessment->catalogue->n_risks; i++) {
		const struct risk_cost *cost = &assessment->costs[i];
		enum ctl_colour colour = cost->too_big ? CTL_BAD : CTL_PLAIN;
		struct format_text text;

		ctl_table_add(&table, cost->risk->name, CTL_PLAIN);
		add_minutes(&table, cost->risk->detect_minutes);
		add_minutes(&table, cost->risk->repair_minutes);
		snprintf(text.text, sizeof(text.text), "%.10g%%", cost->risk->impact_percent);
		ctl_table_add(&table, text.text, CTL_PLAIN);
		snprintf(text.text, sizeof(text.text), "%.10gd", cost->risk->days_between_failures);
		ctl_table_add(&table, text.text, CTL_PLAIN);
		snprintf(text.text, sizeof(text.text), "%.1f", cost->bad_minutes);
		ctl_table_add(&table, text.text, CTL_PLAIN);
		ctl_table_add(&table, share_text(cost->share_ratio).text, colour);
		ctl_table_add(&table, cost->too_big ? "yes" : "no", colour);
	}
	r = ctl_table_print(&table, 0, ctl->colour, ctl->out);
	ctl_table_clear(&table);
	return r;
}

static void print_verdict(const struct ctl *ctl, const struct assessment *assessment)
{
	const struct risk_verdict *verdict = &assessment->verdict;

	fprintf(ctl->out, "\nIn all %.1f of %.1f bad minutes a year (%s): ", verdict->bad_minutes,
		verdict->budget_minutes, share_text(verdict->share_ratio).text);
	ctl_write_coloured(verdict->affordable ? "affordable" : "not affordable",
			   verdict->affordable ? CTL_GOOD : CTL_BAD, ctl->colour, ctl->out);
	fprintf(ctl->out, ".\n");
	if (verdict->affordable_objective > 0 && verdict->affordable_objective < 1)
		fprintf(ctl->out, "%s is what these risks allow.\n",
			format_objective(verdict->affordable_objective).text);
}

static void add_share(struct ctl_table *table, const json_t *object, const char *key)
{
	double ratio = ctl_number(object, key);

	ctl_table_add(table, isnan(ratio) ? NULL : share_text(ratio).text, CTL_PLAIN);
}

static const struct ctl_as as_share = {add_share, true};

static int print_incidents(const struct ctl *ctl, const json_t *list)
{
	static const struct ctl_field fields[] = {
		{"FIRED UTC", "fired_at", &ctl_as_time},
		{"SLO", "slo", &ctl_as_text},
		{"ALERT", "alert", &ctl_as_text},
		{"DETECT", "detect_seconds", &ctl_as_span},
		{"REPAIR", "repair_seconds", &ctl_as_span},
		{"BUDGET SPENT", "budget_spent_ratio", &as_share},
	};
	const struct ctl_rows rows = {
		.list = list,
		.max = INCIDENTS_SHOWN,
		CTL_FIELDS(fields),
		.indent = 2,
	};

	return json_array_size(list) ? ctl_rows_print(&rows, ctl->colour, ctl->out) : 0;
}

static int print_recorded(const struct ctl *ctl, const json_t *record, const char *what)
{
	double spent = ctl_number(record, "budget_spent_ratio");
	json_int_t n = ctl_count_or_zero(record, "incidents");
	json_int_t n_open = ctl_count_or_zero(record, "open");

	fprintf(ctl->out, "\nRecorded by %ss: %" JSON_INTEGER_FORMAT " incident%s", what, n,
		format_plural((unsigned long long)n));
	if (n_open)
		fprintf(ctl->out, ", %" JSON_INTEGER_FORMAT " still open", n_open);
	if (n) {
		fprintf(ctl->out, "\n  mean time to detect %s,",
			format_span(ctl_number(record, "mean_detect_seconds")).text);
		fprintf(ctl->out, " to repair %s; budget spent %s",
			format_span(ctl_number(record, "mean_repair_seconds")).text,
			isnan(spent) ? "-" : share_text(spent).text);
	}
	fputc('\n', ctl->out);
	return print_incidents(ctl, json_object_get(record, "list"));
}

static int print_text(const struct ctl *ctl, const struct assessment *assessment)
{
	int r;

	fprintf(ctl->out,
		"Risk catalogue, as of Google SRE (CRE life lessons, The Art of SLOs).\n"
		"%s leaves %.1f minutes a year that may be bad.\n\n",
		format_objective(assessment->objective).text, assessment->verdict.budget_minutes);
	r = print_risks(ctl, assessment);
	if (r < 0)
		return r;
	print_verdict(ctl, assessment);
	if (!assessment->recorded) {
		fprintf(ctl->out, "\nNo agent answers: what really happened is not known.\n");
		return 0;
	}
	r = print_recorded(ctl, json_object_get(assessment->recorded, "page"), "page");
	if (r == 0)
		r = print_recorded(ctl, json_object_get(assessment->recorded, "ticket"), "ticket");
	return r;
}

static json_t *risks_json(const struct assessment *assessment)
{
	json_t *list = json_array();

	for (size_t i = 0; i < assessment->catalogue->n_risks; i++) {
		const struct risk_cost *cost = &assessment->costs[i];
		const struct risk *risk = cost->risk;

		json_array_append_new(list, json_pack("{s:s,s:f,s:f,s:f,s:f,s:f,s:f,s:b}", "name",
						      risk->name, "detect_minutes",
						      risk->detect_minutes, "repair_minutes",
						      risk->repair_minutes, "impact_percent",
						      risk->impact_percent, "days_between_failures",
						      risk->days_between_failures, "bad_minutes",
						      cost->bad_minutes, "share_ratio",
						      cost->share_ratio, "too_big", cost->too_big));
	}
	return list;
}

static int print(const struct ctl *ctl, const struct assessment *assessment)
{
	const struct risk_verdict *verdict = &assessment->verdict;
	bool some = verdict->affordable_objective > 0 && verdict->affordable_objective < 1;

	if (ctl->json)
		return ctl_print_json(
			ctl,
			json_pack("{s:f,s:f,s:f,s:f,s:b,s:o,s:o,s:O?}", "objective",
				  assessment->objective, "budget_minutes", verdict->budget_minutes,
				  "bad_minutes", verdict->bad_minutes, "share_ratio",
				  verdict->share_ratio, "affordable", verdict->affordable,
				  "affordable_objective",
				  some ? json_real(verdict->affordable_objective) : json_null(),
				  "risks", risks_json(assessment), "recorded",
				  assessment->recorded));
	return print_text(ctl, assessment) < 0 ? ctl_no_memory(ctl) : CTL_DONE;
}

static int assess(const struct ctl *ctl, const struct risk_catalogue *catalogue, double objective,
		  const char *slo)
{
	_cleanup_free_ struct risk_cost *costs = calloc(catalogue->n_risks, sizeof(*costs));
	_cleanup_json_ json_t *recorded = NULL;
	struct assessment assessment = {
		.objective = objective, .catalogue = catalogue, .costs = costs};
	int r;

	if (!costs)
		return refuse(ctl, "slictl: out of memory");
	risk_judge(catalogue, objective, costs, &assessment.verdict);
	recorded = risk_record(ctl, slo);
	assessment.recorded = recorded;
	r = print(ctl, &assessment);
	if (r != CTL_DONE)
		return r;
	return assessment.verdict.affordable ? CTL_DONE : CTL_NO;
}

int ctl_risk(const struct ctl *ctl, int argc, char **argv)
{
	const char *file, *config = NULL, *slo = NULL;
	const struct ctl_option options[] = {{.name = "config", .value = &config},
					     {.name = "slo", .value = &slo}};
	_cleanup_(risk_clear) struct risk_catalogue catalogue = {};
	double objective;
	int r = ctl_options(ctl, argc, argv, options, COUNT(options), "FILE", &file);

	if (r != CTL_DONE)
		return r;
	if (config && !slo)
		return ctl_usage_error(ctl, argv[0], "--config needs --slo", NULL);
	r = load(ctl, file, &catalogue);
	if (r != CTL_DONE)
		return r;
	objective = catalogue.objective;
	if (config)
		r = objective_of_config(ctl, config, slo, &objective);
	if (r != CTL_DONE)
		return r;
	if (objective == 0)
		return refuse_file(ctl, file,
				   "objective: expected a percentage above 0 and below 100, or "
				   "--config and --slo that tell it");
	return assess(ctl, &catalogue, objective, slo);
}
