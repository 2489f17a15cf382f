/* SPDX-License-Identifier: GPL-2.0-only */
/* Silences, as they are asked for over the socket. */
#include "agent/alerting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static int draw_id(char ret[static SILENCE_ID_BYTES])
{
	unsigned int number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(ret, SILENCE_ID_BYTES, "%08x", number);
	return 0;
}

static bool selects_something(const struct alerting *alerting, const struct silence *silence)
{
	const struct config *config = &alerting->applied->in_force.config;

	if (!silence->slo)
		return true;
	for (size_t i = 0; i < config->n_slos; i++) {
		if (!strcmp(config->slos[i].name, silence->slo))
			return true;
	}
	return tracks_named(&alerting->applied->tracks, silence->slo);
}

static int add(struct alerting *alerting, struct silence *silence, struct error *error)
{
	int r = draw_id(silence->id);

	if (!selects_something(alerting, silence))
		return error_set(error, -EINVAL, "no SLO of this name");
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

int alerting_silence(struct alerting *alerting, const char *text, size_t len, const char *by,
		     char ret_id[static SILENCE_ID_BYTES], struct error *ret_error)
{
	json_t *asked = json_loadb(text, len, 0, NULL);
	struct silence silence = {.by = (char *)by};
	const char *exclude = "alerts";
	double for_seconds;
	int r = 0;

	if (json_unpack(asked, "{s?s, s?s, s?s, s?s, s?s, s:F}", "slo", &silence.slo, "service",
			&silence.service, "severity", &silence.severity, "comment",
			&silence.comment, "exclude", &exclude, "for_seconds", &for_seconds))
		r = error_set(
			ret_error, -EINVAL,
			"expected {\"for_seconds\": number} and any of the texts slo, service, "
			"severity, comment, exclude");
	else if (strcmp(exclude, "alerts") != 0 && strcmp(exclude, "eligible") != 0)
		r = error_set(ret_error, -EINVAL, "exclude: expected alerts or eligible");
	if (!r) {
		silence.exclude_eligible = !strcmp(exclude, "eligible");
		silence.from_unix = axis_wall(alerting->axis, axis_now(alerting->axis));
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
