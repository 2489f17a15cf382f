/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/silences.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/json_values.h"

enum { DAY_SECONDS = 86400, WEEK_SECONDS = 7 * DAY_SECONDS };

/* ---- set by hand ---- */

static void silence_clear(struct silence *silence)
{
	free(silence->slo);
	free(silence->service);
	free(silence->severity);
	free(silence->comment);
	free(silence->by);
	*silence = (struct silence){};
}

void silences_clear(struct silences *silences)
{
	for (size_t i = 0; i < silences->n; i++)
		silence_clear(&silences->list[i]);
	free(silences->list);
	*silences = (struct silences){};
}

static int text_copy(const char *text, char **ret)
{
	json_t *checked;
	char *copy;

	if (!text)
		return 0;
	if (!*text || strlen(text) > SILENCE_TEXT_MAX)
		return -EINVAL;
	checked = json_string(text);
	if (!checked)
		return -EINVAL;
	json_decref(checked);
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

const struct silence *silence_find(const struct silences *silences, const char *id)
{
	for (size_t i = 0; i < silences->n; i++) {
		if (!strcmp(silences->list[i].id, id))
			return &silences->list[i];
	}
	return NULL;
}

static bool silence_valid(const struct silence *silence)
{
	enum alert_severity severity;
	const double seconds = floor(silence->until_unix) - floor(silence->from_unix);

	/* written so that a NaN is refused, too */
	if (!(seconds >= SILENCE_MIN_SECONDS && seconds <= SILENCE_MAX_SECONDS))
		return false;
	if (!silence->id[0] || !memchr(silence->id, 0, sizeof(silence->id)))
		return false;
	if (silence->severity &&
	    (silence->exclude_eligible || !alert_severity_find(silence->severity, &severity)))
		return false;
	return true;
}

static int silence_copy(const struct silence *silence, struct silence *ret)
{
	struct silence copy = {
		.from_unix = floor(silence->from_unix),
		.until_unix = floor(silence->until_unix),
		.exclude_eligible = silence->exclude_eligible,
	};
	int r;

	memcpy(copy.id, silence->id, sizeof(copy.id));
	r = text_copy(silence->slo, &copy.slo);
	r = r ?: text_copy(silence->service, &copy.service);
	r = r ?: text_copy(silence->severity, &copy.severity);
	r = r ?: text_copy(silence->comment, &copy.comment);
	r = r ?: text_copy(silence->by, &copy.by);
	if (r)
		silence_clear(&copy);
	else
		*ret = copy;
	return r;
}

int silences_add(struct silences *silences, const struct silence *silence)
{
	struct silence *grown;
	int r;

	if (!silence_valid(silence) || silence_find(silences, silence->id))
		return -EINVAL;
	if (silences->n == SILENCES_MAX)
		return -ENOSPC;
	grown = realloc(silences->list, (silences->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	silences->list = grown;
	r = silence_copy(silence, &grown[silences->n]);
	if (!r)
		silences->n++;
	return r;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_kind(const struct silence *a, const struct silence *b)
{
	return same(a->by, b->by) && same(a->slo, b->slo) && same(a->service, b->service) &&
	       same(a->severity, b->severity) && a->exclude_eligible == b->exclude_eligible;
}

/* Takes the other one's time and comment. Returns 0, or an error: nothing has changed. */
static int silence_join(struct silence *silence, const struct silence *other)
{
	struct silence joined = *silence;
	char *comment = NULL;
	int r;

	joined.from_unix = fmin(joined.from_unix, floor(other->from_unix));
	joined.until_unix = fmax(joined.until_unix, floor(other->until_unix));
	if (!silence_valid(&joined) || !silence_valid(other))
		return -EINVAL;
	r = text_copy(other->comment, &comment);
	if (r)
		return r;
	if (comment) {
		free(joined.comment);
		joined.comment = comment;
	}
	*silence = joined;
	return 0;
}

const struct silence *silences_extend(struct silences *silences, const struct silence *silence)
{
	for (size_t i = 0; i < silences->n; i++) {
		struct silence *old = &silences->list[i];

		if (same_kind(old, silence) && silence->from_unix <= old->until_unix &&
		    old->from_unix <= silence->until_unix && !silence_join(old, silence))
			return old;
	}
	return NULL;
}

static void silences_remove_at(struct silences *silences, size_t i)
{
	silence_clear(&silences->list[i]);
	silences->n--;
	memmove(&silences->list[i], &silences->list[i + 1],
		(silences->n - i) * sizeof(*silences->list));
}

int silences_remove(struct silences *silences, const char *id)
{
	const struct silence *silence = silence_find(silences, id);

	if (!silence)
		return -ENOENT;
	silences_remove_at(silences, silence - silences->list);
	return 0;
}

bool silences_expire(struct silences *silences, double unix_seconds,
		     char ret_id[static SILENCE_ID_BYTES])
{
	for (size_t i = 0; i < silences->n; i++) {
		if (silences->list[i].until_unix > unix_seconds)
			continue;
		memcpy(ret_id, silences->list[i].id, SILENCE_ID_BYTES);
		silences_remove_at(silences, i);
		return true;
	}
	return false;
}

/* ---- as JSON ---- */

char *silence_made_text(const struct silence_made *made)
{
	char until[32], *text;

	calendar_rfc3339(made->until_unix, until);
	if (asprintf(&text, "{\"id\": \"%s\", \"until\": \"%s\", \"extended\": %s}\n", made->id,
		     until, made->extended ? "true" : "false") < 0)
		return NULL;
	return text;
}

json_t *silence_json(const struct silence *silence)
{
	char from[32], until[32];

	calendar_rfc3339(silence->from_unix, from);
	calendar_rfc3339(silence->until_unix, until);
	return json_pack("{s:s, s:s?, s:s?, s:s?, s:s, s:s, s:s?, s:s, s:s?}", "id", silence->id,
			 "slo", silence->slo, "service", silence->service, "severity",
			 silence->severity, "from", from, "until", until, "comment",
			 silence->comment, "exclude",
			 silence->exclude_eligible ? "eligible" : "alerts", "by", silence->by);
}

json_t *silence_report(const struct silence *silence, double unix_seconds)
{
	json_t *report = silence_json(silence);
	const char *state = unix_seconds < silence->from_unix ? "pending" : "active";

	return json_checked(report, json_put(report, "state", json_string(state)));
}

/* The texts of *ret belong to `saved`. */
static int silence_read(const json_t *saved, struct silence *ret)
{
	const char *id = json_string_value(json_object_get(saved, "id"));
	const char *from = json_string_value(json_object_get(saved, "from"));
	const char *until = json_string_value(json_object_get(saved, "until"));
	const char *exclude = json_string_value(json_object_get(saved, "exclude"));
	int64_t from_unix = 0, until_unix = 0;

	if (!id || !from || !until || !exclude || strlen(id) >= sizeof(ret->id))
		return -EINVAL;
	if (calendar_parse_rfc3339(from, &from_unix) || calendar_parse_rfc3339(until, &until_unix))
		return -EINVAL;
	*ret = (struct silence){
		.slo = (char *)json_string_value(json_object_get(saved, "slo")),
		.service = (char *)json_string_value(json_object_get(saved, "service")),
		.severity = (char *)json_string_value(json_object_get(saved, "severity")),
		.comment = (char *)json_string_value(json_object_get(saved, "comment")),
		.by = (char *)json_string_value(json_object_get(saved, "by")),
		.from_unix = (double)from_unix,
		.until_unix = (double)until_unix,
		.exclude_eligible = !strcmp(exclude, "eligible"),
	};
	memcpy(ret->id, id, strlen(id) + 1);
	return 0;
}

int silences_restore(struct silences *silences, const json_t *saved)
{
	struct silence silence;
	int r = silence_read(saved, &silence);

	return r ?: silences_add(silences, &silence);
}

/* ---- maintenance ---- */

struct span {
	double from_unix;
	double until_unix;
};

/* The window of now, or else the next, or else the last. False if none can be found. */
static bool maintenance_span(const struct config_maintenance *maintenance, double unix_seconds,
			     struct span *ret)
{
	/* two windows may lie more than a week apart if the clocks change between them */
	static const int ahead_seconds[] = {0, WEEK_SECONDS, WEEK_SECONDS + DAY_SECONDS};
	const char *zone = maintenance->time_zone ? maintenance->time_zone : "UTC";

	if (!maintenance->weekly) {
		*ret = (struct span){(double)maintenance->start_unix_seconds,
				     (double)maintenance->end_unix_seconds};
		return true;
	}
	for (size_t i = 0; i < sizeof(ahead_seconds) / sizeof(ahead_seconds[0]); i++) {
		int64_t from;

		if (calendar_weekly(zone, maintenance->weekday, maintenance->minute_of_day,
				    (int64_t)floor(unix_seconds) + ahead_seconds[i], &from))
			return false;
		*ret = (struct span){(double)from,
				     (double)from + (double)maintenance->duration_seconds};
		if (unix_seconds < ret->until_unix)
			return true;
	}
	return true;
}

static bool span_holds(const struct span *span, double unix_seconds)
{
	return unix_seconds >= span->from_unix && unix_seconds < span->until_unix;
}

static bool maintenance_active(const struct config_maintenance *maintenance, double unix_seconds)
{
	struct span span;

	return maintenance_span(maintenance, unix_seconds, &span) &&
	       span_holds(&span, unix_seconds);
}

static bool named(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

static bool maintenance_for(const struct config_maintenance *maintenance, const char *slo,
			    const char *config_slo, const char *service)
{
	if (!maintenance->n_services && !maintenance->n_slos)
		return true;
	return named(maintenance->services, maintenance->n_services, service) ||
	       named(maintenance->slos, maintenance->n_slos, slo) ||
	       named(maintenance->slos, maintenance->n_slos, config_slo);
}

json_t *maintenance_report(const struct config *config, double unix_seconds)
{
	json_t *list = json_array();
	int failed = !list;

	for (size_t i = 0; i < config->n_maintenance; i++) {
		const struct config_maintenance *maintenance = &config->maintenance[i];
		char from[32] = "", until[32] = "";
		struct span span = {};
		bool known = maintenance_span(maintenance, unix_seconds, &span) &&
			     unix_seconds < span.until_unix;

		if (known) {
			calendar_rfc3339(span.from_unix, from);
			calendar_rfc3339(span.until_unix, until);
		}
		failed |= json_push(
			list, json_pack("{s:s, s:b, s:s?, s:s?}", "name", maintenance->name,
					"active", known && span_holds(&span, unix_seconds), "from",
					known ? from : NULL, "until", known ? until : NULL));
	}
	return json_checked(list, failed);
}

/* ---- both ---- */

static bool silence_for(const struct silence *silence, const char *slo, const char *config_slo,
			const char *service)
{
	if (silence->slo && strcmp(silence->slo, slo) != 0 && strcmp(silence->slo, config_slo) != 0)
		return false;
	return !silence->service || !strcmp(silence->service, service);
}

void silences_match(const struct silences *silences, const struct config *config, const char *slo,
		    const char *config_slo, const char *service, enum alert_severity severity,
		    double unix_seconds, bool *ret_silenced, bool *ret_excluded)
{
	bool silenced = false, excluded = false;

	for (size_t i = 0; silences && i < silences->n; i++) {
		const struct silence *silence = &silences->list[i];

		if (unix_seconds < silence->from_unix || unix_seconds >= silence->until_unix ||
		    !silence_for(silence, slo, config_slo, service))
			continue;
		if (!silence->severity || !strcmp(silence->severity, alert_severity_name(severity)))
			silenced = true;
		excluded |= silence->exclude_eligible;
	}
	for (size_t i = 0; config && i < config->n_maintenance; i++) {
		const struct config_maintenance *maintenance = &config->maintenance[i];

		if (!maintenance_for(maintenance, slo, config_slo, service) ||
		    !maintenance_active(maintenance, unix_seconds))
			continue;
		silenced = true;
		excluded |= maintenance->exclude_eligible;
	}
	*ret_silenced = silenced;
	*ret_excluded = excluded;
}
