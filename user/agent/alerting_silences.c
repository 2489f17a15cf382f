/* SPDX-License-Identifier: GPL-2.0-only */
/* Silences, as they are asked for over the socket. */
#include "agent/alerting.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "agent/changes.h"
#include "base/calendar.h"
#include "base/suggest.h"
#include "notify/silence_rules.h"

enum {
	SILENCE_LATE_SECONDS = 60, /* a begin so long ago was meant to be now */
	SELECTION_BYTES = 200,
};

static const struct config *config_of(const struct alerting *alerting)
{
	return &alerting->applied->in_force.config;
}

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
	const struct config *config = config_of(alerting);
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
	const struct config *config = config_of(alerting);
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
	const struct config *config = config_of(alerting);
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

static int add(struct alerting *alerting, const struct asker *by, struct silence *silence,
	       struct error *error)
{
	int r;

	alerting_expire_silences(alerting, axis_now(alerting->axis));
	r = silences_admit(&alerting->silences, silence->by, by->known && by->uid == 0, error);
	if (r)
		return r;
	r = silences_add(&alerting->silences, silence);
	if (r == -EINVAL)
		return error_set(
			error, r,
			"expected a duration from 1 minute to 31 days, a severity of notice, "
			"ticket or page (none with exclude eligible), and texts of at most 1024 "
			"bytes");
	return r ? error_set(error, r, "%s", strerror(-r)) : 0;
}

/* Makes one of it, or one longer that was there. */
static int make(struct alerting *alerting, const struct asker *by, struct silence *silence,
		struct silence_made *ret, struct error *error)
{
	const struct silence *extended;
	struct silence_made made = {.until_unix = silence->until_unix};
	int r = draw_id(silence->id);

	if (r)
		return error_set(error, r, "%s", strerror(-r));
	extended = silences_extend(&alerting->silences, silence);
	if (extended) {
		made.extended = true;
		made.until_unix = extended->until_unix;
	} else {
		r = add(alerting, by, silence, error);
	}
	if (r)
		return r;
	memcpy(made.id, extended ? extended->id : silence->id, sizeof(made.id));
	*ret = made;
	return 0;
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

/* The texts of *ret belong to `asked`. */
static int read_asked(const struct alerting *alerting, json_t *asked, struct silence *ret,
		      struct silence_consent *ret_consent, struct error *error)
{
	const char *exclude = "alerts", *from = NULL;
	double for_seconds, in_seconds = NAN;
	int all = 0, force = 0, r;

	if (json_unpack(asked, "{s?s, s?F, s?s, s?s, s?s, s?s, s?s, s?b, s?b, s:F}", "from", &from,
			"in_seconds", &in_seconds, "slo", &ret->slo, "service", &ret->service,
			"severity", &ret->severity, "comment", &ret->comment, "exclude", &exclude,
			"all", &all, "force", &force, "for_seconds", &for_seconds))
		return error_set(
			error, -EINVAL,
			"expected {\"for_seconds\": number} and any of the texts slo, service, "
			"severity, comment, exclude, from, and of all and force, which are true or "
			"false");
	if (strcmp(exclude, "alerts") != 0 && strcmp(exclude, "eligible") != 0)
		return error_set(error, -EINVAL, "exclude: expected alerts or eligible");
	r = begin(alerting, from, in_seconds, &ret->from_unix, error);
	if (r)
		return r;
	ret->exclude_eligible = !strcmp(exclude, "eligible");
	ret->until_unix = ret->from_unix + for_seconds;
	*ret_consent = (struct silence_consent){.all = all, .force = force};
	return 0;
}

static void tell_made(struct alerting *alerting, const struct asker *by,
		      const struct silence *silence, const struct silence_consent *consent,
		      const struct silence_made *made)
{
	char selection[SELECTION_BYTES], until[32];

	silence_selection(silence, selection, sizeof(selection));
	calendar_rfc3339(made->until_unix, until);
	changes_done(alerting->journal, axis_now(alerting->axis), by,
		     "silence %s of %s%s, until %s%s%s", made->id, selection,
		     silence->exclude_eligible ? ", whose events are left out" : "", until,
		     consent->force ? ", forced" : "",
		     made->extended ? ", longer than it was" : "");
}

int alerting_silence(struct alerting *alerting, const struct asker *by, const char *text,
		     size_t len, struct silence_made *ret, struct error *ret_error)
{
	json_t *asked = json_loadb(text, len, 0, NULL);
	char who[32] = "unknown";
	struct silence silence = {.by = who};
	struct silence_consent consent;
	int r = read_asked(alerting, asked, &silence, &consent, ret_error);

	if (by->known)
		snprintf(who, sizeof(who), "uid %u", by->uid);
	r = r ?: check_selection(alerting, &silence, ret_error);
	r = r	  ?:
		    silence_judge(&silence, silence_is_of_all(&silence, config_of(alerting)),
				  &consent, ret_error);
	r = r ?: make(alerting, by, &silence, ret, ret_error);
	if (r) {
		changes_refused(alerting->journal, axis_now(alerting->axis), by, "silence",
				ret_error->text);
	} else {
		keep(alerting, ret->id);
		tell_made(alerting, by, &silence, &consent, ret);
	}
	json_decref(asked);
	return r;
}

static void tell_removed(struct alerting *alerting, const struct asker *by,
			 const struct silence *silence)
{
	char selection[SELECTION_BYTES];

	silence_selection(silence, selection, sizeof(selection));
	changes_done(alerting->journal, axis_now(alerting->axis), by,
		     "end of silence %s of %s, which %s had set", silence->id, selection,
		     silence->by ?: "somebody");
}

int alerting_unsilence(struct alerting *alerting, const struct asker *by, const char *id)
{
	const struct silence *silence = silence_find(&alerting->silences, id);

	if (!silence) {
		changes_refused(alerting->journal, axis_now(alerting->axis), by, "end of a silence",
				"no silence of this id");
		return -ENOENT;
	}
	tell_removed(alerting, by, silence);
	record_drop(alerting->record, RECORD_SILENCE, silence->id);
	silences_remove(&alerting->silences, id);
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
