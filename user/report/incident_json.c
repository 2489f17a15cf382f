/* SPDX-License-Identifier: GPL-2.0-only */
/* An incident as JSON: for the socket, and for the next agent. */
#include "report/incident.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/json_values.h"

static json_t *real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static const char *const ends[] = {
	[INCIDENT_OPEN] = "open",
	[INCIDENT_RECOVERED] = "resolved",
	[INCIDENT_DROPPED] = "dropped",
};

static json_t *sentence_of(const struct incident_record *record)
{
	const json_t *last = json_is_object(record->at_resolution) ? record->at_resolution :
								     record->at_detection;
	json_t *sentence = json_object_get(last, "sentence");

	return sentence ? json_incref(sentence) : json_null();
}

static int put_times(json_t *object, const struct incident_record *record)
{
	int failed = json_put(object, "started_at", json_time_or_null(record->started));

	failed |= json_put(object, "detected_at", json_time_or_null(record->detected));
	failed |= json_put(object, "resolved_at", json_time_or_null(record->resolved));
	failed |= json_put(object, "detect_seconds",
			   real_or_null(record->detected - record->started));
	return failed | json_put(object, "repair_seconds",
				 real_or_null(record->resolved - record->detected));
}

static int put_lists(json_t *object, const struct incident_record *record)
{
	int failed = json_put(object, "reasons", json_incref(record->reasons));

	failed |= json_put(object, "changes", json_incref(record->changes));
	failed |= json_put(object, "notified", json_incref(record->notified));
	failed |= json_put(object, "silences", json_incref(record->silences));
	failed |= json_put(object, "about", json_incref(record->about));
	return failed | json_put(object, "explain",
				 json_pack("{s:O, s:O}", "detection", record->at_detection,
					   "resolution", record->at_resolution));
}

json_t *incident_json(const struct incident_record *record, bool brief)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "number", json_count(record->number));
	failed |= json_put(object, "slo", json_text_or_null(record->slo));
	failed |= json_put(object, "service", json_text_or_null(record->service));
	failed |= json_put(object, "severity", json_string(alert_severity_name(record->severity)));
	failed |= json_put(object, "state", json_string(ends[record->end]));
	failed |= put_times(object, record);
	failed |= json_put(object, "objective", json_real(record->objective));
	failed |= json_put(object, "window_seconds", real_or_null(record->window_seconds));
	failed |= json_put(object, "eligible", json_count(record->eligible));
	failed |= json_put(object, "bad", json_count(record->bad));
	failed |= json_put(object, "budget_spent_ratio", real_or_null(record->spent_ratio));
	failed |= json_put(object, "sentence", sentence_of(record));
	failed |= json_put(object, "alerts", json_incref(record->alerts));
	if (!brief)
		failed |= put_lists(object, record);
	return json_checked(object, failed);
}

/* ---- for the next agent ---- */

json_t *incident_save(const struct incident_record *record)
{
	json_t *object = incident_json(record, false), *kept = json_object();
	int failed = 0;

	failed |= json_put(kept, "found", json_boolean(record->found));
	failed |= json_put(kept, "started", real_or_null(record->started));
	failed |= json_put(kept, "started_axis", real_or_null(record->started_axis));
	failed |= json_put(kept, "detected", real_or_null(record->detected));
	failed |= json_put(kept, "resolved", real_or_null(record->resolved));
	failed |= json_put(object, "kept", json_checked(kept, failed));
	return json_checked(object, failed);
}

static double real_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Replaces a part, if it is of that type or null. */
static void take(const json_t *object, const char *key, json_type type, json_t **part)
{
	json_t *value = json_object_get(object, key);

	if (!value || (json_typeof(value) != type && !json_is_null(value)) ||
	    (json_is_null(value) && type == JSON_ARRAY))
		return;
	json_decref(*part);
	*part = json_incref(value);
}

static bool end_find(const char *name, enum incident_end *ret)
{
	for (size_t i = 0; name && i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (!strcmp(ends[i], name)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

int incident_load(const json_t *saved, struct incident_record *ret)
{
	const json_t *kept = json_object_get(saved, "kept");
	const json_t *explain = json_object_get(saved, "explain");
	const char *slo = json_string_value(json_object_get(saved, "slo"));
	const char *service = json_string_value(json_object_get(saved, "service"));
	const char *severity = json_string_value(json_object_get(saved, "severity"));
	const json_int_t number = json_integer_value(json_object_get(saved, "number"));

	if (number <= 0 || !slo || !service || !severity)
		return -EINVAL;
	if (incident_record_init(ret, slo, service))
		return -ENOMEM;
	if (!alert_severity_find(severity, &ret->severity) ||
	    !end_find(json_string_value(json_object_get(saved, "state")), &ret->end)) {
		incident_record_clear(ret);
		return -EINVAL;
	}
	ret->number = (uint64_t)number;
	ret->found = json_is_true(json_object_get(kept, "found"));
	ret->started = real_of(kept, "started");
	ret->started_axis = real_of(kept, "started_axis");
	ret->detected = real_of(kept, "detected");
	ret->resolved = real_of(kept, "resolved");
	ret->objective = real_of(saved, "objective");
	ret->window_seconds = real_of(saved, "window_seconds");
	ret->eligible = (uint64_t)json_integer_value(json_object_get(saved, "eligible"));
	ret->bad = (uint64_t)json_integer_value(json_object_get(saved, "bad"));
	ret->spent_ratio = real_of(saved, "budget_spent_ratio");
	take(saved, "reasons", JSON_OBJECT, &ret->reasons);
	take(saved, "alerts", JSON_ARRAY, &ret->alerts);
	take(saved, "changes", JSON_ARRAY, &ret->changes);
	take(saved, "notified", JSON_ARRAY, &ret->notified);
	take(saved, "silences", JSON_ARRAY, &ret->silences);
	take(saved, "about", JSON_OBJECT, &ret->about);
	take(explain, "detection", JSON_OBJECT, &ret->at_detection);
	ret->explained = json_is_object(ret->at_detection);
	take(explain, "resolution", JSON_OBJECT, &ret->at_resolution);
	return 0;
}
