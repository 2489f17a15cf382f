/* SPDX-License-Identifier: GPL-2.0-only */
/* Silences, as they are asked for over the socket. */
#include "agent/alerting.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/calendar.h"
#include "base/suggest.h"

enum { SILENCE_LATE_SECONDS = 60 }; /* a begin so long ago was meant to be now */

static int draw_id(char ret[static SILENCE_ID_BYTES])
{
	unsigned int number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(ret, SILENCE_ID_BYTES, "%08x", number);
	return 0;
}

/* Whether an SLO of the configuration is one that the silence asks for. */
static bool selects_configured(const struct silence *silence, const struct config_slo *slo)
{
	if (silence->slo && strcmp(slo->name, silence->slo) != 0)
		return false;
	return !silence->service || config_slo_is_wildcard(slo) ||
	       !strcmp(slo->service, silence->service);
}

static bool selects_track(const struct silence *silence, const struct track *track)
{
	if (silence->slo && strcmp(track->name, silence->slo) != 0 &&
	    strcmp(track->slo_name, silence->slo) != 0)
		return false;
	return !silence->service || !strcmp(track->service, silence->service);
}

static bool selects_something(const struct alerting *alerting, const struct silence *silence)
{
	const struct config *config = &alerting->applied->in_force.config;
	const struct track *track;
	size_t at = 0;

	while ((track = tracks_next(&alerting->applied->tracks, TRACKS_IN_FORCE, &at))) {
		if (selects_track(silence, track))
			return true;
	}
	if (silence->service && !silence->slo)
		return config_service_named(config, silence->service);
	/* of a service that is not known no SLO is */
	if (silence->service && !config_service_named(config, silence->service))
		return false;
	for (size_t i = 0; i < config->n_slos; i++) {
		if (selects_configured(silence, &config->slos[i]))
			return true;
	}
	return !silence->slo && !silence->service;
}

static int refuse_service(const struct alerting *alerting, const char *name, struct error *error)
{
	const struct config *config = &alerting->applied->in_force.config;
	struct suggestion suggestion = suggestion_for(name);
	char text[SUGGESTION_BYTES];
	const struct track *track;
	size_t at = 0;

	for (size_t i = 0; i < config->n_services; i++)
		suggestion_try(&suggestion, config->services[i].name);
	while ((track = tracks_next(&alerting->applied->tracks, TRACKS_IN_FORCE, &at)))
		suggestion_try(&suggestion, track->service);
	return error_set(error, -EINVAL, "no service of this name%s",
			 suggestion_text(&suggestion, text));
}

static int refuse_slo(const struct alerting *alerting, const char *name, struct error *error)
{
	const struct config *config = &alerting->applied->in_force.config;
	struct suggestion suggestion = suggestion_for(name);
	char text[SUGGESTION_BYTES];
	const struct track *track;
	size_t at = 0;

	for (size_t i = 0; i < config->n_slos; i++)
		suggestion_try(&suggestion, config->slos[i].name);
	while ((track = tracks_next(&alerting->applied->tracks, TRACKS_IN_FORCE, &at)))
		suggestion_try(&suggestion, track->name);
	return error_set(error, -EINVAL, "no SLO of this name%s",
			 suggestion_text(&suggestion, text));
}

/* Refuses a silence that would keep nothing quiet. */
static int check_selection(const struct alerting *alerting, const struct silence *silence,
			   struct error *error)
{
	const struct silence of_slo = {.slo = silence->slo};
	const struct silence of_service = {.service = silence->service};

	if (!selects_something(alerting, &of_slo))
		return refuse_slo(alerting, silence->slo, error);
	if (!selects_something(alerting, &of_service))
		return refuse_service(alerting, silence->service, error);
	if (!selects_something(alerting, silence))
		return error_set(error, -EINVAL, "the SLO is of another service");
	return 0;
}

static int add(struct alerting *alerting, struct silence *silence, struct error *error)
{
	int r = check_selection(alerting, silence, error);

	if (r)
		return r;
	r = draw_id(silence->id);
	r = r ?: silences_add(&alerting->silences, silence);
	if (r == -EINVAL)
		return error_set(
			error, r,
			"expected a duration from 1 minute to 31 days, a severity of notice, "
			"ticket or page (none with exclude eligible), and texts of at most 1024 "
			"bytes");
	if (r == -ENOSPC)
		return error_set(error, r, "there are 256 silences already: remove one first");
	return r ? error_set(error, r, "%s", strerror(-r)) : 0;
}

static void keep(struct alerting *alerting, const char *id)
{
	for (size_t i = 0; i < alerting->silences.n; i++) {
		json_t *json;
		char *text;

		if (strcmp(alerting->silences.list[i].id, id) != 0)
			continue;
		json = silence_json(&alerting->silences.list[i]);
		text = json ? json_dumps(json, JSON_COMPACT) : NULL;
		if (text)
			record_keep(alerting->record, RECORD_SILENCE, id, text);
		free(text);
		json_decref(json);
	}
	record_flush(alerting->record);
}

/* When it begins: now, or later. `from`, `in_seconds`: as they were asked for, or NULL and NAN. */
static int begin(const struct alerting *alerting, const char *from, double in_seconds,
		 double *ret_from_unix, struct error *error)
{
	const double now_unix = axis_wall(alerting->axis, axis_now(alerting->axis));
	double from_unix = now_unix;
	int64_t given;

	if (from && !isnan(in_seconds))
		return error_set(error, -EINVAL, "expected one of from and in_seconds");
	if (from && calendar_parse_rfc3339(from, &given))
		return error_set(error, -EINVAL,
				 "from: expected a time such as 2026-03-01T02:00:00Z");
	if (from)
		from_unix = (double)given;
	if (!isnan(in_seconds))
		from_unix = now_unix + in_seconds;
	if (!(from_unix >= now_unix - SILENCE_LATE_SECONDS &&
	      from_unix <= now_unix + SILENCE_MAX_SECONDS))
		return error_set(error, -EINVAL,
				 "from: expected a time from now on, at most 31 days ahead");
	*ret_from_unix = fmax(from_unix, now_unix);
	return 0;
}

int alerting_silence(struct alerting *alerting, const char *text, size_t len, const char *by,
		     char ret_id[static SILENCE_ID_BYTES], struct error *ret_error)
{
	json_t *asked = json_loadb(text, len, 0, NULL);
	struct silence silence = {.by = (char *)by};
	const char *exclude = "alerts", *from = NULL;
	double for_seconds, in_seconds = NAN;
	int r = 0;

	if (json_unpack(asked, "{s?s, s?F, s?s, s?s, s?s, s?s, s?s, s:F}", "from", &from,
			"in_seconds", &in_seconds, "slo", &silence.slo, "service", &silence.service,
			"severity", &silence.severity, "comment", &silence.comment, "exclude",
			&exclude, "for_seconds", &for_seconds))
		r = error_set(
			ret_error, -EINVAL,
			"expected {\"for_seconds\": number} and any of the texts slo, service, "
			"severity, comment, exclude, from");
	else if (strcmp(exclude, "alerts") != 0 && strcmp(exclude, "eligible") != 0)
		r = error_set(ret_error, -EINVAL, "exclude: expected alerts or eligible");
	r = r ?: begin(alerting, from, in_seconds, &silence.from_unix, ret_error);
	if (!r) {
		silence.exclude_eligible = !strcmp(exclude, "eligible");
		silence.until_unix = silence.from_unix + for_seconds;
		r = add(alerting, &silence, ret_error);
	}
	json_decref(asked);
	if (r)
		return r;
	keep(alerting, silence.id);
	memcpy(ret_id, silence.id, sizeof(silence.id));
	return 0;
}

int alerting_unsilence(struct alerting *alerting, const char *id)
{
	int r = silences_remove(&alerting->silences, id);

	if (r)
		return r;
	record_drop(alerting->record, RECORD_SILENCE, id);
	record_flush(alerting->record);
	return 0;
}

void alerting_silenced_more(struct alerting *alerting, const struct track *track, uint64_t events)
{
	const uint64_t before = alerting_silenced_events(alerting, track);

	if (!events)
		return;
	if (!alerting->silenced_events)
		alerting->silenced_events = json_object();
	json_object_set_new(alerting->silenced_events, track->name,
			    json_integer((json_int_t)before + (json_int_t)events));
	alerting->silenced_more = true;
}

uint64_t alerting_silenced_events(const struct alerting *alerting, const struct track *track)
{
	const json_int_t events =
		json_integer_value(json_object_get(alerting->silenced_events, track->name));

	/* of an SLO that was begun anew, what was left out before does not count */
	if (events < 0 || (uint64_t)events > track->excluded)
		return track->excluded;
	return (uint64_t)events;
}
