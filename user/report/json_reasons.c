/* SPDX-License-Identifier: GPL-2.0-only */
/* Of an SLO as JSON: why its bad events were bad, and what it counts, in words. */
#include <stdlib.h>

#include "base/json_values.h"
#include "base/term_names.h"
#include "report/json.h"
#include "report/slo_words.h"

static json_t *reasons_json(const struct snapshot_reasons *reasons)
{
	json_t *object = json_object();
	int failed = 0;

	for (size_t i = 0; i < BAD_REASON_COUNT; i++)
		failed |= json_put(object, bad_reason_name(i), json_count(reasons->bad[i]));
	failed |= json_put(object, "unknown", json_count(reasons->unknown));
	return json_checked(object, failed);
}

/* Takes the text. */
static json_t *words_json(char *text)
{
	json_t *string = json_string(text);

	free(text);
	return string;
}

static json_t *definition_json(const struct config_slo *config)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "eligible", words_json(slo_words_eligible(config)));
	failed |= json_put(object, "good", words_json(slo_words_good(config)));
	failed |= json_put(object, "client_abort", words_json(slo_words_client_abort(config)));
	return json_checked(object, failed);
}

int json_put_reasons(json_t *object, const struct snapshot_slo *slo)
{
	int failed = 0;

	failed |= json_put(object, "bad_by_reason", reasons_json(&slo->reasons));
	failed |= json_put(object, "client_aborts_left_out", json_count(slo->reasons.left_out));
	failed |= json_put(object, "status_unknown", json_count(slo->reasons.status_unknown));
	failed |= json_put(object, "definition",
			   slo->config ? definition_json(slo->config) : json_null());
	failed |= json_put(object, "no_alert",
			   json_text_or_null(slo->no_alert[0] ? slo->no_alert : NULL));
	return failed;
}
