/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/config_changes.h"

#include <stdio.h>
#include <string.h>

#include "apply/definition.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/json_values.h"

/* ---- parts ---- */

static int put(json_t *parts, const char *what, const char *name, json_t *value)
{
	char key[2 * CONFIG_MAX_NAME + 40];

	snprintf(key, sizeof(key), "%s %s", what, name);
	return json_put(parts, key, value);
}

static json_t *service_part(const struct config_service *service)
{
	const struct config_match *match = &service->match;
	const char *texts[] = {match->process, match->exe,    match->user,     match->netns,
			       match->unit,    match->cgroup, match->container};
	json_t *part = json_array();
	int failed = json_push(part, json_integer(match->port));

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		failed |= json_push(part, json_text_or_null(texts[i]));
	failed |= json_push(part, json_texts(service->routes, service->n_routes));
	return json_checked(part, failed);
}

static int put_slo(json_t *parts, const struct config *config, const struct config_slo *slo)
{
	_cleanup_free_ char *definition =
		slo_definition(slo, config_service_named(config, slo->service));
	json_t *alerts = json_array();
	int failed = !definition;

	for (size_t i = 0; i < slo->n_alerts; i++)
		failed |= json_push(alerts, json_text_or_null(slo->alerts[i].name));
	failed |= put(parts, "SLO", slo->name, json_text_or_null(definition));
	failed |= put(parts, "objective of SLO", slo->name,
		      json_string(format_objective(slo->objective).text));
	failed |= put(parts, "window of SLO", slo->name,
		      json_string(slo->calendar_month ?
					  "calendar month" :
					  format_span((double)slo->window_seconds).text));
	return failed | put(parts, "alerts of SLO", slo->name, alerts);
}

static json_t *receivers_part(const struct config *config)
{
	json_t *part = json_array();
	int failed = 0;

	for (size_t i = 0; i < config->n_receivers; i++) {
		const struct config_receiver *receiver = &config->receivers[i];

		failed |= json_push(part,
				    json_pack("[iisi]", receiver->kind, (int)receiver->severities,
					      receiver->name ?: "", (int)receiver->n_headers));
	}
	return json_checked(part, failed);
}

static json_t *maintenance_part(const struct config *config)
{
	json_t *part = json_array();
	int failed = 0;

	for (size_t i = 0; i < config->n_maintenance; i++) {
		const struct config_maintenance *planned = &config->maintenance[i];

		failed |= json_push(part, json_pack("[s?IIIiib]", planned->name,
						    (json_int_t)planned->start_unix_seconds,
						    (json_int_t)planned->end_unix_seconds,
						    (json_int_t)planned->duration_seconds,
						    planned->weekday, planned->minute_of_day,
						    (int)planned->exclude_eligible));
	}
	return json_checked(part, failed);
}

json_t *config_parts(const struct config *config)
{
	json_t *parts = json_object();
	int failed = 0;

	for (size_t i = 0; i < config->n_services; i++)
		failed |= put(parts, "service", config->services[i].name,
			      service_part(&config->services[i]));
	for (size_t i = 0; i < config->n_slos; i++)
		failed |= put_slo(parts, config, &config->slos[i]);
	failed |= json_put(
		parts, "agent.interval",
		json_string(format_span((double)config->agent.interval_ns / DURATION_S_NS).text));
	failed |= json_put(
		parts, "agent.unanswered_after",
		json_string(format_span((double)config->agent.unanswered_after_ns / DURATION_S_NS)
				    .text));
	failed |= json_put(parts, "notify", receivers_part(config));
	failed |= json_put(parts, "maintenance", maintenance_part(config));
	return json_checked(parts, failed);
}

/* ---- differences ---- */

struct line {
	char *text; /* of CONFIG_CHANGES_BYTES */
	const char *word; /* "added", for what comes next */
	size_t left_out;
};

enum { ROOM_FOR_THE_REST = 32 };

static void tell(struct line *line, const char *what, const char *from, const char *to)
{
	size_t at = strlen(line->text);
	int n = snprintf(line->text + at, CONFIG_CHANGES_BYTES - at, "%s%s%s%s",
			 line->word ? (at ? "; " : "") :
			 at	    ? ", " :
				      "",
			 line->word ?: "", line->word ? ": " : "", what);

	if (n > 0 && from && to && at + (size_t)n < CONFIG_CHANGES_BYTES)
		n += snprintf(line->text + at + n, CONFIG_CHANGES_BYTES - at - (size_t)n,
			      " (%s to %s)", from, to);
	if (n < 0 || at + (size_t)n >= CONFIG_CHANGES_BYTES - ROOM_FOR_THE_REST) {
		line->text[at] = 0;
		line->left_out++;
		return;
	}
	line->word = NULL;
}

static bool is_detail(const char *key)
{
	return strstr(key, " of SLO ") != NULL;
}

/* Those of `all` that `others` lacks. */
static void tell_missing(struct line *line, const char *word, const json_t *all,
			 const json_t *others)
{
	const char *key;
	json_t *value;

	line->word = word;
	json_object_foreach((json_t *)all, key, value) {
		if (!is_detail(key) && !json_object_get(others, key))
			tell(line, key, NULL, NULL);
	}
}

bool config_changes(const json_t *before, const json_t *now, char ret[static CONFIG_CHANGES_BYTES])
{
	struct line line = {.text = ret};
	const char *key;
	json_t *value;

	ret[0] = 0;
	tell_missing(&line, "added", now, before);
	tell_missing(&line, "removed", before, now);
	line.word = "changed";
	json_object_foreach((json_t *)now, key, value) {
		const json_t *old = json_object_get(before, key);

		if (old && !json_equal(old, value))
			tell(&line, key, is_detail(key) ? json_string_value(old) : NULL,
			     json_string_value(value));
	}
	if (line.left_out)
		snprintf(ret + strlen(ret), CONFIG_CHANGES_BYTES - strlen(ret), "%s%zu more",
			 ret[0] ? ", and " : "", line.left_out);
	return ret[0];
}
