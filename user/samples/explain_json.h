/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The question of explain, and its answer, as JSON. The agent asks, and adds what it knows exactly:
 *
 *   {"slo": "checkout", "service": "shop", "since": t, "until": t, "onset": t or null,
 *    "latency_seconds": 0.1 or null, "bad": n, "reasons": {"status": n, ...},
 *    "exact": [{"dimension": "version", "value": "3fa2c1", "good": n, "bad": n}, ...],
 *    "changes": [{"at": RFC 3339, "service", "what", "from", "to", ...}, ...]}
 *
 * Times are Unix seconds. `bad`, `reasons` and `exact` are from the onset on (without one: from `since` on). Of `exact` all
 * values of a dimension are given, or none.
 */
#ifndef SLIPROBE_SAMPLES_EXPLAIN_JSON_H
#define SLIPROBE_SAMPLES_EXPLAIN_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "explain/explain.h"
#include "explain/kind.h"
#include "explain/sentence.h"

enum {
	EXPLAIN_EXACT_MAX = 4096,
	EXPLAIN_CHANGES_MAX = 256,
	EXPLAIN_SINCE_DEFAULT_SECONDS = 3600,
};

/* Texts are those of the JSON, which must outlive it. */
struct explain_question {
	const json_t *json;
	const char *slo, *service;
	double since, until, onset;
	double latency_seconds; /* NAN: the SLO has none */
	uint64_t bad; /* UINT64_MAX: not known */
	bool reasons_known; /* and not all 0 */
	uint64_t reasons[BAD_REASON_COUNT];
	struct explain_exact *exact;
	size_t n_exact;
	struct explain_change *changes;
	size_t n_changes;
};

/* Returns 0; -EINVAL: there is no SLO, or no time; -ENOMEM. Clear it after use. */
int explain_question_read(const json_t *json, double now, struct explain_question *ret);
void explain_question_clear(struct explain_question *question);

/* The onset, or since. */
double explain_question_begin(const struct explain_question *question);

/*
 * Writes the answer:
 *   {"slo", "service", "since", "until", "onset", "kind", "sentence", "status",
 *    "findings": [{"where": {"user_agent": "curl/8"}, "filter", "also": [{...}], "bad_share", "good_share", "excess",
 *                  "excess_low", "lift", "exact"}],
 *    "changes": as they were given, "samples": {"bad", "good", "enough", "needed"}}
 * A value of a continuous field is ">= 12000" or "< 300". `filter` is what `slictl events` takes. Returns 0 or -ENOMEM.
 */
int explain_json_write(const struct explain_question *question, const struct explain_story *story,
		       FILE *out);

#endif
