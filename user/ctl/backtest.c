/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl backtest --config F --slo NAME --events CSV: replays the steps in a file through an SLO's
 * alerts. Needs neither agent nor privilege.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/json_values.h"
#include "config/load.h"
#include "ctl/backtest_json.h"
#include "ctl/ctl.h"
#include "ctl/progress.h"
#include "ctl/views.h"
#include "decide/backtest.h"
#include "decide/backtest_csv.h"

enum { PROGRESS_LINES = 1024 }; /* the clock is looked at so often */

struct arguments {
	const char *config;
	const char *slo;
	const char *events;
	double objective; /* 0: the SLO's */
	uint64_t window_seconds; /* 0: the SLO's */
	bool default_alerts;
	bool min_bad_given, min_events_given;
	uint64_t min_bad, min_events;
};

static const char usage_text[] =
	"usage: slictl backtest --config FILE --slo NAME --events CSV\n\n"
	"Replays steps through the SLO's alerts: which fire, when, and how much of the budget is\n"
	"gone by then. CSV rows are t_seconds,good,bad[,step_seconds]: the events of the step that\n"
	"ends at t and reaches back to the row before, or as far as step_seconds says; \"-\" is\n"
	"standard input. Fields may be quoted, and the file may begin with a byte order mark.\n\n"
	"  --config FILE    the configuration that has the SLO\n"
	"  --slo NAME       as in the configuration, or of one service\n"
	"  --events CSV     what happened\n"
	"What if:\n"
	"  --objective P    the objective were P percent\n"
	"  --window D       the window were rolling, of e.g. 28d; alerts that reach beyond it\n"
	"                   are left out\n"
	"  --alerts default the alerts were the default ones\n"
	"  --min-bad N      alerts needed N bad events\n"
	"  --min-events N   alerts needed N eligible events\n";

static void freep_rules(struct alert_rule **rules)
{
	free(*rules);
}

__attribute__((format(printf, 2, 3))) static int fail(const struct ctl *ctl, const char *format,
						      ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		text = NULL;
	fprintf(ctl->err, "slictl: ");
	format_write_safe(text ? text : "out of memory", ctl->err);
	fputc('\n', ctl->err);
	return CTL_CANNOT_TELL;
}

static bool parse_percent(const char *text, double *ret)
{
	char shifted[32];
	size_t digits = strspn(text, "0123456789."), len = strlen(text);
	char *end;
	double ratio;

	/* the percent sign, which the configuration does not have, may follow */
	if (!digits || digits > 24 || (digits != len && strcmp(text + digits, "%") != 0))
		return false;
	snprintf(shifted, sizeof(shifted), "%.*se-2", (int)digits, text);
	ratio = strtod(shifted, &end);
	if (*end || !(ratio > 0 && ratio < 1))
		return false;
	*ret = ratio;
	return true;
}

static bool parse_window(const char *text, uint64_t *ret_seconds)
{
	uint64_t ns;

	if (duration_parse(text, &ns) < 0 || ns % DURATION_S_NS ||
	    ns < SLO_WINDOW_MIN_SECONDS * DURATION_S_NS ||
	    ns > SLO_WINDOW_MAX_SECONDS * DURATION_S_NS)
		return false;
	*ret_seconds = ns / DURATION_S_NS;
	return true;
}

static bool parse_count(const char *text, uint64_t *ret)
{
	char *end;

	if (!*text || strlen(text) > 15 || text[strspn(text, "0123456789")])
		return false;
	*ret = strtoull(text, &end, 10);
	return true;
}

enum option_id {
	OPTION_CONFIG = 256,
	OPTION_SLO,
	OPTION_EVENTS,
	OPTION_OBJECTIVE,
	OPTION_WINDOW,
	OPTION_ALERTS,
	OPTION_MIN_BAD,
	OPTION_MIN_EVENTS,
};

/* Returns NULL, or a text that says which value was expected. */
static const char *set_option(struct arguments *arguments, int option, const char *value)
{
	switch (option) {
	case OPTION_CONFIG:
		arguments->config = value;
		return NULL;
	case OPTION_SLO:
		arguments->slo = value;
		return NULL;
	case OPTION_EVENTS:
		arguments->events = value;
		return NULL;
	case OPTION_OBJECTIVE:
		return parse_percent(value, &arguments->objective) ?
			       NULL :
			       "--objective: expected a percentage above 0 and below 100";
	case OPTION_WINDOW:
		return parse_window(value, &arguments->window_seconds) ?
			       NULL :
			       "--window: expected a length of time, 1h to 92d";
	case OPTION_ALERTS:
		arguments->default_alerts = true;
		return !strcmp(value, "default") ? NULL : "--alerts: expected default";
	case OPTION_MIN_BAD:
		arguments->min_bad_given = true;
		return parse_count(value, &arguments->min_bad) ? NULL :
								 "--min-bad: expected a number";
	default:
		arguments->min_events_given = true;
		return parse_count(value, &arguments->min_events) ?
			       NULL :
			       "--min-events: expected a number";
	}
}

/* False if the command ends here: *ret_status is then its exit status. */
static bool parse_arguments(const struct ctl *ctl, int argc, char **argv, struct arguments *ret,
			    int *ret_status)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, OPTION_CONFIG},
		{"slo", required_argument, NULL, OPTION_SLO},
		{"events", required_argument, NULL, OPTION_EVENTS},
		{"objective", required_argument, NULL, OPTION_OBJECTIVE},
		{"window", required_argument, NULL, OPTION_WINDOW},
		{"alerts", required_argument, NULL, OPTION_ALERTS},
		{"min-bad", required_argument, NULL, OPTION_MIN_BAD},
		{"min-events", required_argument, NULL, OPTION_MIN_EVENTS},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int option;

	*ret_status = CTL_CANNOT_TELL;

	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		const char *expected;

		if (option == 'h') {
			fputs(usage_text, ctl->out);
			*ret_status = CTL_DONE;
			return false;
		}
		if (option == '?')
			return false; /* getopt_long() has said why */
		expected = set_option(ret, option, optarg);
		if (expected) {
			fail(ctl, "%s, got \"%s\"", expected, optarg);
			return false;
		}
	}
	if (optind < argc) {
		fail(ctl, "unexpected argument: %s; see slictl backtest --help", argv[optind]);
		return false;
	}
	if (!ret->config || !ret->slo || !ret->events) {
		fail(ctl, "backtest needs --config, --slo and --events; see slictl backtest "
			  "--help");
		return false;
	}
	return true;
}

static int unknown_slo(const struct ctl *ctl, const struct config *config, const char *file,
		       const char *name)
{
	fail(ctl, "%s: no SLO \"%s\"; there %s", file, name,
	     config->n_slos == 0 ? "is none" :
	     config->n_slos == 1 ? "is" :
				   "are");
	for (size_t i = 0; i < config->n_slos; i++) {
		fprintf(ctl->err, "  ");
		format_write_safe(config->slos[i].name, ctl->err);
		fputc('\n', ctl->err);
	}
	return CTL_CANNOT_TELL;
}

/* Leaves out rules that look back beyond the window. A configuration with them would be refused. */
static size_t keep_fitting(const struct ctl *ctl, uint64_t window_seconds, struct alert_rule *rules,
			   size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool looks_back = rules[i].kind == ALERT_BURN || rules[i].kind == ALERT_EXHAUST;

		if (looks_back && rules[i].seconds > window_seconds)
			fprintf(ctl->err,
				"slictl: left out: alert \"%s\": it reaches beyond the window\n",
				rules[i].name);
		else
			rules[kept++] = rules[i];
	}
	return kept;
}

/* The rules to replay: the SLO's, changed as the options say. NULL when out of memory. */
static struct alert_rule *make_rules(const struct ctl *ctl, const struct config_slo *slo,
				     const struct arguments *arguments, size_t *ret_n)
{
	struct alert_rule *rules = calloc(ALERT_RULES_MAX, sizeof(*rules));

	if (!rules)
		return NULL;
	if (arguments->default_alerts) {
		*ret_n = alert_rules_default(rules);
	} else {
		*ret_n = slo->n_alerts < ALERT_RULES_MAX ? slo->n_alerts : ALERT_RULES_MAX;
		if (*ret_n)
			memcpy(rules, slo->alerts, *ret_n * sizeof(*rules));
	}
	*ret_n = keep_fitting(ctl, arguments->window_seconds ?: slo->window_seconds, rules, *ret_n);
	for (size_t i = 0; i < *ret_n; i++) {
		if (arguments->min_bad_given)
			rules[i].min_bad = arguments->min_bad;
		if (arguments->min_events_given)
			rules[i].min_events = arguments->min_events;
	}
	return rules;
}

static struct backtest_options make_options(const struct config_slo *slo,
					    const struct arguments *arguments,
					    const struct alert_rule *rules, size_t n_rules)
{
	struct backtest_options options = {
		.objective = arguments->objective > 0 ? arguments->objective : slo->objective,
		.window_seconds = slo->window_seconds,
		.time_zone = slo->calendar_month ? slo->time_zone ?: "UTC" : NULL,
		.slice_seconds = slo->slice_seconds,
		.slice_target = slo->slice_target,
		.rules = rules,
		.n_rules = n_rules,
	};

	if (arguments->window_seconds) {
		options.window_seconds = arguments->window_seconds;
		options.time_zone = NULL;
	}
	return options;
}

static int refuse_step(const struct ctl *ctl, const char *file, size_t line, int r)
{
	if (r == -ENOMEM)
		return fail(ctl, "out of memory");
	if (r == -ERANGE)
		return fail(ctl, "%s:%zu: more than 9223372036854775807 events in all", file, line);
	return fail(ctl,
		    "%s:%zu:1: t_seconds: expected Unix time, from 1970 on, as the SLO's window is "
		    "a calendar month",
		    file, line);
}

static int replay_lines(const struct ctl *ctl, const char *file, FILE *in,
			struct backtest *backtest, struct progress *progress)
{
	struct csv csv = {};
	char line[CSV_LINE_BYTES];
	size_t number = 0;
	uint64_t bytes = 0;

	while (fgets(line, sizeof(line), in)) {
		struct csv_step step;
		struct csv_error error;
		size_t len = strlen(line);
		int r;

		number++;
		bytes += len;
		if (number % PROGRESS_LINES == 0)
			progress_say(progress, number, bytes, clock_seconds(CLOCK_MONOTONIC));
		if (!len || (line[len - 1] != '\n' && !feof(in)))
			return fail(ctl, "%s:%zu:%zu: expected text in lines of less than %d bytes",
				    file, number, len + 1, CSV_LINE_BYTES - 1);
		r = csv_line(&csv, line, len, &step, &error);
		if (r < 0)
			return fail(ctl, "%s:%zu:%zu: %s", file, number, error.column,
				    error.expected);
		if (r > 0)
			r = backtest_step(backtest, step.from_seconds, step.t_seconds, step.events);
		if (r < 0)
			return refuse_step(ctl, file, number, r);
	}
	if (ferror(in))
		return fail(ctl, "%s: cannot be read: %s", file, strerror(errno));
	if (!csv.any)
		return fail(ctl, "%s: expected at least one row t_seconds,good,bad", file);
	return CTL_DONE;
}

static int replay(const struct ctl *ctl, const char *file, FILE *in, struct backtest *backtest)
{
	struct progress progress;
	int r;

	progress_begin(&progress, ctl->err, in, "rows replayed", clock_seconds(CLOCK_MONOTONIC));
	r = replay_lines(ctl, file, in, backtest, &progress);
	progress_end(&progress);
	return r;
}

static int replay_file(const struct ctl *ctl, const char *file, struct backtest *backtest)
{
	_cleanup_fclose_ FILE *in = NULL;

	if (!strcmp(file, "-"))
		return replay(ctl, "(standard input)", stdin, backtest);
	in = fopen(file, "re");
	return in ? replay(ctl, file, in, backtest) :
		    fail(ctl, "%s: cannot be opened: %s", file, strerror(errno));
}

static int report(const struct ctl *ctl, const char *name, const struct backtest_options *options,
		  struct backtest *backtest)
{
	_cleanup_json_ json_t *json = ctl_backtest_json(name, options, backtest);
	int r;

	if (!json)
		return fail(ctl, "out of memory");
	if (!ctl->json) {
		r = ctl_view_backtest(json, ctl->colour, ctl->out);
		return r < 0 ? fail(ctl, "out of memory") : CTL_DONE;
	}
	/*
	 * 15 digits show Unix times to the microsecond, and no binary fractions of decimal numbers
	 */
	if (json_write(json, JSON_COMPACT | JSON_REAL_PRECISION(15), ctl->out))
		return fail(ctl, "cannot write the output");
	fputc('\n', ctl->out);
	return CTL_DONE;
}

int ctl_backtest(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(config_clear) struct config config = {};
	_cleanup_(freep_rules) struct alert_rule *rules = NULL;
	_cleanup_(backtest_freep) struct backtest *backtest = NULL;
	struct arguments arguments = {};
	struct backtest_options options;
	struct error error = {};
	const struct config_slo *slo;
	size_t n_rules;
	int r;

	if (!parse_arguments(ctl, argc, argv, &arguments, &r))
		return r;
	if (config_load_elsewhere(arguments.config, &config, &error) < 0)
		return fail(ctl, "%s", error.text);
	slo = config_find_slo(&config, arguments.slo);
	if (!slo)
		return unknown_slo(ctl, &config, arguments.config, arguments.slo);
	rules = make_rules(ctl, slo, &arguments, &n_rules);
	if (!rules)
		return fail(ctl, "out of memory");
	options = make_options(slo, &arguments, rules, n_rules);
	r = backtest_new(&options, &backtest);
	if (r < 0)
		return fail(ctl, "cannot replay: %s", strerror(-r));
	r = replay_file(ctl, arguments.events, backtest);
	return r == CTL_DONE ? report(ctl, arguments.slo, &options, backtest) : r;
}
