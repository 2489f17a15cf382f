/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/incident.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"

int incident_record_init(struct incident_record *record, const char *slo, const char *service)
{
	*record = (struct incident_record){
		.slo = strdup(slo),
		.service = strdup(service),
		.started = NAN,
		.detected = NAN,
		.resolved = NAN,
		.started_axis = NAN,
		.spent_ratio = NAN,
		.reasons = json_null(),
		.alerts = json_array(),
		.changes = json_array(),
		.notified = json_array(),
		.silences = json_array(),
		.about = json_null(),
		.at_detection = json_null(),
		.at_resolution = json_null(),
	};
	if (record->slo && record->service && record->alerts && record->changes &&
	    record->notified && record->silences)
		return 0;
	incident_record_clear(record);
	return -ENOMEM;
}

void incident_record_clear(struct incident_record *record)
{
	json_t *parts[] = {record->reasons,	 record->alerts,       record->changes,
			   record->notified,	 record->silences,     record->about,
			   record->at_detection, record->at_resolution};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_decref(parts[i]);
	free(record->slo);
	free(record->service);
	*record = (struct incident_record){};
}

static bool has(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value && text && !strcmp(value, text);
}

/* ---- alerts ---- */

static json_t *going_on(const struct incident_record *record, const char *alert)
{
	for (size_t i = json_array_size(record->alerts); i--;) {
		json_t *span = json_array_get(record->alerts, i);

		if (has(span, "name", alert) && json_is_null(json_object_get(span, "until")))
			return span;
	}
	return NULL;
}

bool incident_alert_goes_on(const struct incident_record *record, const char *alert)
{
	return going_on(record, alert) != NULL;
}

bool incident_alert_begins(struct incident_record *record, const char *alert,
			   enum alert_severity severity, double at)
{
	json_t *span;

	if (going_on(record, alert))
		return false;
	if (severity > record->severity)
		record->severity = severity;
	/* the first tells when it was detected */
	if (json_array_size(record->alerts) >= INCIDENT_ALERTS_MAX)
		json_array_remove(record->alerts, 1);
	span = json_pack("{s:s, s:s, s:o, s:n}", "name", alert, "severity",
			 alert_severity_name(severity), "at", json_time_or_null(at), "until");
	return !json_push(record->alerts, span);
}

bool incident_alert_ends(struct incident_record *record, const char *alert, double at)
{
	json_t *span = going_on(record, alert);

	return span && !json_put(span, "until", json_time_or_null(at));
}

/* ---- who was told ---- */

void incident_told(struct incident_record *record, const char *receiver, const json_t *message,
		   const char *result, unsigned int attempts, const char *error, double at)
{
	const char *id = json_string_value(json_object_get(message, "id"));
	const char *kind = json_string_value(json_object_get(message, "kind"));
	json_t *told = json_object();
	int failed = 0;

	for (size_t i = json_array_size(record->notified); i--;) {
		const json_t *old = json_array_get(record->notified, i);

		if (has(old, "receiver", receiver) && has(old, "id", id) && has(old, "kind", kind))
			json_array_remove(record->notified, i);
	}
	if (json_array_size(record->notified) >= INCIDENT_NOTIFIED_MAX)
		json_array_remove(record->notified, 1);
	failed |= json_put(told, "at", json_time_or_null(at));
	failed |= json_put(told, "receiver", json_text_or_null(receiver));
	failed |= json_put(told, "id", json_text_or_null(id));
	failed |= json_put(told, "kind", json_text_or_null(kind));
	failed |= json_put(
		told, "severity",
		json_text_or_null(json_string_value(json_object_get(message, "severity"))));
	failed |= json_put(told, "result", json_text_or_null(result));
	failed |= json_put(told, "attempts", json_integer(attempts));
	failed |= json_put(told, "error", json_text_or_null(error));
	json_push(record->notified, json_checked(told, failed));
}

bool incident_silenced(struct incident_record *record, const json_t *silence)
{
	static const char *const keys[] = {"id", "from", "until", "comment", "by", "exclude"};
	const char *id = json_string_value(json_object_get(silence, "id"));
	json_t *kept;
	int failed = 0;

	for (size_t i = 0; i < json_array_size(record->silences); i++) {
		if (has(json_array_get(record->silences, i), "id", id))
			return false;
	}
	if (!id || json_array_size(record->silences) >= INCIDENT_SILENCES_MAX)
		return false;
	kept = json_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(silence, keys[i]);

		failed |= json_put(kept, keys[i], value ? json_incref(value) : json_null());
	}
	return !json_push(record->silences, json_checked(kept, failed));
}

/* ---- what explain found ---- */

/* What may be shown of the text, cut between two characters. null for what is no text. */
static json_t *shown(const json_t *value)
{
	const char *text = json_string_value(value);
	_cleanup_free_ char *safe = text ? utf8_show(text, "") : NULL;
	size_t at = 0, len;
	uint32_t code;

	if (!text)
		return json_null();
	if (!safe)
		return NULL;
	while ((len = utf8_decode(safe + at, strlen(safe + at), &code)) &&
	       at + len <= INCIDENT_TEXT_BYTES)
		at += len;
	return json_stringn(safe, at);
}

static json_t *number(const json_t *value)
{
	if (json_is_integer(value))
		return json_integer(json_integer_value(value));
	return json_is_real(value) ? json_real(json_real_value(value)) : json_null();
}

static int put_numbers(json_t *object, const json_t *from, const char *const *keys, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed |= json_put(object, keys[i], number(json_object_get(from, keys[i])));
	return failed;
}

static json_t *where(const json_t *list)
{
	enum { WHERE_MAX = 2 };
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < json_array_size(list) && i < WHERE_MAX; i++) {
		const json_t *one = json_array_get(list, i);
		json_t *kept = json_object();

		failed |= json_put(kept, "dimension", shown(json_object_get(one, "dimension")));
		failed |= json_put(kept, "value", shown(json_object_get(one, "value")));
		failed |= json_push(array, kept);
	}
	return json_checked(array, failed);
}

static json_t *findings(const json_t *list)
{
	static const char *const keys[] = {"bad_share", "good_share", "excess", "excess_low",
					   "lift"};
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < json_array_size(list) && i < INCIDENT_FINDINGS_MAX; i++) {
		const json_t *one = json_array_get(list, i);
		json_t *kept = json_object();

		failed |= json_put(kept, "where", where(json_object_get(one, "where")));
		failed |= put_numbers(kept, one, keys, sizeof(keys) / sizeof(keys[0]));
		failed |= json_put(kept, "exact",
				   json_boolean(json_is_true(json_object_get(one, "exact"))));
		failed |= json_push(array, kept);
	}
	return json_checked(array, failed);
}

json_t *incident_explained(const json_t *answer, double at)
{
	static const char *const numbers[] = {"bad", "good", "needed"};
	static const char *const texts[] = {"onset", "kind", "sentence"};
	json_t *kept;
	int failed = 0;

	if (!json_is_object(answer))
		return NULL;
	kept = json_object();
	failed |= json_put(kept, "at", json_time_or_null(at));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		failed |= json_put(kept, texts[i], shown(json_object_get(answer, texts[i])));
	failed |= put_numbers(kept, answer, numbers, sizeof(numbers) / sizeof(numbers[0]));
	failed |= json_put(kept, "enough",
			   json_boolean(json_is_true(json_object_get(answer, "enough"))));
	failed |= json_put(kept, "findings", findings(json_object_get(answer, "findings")));
	return json_checked(kept, failed);
}
