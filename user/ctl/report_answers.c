/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/report_answers.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_values.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/query.h"
#include "ctl/show.h"

enum {
	KEY_BYTES = 512,
	DAY_SECONDS = 86400,
	HOURS_FOR_DAYS = 35, /* of latency: the agent knows it by the hour for so long */
};

struct gathering {
	const struct ctl *ctl;
	const struct report_options *options;
	json_t *answers;
	char since[32]; /* as a query takes it */
	double since_unix;
	size_t refused;
};

static int put_answer(struct gathering *g, const char *key, json_t *value)
{
	return json_object_set_new(g->answers, key, value) ? ctl_no_memory(g->ctl) : CTL_DONE;
}

/* Asks for it. An answer that is no success is kept as it is, its words in it. */
static int gather(struct gathering *g, const char *key, const char *path, const char *name,
		  json_t **ret)
{
	const struct ctl_request request = {.method = "GET", .path = path, .name = name};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	json_t *json;
	int r = ctl_ask(g->ctl, &request, &answer);

	if (r != CTL_DONE)
		return r;
	json = ctl_answer_json(&answer);
	if (answer.status != CTL_STATUS_OK) {
		g->refused++;
		if (!json_is_string(json_object_get(json, "error"))) {
			json_decref(json);
			json = json_pack("{s:s}", "error", "The agent did not tell.");
		}
	}
	r = put_answer(g, key, json);
	if (r == CTL_DONE && ret)
		*ret = json;
	return r;
}

static int gather_query(struct gathering *g, const char *key, const char *path, const char *segment,
			const struct ctl_argument *arguments, size_t n, json_t **ret)
{
	_cleanup_free_ char *address = ctl_query(path, segment, arguments, n);

	return address ? gather(g, key, address, NULL, ret) : ctl_no_memory(g->ctl);
}

/* "KIND:NAME" */
static const char *key_of(const char *kind, const char *name, char ret[static KEY_BYTES])
{
	snprintf(ret, KEY_BYTES, "%s:%s", kind, name);
	return ret;
}

/* Steps before both the report's time and the SLO's window are not shown. */
static void drop_old_steps(const struct gathering *g, json_t *history)
{
	const double window = ctl_number(history, "window_seconds");
	const double now = ctl_number(history, "now_seconds");
	const double from = fmin(g->since_unix, now - (isnan(window) ? 0 : window));
	json_t *steps = json_object_get(history, "steps"), *kept = json_array(), *step;
	size_t i;

	json_array_foreach(steps, i, step) {
		if (json_number_value(json_array_get(step, 0)) >= from)
			json_array_append(kept, step);
	}
	if (json_is_array(steps))
		json_object_set(history, "steps", kept);
	json_decref(kept);
}

static void drop_series(json_t *history)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(history, "rows"), i, row)
		json_object_del(row, "series");
}

static int gather_heat(struct gathering *g, const char *service)
{
	const struct ctl_argument arguments[] = {
		{"kind", "service"},
		{"by", g->options->days > HOURS_FOR_DAYS ? "day" : "hour"},
		{"since", g->since},
		{"histograms", "yes"},
	};
	char key[KEY_BYTES];
	json_t *history = NULL;
	int r = gather_query(g, key_of("heat:30d", service, key), "/v1/history/", service,
			     arguments, sizeof(arguments) / sizeof(arguments[0]), &history);

	drop_series(history);
	return r;
}

/* One service, which several SLOs may have. */
static int gather_service(struct gathering *g, const char *service)
{
	const struct ctl_argument arguments[] = {{"service", service}};
	char key[KEY_BYTES];
	int r;

	if (!service || json_object_get(g->answers, key_of("service", service, key)))
		return CTL_DONE;
	r = gather_query(g, key, "/v1/services", NULL, arguments, 1, NULL);
	return r == CTL_DONE ? gather_heat(g, service) : r;
}

static int gather_slo(struct gathering *g, const json_t *slo)
{
	const char *name = ctl_string(slo, "name");
	char key[KEY_BYTES];
	json_t *history = NULL;
	int r = gather(g, key_of("slo", name, key), "/v1/slos/", name, NULL);

	if (r == CTL_DONE)
		r = gather(g, key_of("history", name, key), "/v1/history/", name, &history);
	if (r == CTL_DONE)
		drop_old_steps(g, history);
	/* it takes the agent a while: where somebody has asked for this SLO, or something is wrong with it */
	if (r == CTL_DONE && (g->options->slo || json_array_size(json_object_get(slo, "alerts"))))
		r = gather(g, key_of("explain", name, key), "/v1/explain/", name, NULL);
	return r == CTL_DONE ? gather_service(g, ctl_string(slo, "service")) : r;
}

/* The services of the report's SLOs as one list, as the page shows it. */
static int put_services(struct gathering *g)
{
	json_t *list = json_array(), *answer;
	const char *key;
	int failed = 0;

	json_object_foreach(g->answers, key, answer) {
		if (!strncmp(key, "service:", strlen("service:")))
			failed |= json_array_extend(list, json_object_get(answer, "services"));
	}
	return failed ? ctl_no_memory(g->ctl) :
			put_answer(g, "services", json_pack("{s:o}", "services", list));
}

static int gather_incidents(struct gathering *g)
{
	char key[KEY_BYTES], number[32], limit[16];
	const struct ctl_argument arguments[] = {
		{"slo", g->options->slo}, {"since", g->since}, {"limit", limit}};
	json_t *incidents = NULL, *incident;
	size_t i;
	int r;

	snprintf(limit, sizeof(limit), "%d", REPORT_INCIDENTS_MAX);
	r = gather_query(g, "incidents", "/v1/incidents", NULL, arguments, 3, &incidents);
	incidents = json_object_get(incidents, "incidents");
	json_array_foreach(incidents, i, incident) {
		const json_t *id = json_object_get(incident, "number");

		if (r != CTL_DONE || !json_is_integer(id))
			continue;
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(id));
		r = gather(g, key_of("incident", number, key), "/v1/incidents/", number, NULL);
	}
	return r;
}

static int gather_events(struct gathering *g)
{
	char filter[KEY_BYTES] = "bad", limit[16];
	const struct ctl_argument arguments[] = {
		{"filter", filter}, {"since", g->since}, {"limit", limit}};

	if (!g->options->samples)
		return put_answer(g, "events:",
				  json_pack("{s:s}", "error",
					    "This report was made without samples."));
	snprintf(limit, sizeof(limit), "%d", REPORT_EVENTS_MAX);
	/* a name of an SLO has no quotes */
	if (g->options->slo)
		snprintf(filter, sizeof(filter), "bad_for=\"%s\"", g->options->slo);
	return gather_query(g, "events:", "/v1/events", NULL, arguments, 3, NULL);
}

/* The status with the report's SLOs alone. *ret_left_out: how many others there would be. */
static int gather_status(struct gathering *g, json_t **ret_slos, size_t *ret_left_out)
{
	_cleanup_json_ json_t *kept = json_array();
	json_t *status = NULL, *slos, *slo;
	size_t i, left_out = 0;
	int r = gather(g, "status", "/v1/status?services=no", NULL, &status);

	slos = json_object_get(status, "slos");
	json_array_foreach(slos, i, slo) {
		const char *name = ctl_string(slo, "name");

		if (!name || (g->options->slo && strcmp(name, g->options->slo) != 0))
			continue;
		if (json_array_size(kept) < REPORT_SLOS_MAX)
			json_array_append(kept, slo);
		else
			left_out++;
	}
	if (r == CTL_DONE && json_object_set(status, "slos", kept))
		return ctl_no_memory(g->ctl);
	*ret_slos = json_object_get(status, "slos");
	*ret_left_out = left_out;
	return r;
}

static int gather_all(struct gathering *g, size_t *ret_left_out)
{
	const struct ctl_argument since[] = {{"since", g->since}};
	json_t *slos = NULL, *slo;
	size_t i;
	int r = gather_status(g, &slos, ret_left_out);

	json_array_foreach(slos, i, slo) {
		if (r == CTL_DONE)
			r = gather_slo(g, slo);
	}
	r = r == CTL_DONE ? put_services(g) : r;
	r = r == CTL_DONE ? gather(g, "alerts", "/v1/alerts", NULL, NULL) : r;
	r = r == CTL_DONE ? gather_query(g, "changes", "/v1/changes", NULL, since, 1, NULL) : r;
	r = r == CTL_DONE ? gather_incidents(g) : r;
	return r == CTL_DONE ? gather_events(g) : r;
}

/* Refused with the agent's words, which know what may have been meant. */
static int check_slo(const struct ctl *ctl, const char *name)
{
	const struct ctl_request request = {.method = "GET", .path = "/v1/slos/", .name = name};
	_cleanup_json_ json_t *slo = NULL;

	return name ? ctl_ask_json(ctl, &request, &slo) : CTL_DONE;
}

int report_answers(const struct ctl *ctl, const struct report_options *options, json_t **ret,
		   size_t *ret_refused)
{
	const double now = clock_seconds(CLOCK_REALTIME);
	_cleanup_json_ json_t *answers = json_object();
	struct gathering g = {
		.ctl = ctl,
		.options = options,
		.answers = answers,
		.since_unix = now - (double)options->days * DAY_SECONDS,
	};
	char host[65] = "";
	size_t left_out = 0;
	json_t *report;
	int r = check_slo(ctl, options->slo);

	snprintf(g.since, sizeof(g.since), "%ud", options->days);
	gethostname(host, sizeof(host) - 1);
	r = r == CTL_DONE ? gather_all(&g, &left_out) : r;
	if (r != CTL_DONE)
		return r;
	report = json_pack("{s:o, s:o, s:i, s:o, s:o, s:O}", "made_at", json_time_or_null(now),
			   "host", json_text_or_null(host), "days", (int)options->days, "slo",
			   json_text_or_null(options->slo), "left_out", json_count(left_out),
			   "answers", answers);
	if (!report)
		return ctl_no_memory(ctl);
	*ret = report;
	*ret_refused = g.refused;
	return CTL_DONE;
}
