/* SPDX-License-Identifier: GPL-2.0-only */
/* What could not be measured, as JSON: blind connections, and how much of a service was counted. */
#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json.h"

static json_t *listener_json(const struct snapshot_blind *blind, const char *reason)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "service", json_text_or_null(blind->service));
	failed |= json_put(object, "port", json_count(blind->port));
	failed |= json_put(object, "process", json_nonempty_or_null(blind->process));
	failed |= json_put(object, "reason", json_text_or_null(reason ?: "unknown"));
	failed |= json_put(object, "connections",
			   blind->uncounted ? json_null() : json_count(blind->connections));
	failed |= json_put(object, "last_at", json_time_or_null(blind->last_unix));
	return json_checked(object, failed);
}

json_t *json_unmeasured_value(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_blind; i++) {
		const struct snapshot_blind *blind = &snapshot->blind[i];

		if (!blind->measured)
			failed |= json_push(
				array,
				listener_json(blind,
					      blind->words ?: blind_reason_name(blind->reason)));
	}
	return json_checked(array, failed);
}

json_t *json_blind_value(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; i < snapshot->n_blind; i++) {
		const struct snapshot_blind *blind = &snapshot->blind[i];
		json_t *object = listener_json(blind, blind_reason_word(blind->reason));

		failed |= json_put(object, "measured", json_boolean(blind->measured));
		failed |= json_put(object, "detail", json_text_or_null(blind->words));
		failed |= json_push(array, object);
	}
	return json_checked(array, failed);
}

static json_t *lost_json(const uint64_t counts[LOST_REASON_COUNT])
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < LOST_REASON_COUNT; i++) {
		if (counts[i])
			failed |= json_put(object, lost_reason_name(i), json_count(counts[i]));
	}
	return json_checked(object, failed);
}

static json_t *blind_by_reason_json(const uint64_t counts[BLIND_REASON_COUNT])
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < BLIND_REASON_COUNT; i++) {
		if (counts[i])
			failed |= json_put(object, blind_reason_word(i), json_count(counts[i]));
	}
	return json_checked(object, failed);
}

int json_put_cover(json_t *object, const struct snapshot_cover *cover)
{
	int failed = 0;

	failed |= json_put(object, "lost", cover ? json_count(cover->lost) : json_null());
	failed |= json_put(object, "lost_by_reason",
			   cover ? lost_json(cover->lost_by_reason) : json_null());
	failed |= json_put(object, "status_unknown",
			   cover ? json_count(cover->status_unknown) : json_null());
	failed |= json_put(object, "measured_connections",
			   cover ? json_count(cover->connections) : json_null());
	failed |= json_put(object, "tls_connections",
			   cover ? json_count(cover->tls_connections) : json_null());
	failed |= json_put(object, "blind_connections",
			   cover ? json_count(cover->blind) : json_null());
	failed |= json_put(object, "blind_by_reason",
			   cover ? blind_by_reason_json(cover->blind_by_reason) : json_null());
	failed |= json_put(object, "quic", cover ? json_boolean(cover->quic) : json_null());
	failed |= json_put(object, "counted_ratio",
			   cover ? json_maybe(snapshot_counted_ratio(cover)) : json_null());
	return failed;
}
