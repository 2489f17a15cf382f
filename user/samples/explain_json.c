/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/explain_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/json_values.h"
#include "base/term_names.h"
#include "samples/filter.h"

static double number_or(const json_t *object, const char *key, double otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint64_t count_of(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void read_reasons(const json_t *reasons, struct explain_question *ret)
{
	for (int r = 0; r < BAD_REASON_COUNT; r++) {
		ret->reasons[r] = count_of(reasons, bad_reason_name((enum bad_reason)r));
		ret->reasons_known |= ret->reasons[r] > 0;
	}
}

static int read_exact(const json_t *list, struct explain_question *ret)
{
	size_t n = json_array_size(list);

	/* half of a dimension's values would say something else than all */
	if (n > EXPLAIN_EXACT_MAX)
		return 0;
	ret->exact = calloc(n + 1, sizeof(*ret->exact));
	if (!ret->exact)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(list, i);
		struct explain_exact exact = {text_of(value, "dimension"), text_of(value, "value"),
					      count_of(value, "good"), count_of(value, "bad")};

		/* what defines bad explains nothing */
		if (exact.dimension && exact.value && strcmp(exact.dimension, "status") != 0 &&
		    strcmp(exact.dimension, "outcome") != 0)
			ret->exact[ret->n_exact++] = exact;
	}
	return 0;
}

static int read_changes(const json_t *list, struct explain_question *ret)
{
	size_t n = json_array_size(list);
	size_t from = n > EXPLAIN_CHANGES_MAX ? n - EXPLAIN_CHANGES_MAX : 0;

	ret->changes = calloc(n - from + 1, sizeof(*ret->changes));
	if (!ret->changes)
		return -ENOMEM;
	for (size_t i = from; i < n; i++) {
		const json_t *value = json_array_get(list, i);
		struct explain_change change = {
			number_or(value, "unix", format_parse_time(text_of(value, "at"))),
			text_of(value, "service"),
			text_of(value, "what"),
			text_of(value, "from"),
			text_of(value, "to"),
		};

		if (change.what && isfinite(change.at))
			ret->changes[ret->n_changes++] = change;
	}
	return 0;
}

int explain_question_read(const json_t *json, double now, struct explain_question *ret)
{
	struct explain_question question = {
		.json = json,
		.slo = text_of(json, "slo"),
		.service = text_of(json, "service"),
		.until = number_or(json, "until", now),
		.onset = number_or(json, "onset", NAN),
		.latency_seconds = number_or(json, "latency_seconds", NAN),
		.bad = UINT64_MAX,
	};
	int r;

	question.since = number_or(json, "since", question.until - EXPLAIN_SINCE_DEFAULT_SECONDS);
	if (!question.slo || !(question.since < question.until) || !isfinite(question.since) ||
	    !isfinite(question.until))
		return -EINVAL;
	if (!(question.onset < question.until))
		question.onset = NAN;
	if (json_is_integer(json_object_get(json, "bad")))
		question.bad = count_of(json, "bad");
	read_reasons(json_object_get(json, "reasons"), &question);
	r = read_exact(json_object_get(json, "exact"), &question);
	if (!r)
		r = read_changes(json_object_get(json, "changes"), &question);
	if (r)
		explain_question_clear(&question);
	else
		*ret = question;
	return r;
}

void explain_question_clear(struct explain_question *question)
{
	free(question->exact);
	free(question->changes);
	*question = (struct explain_question){0};
}

double explain_question_begin(const struct explain_question *question)
{
	return isnan(question->onset) ? question->since : question->onset;
}

static int put_value(json_t *object, const struct explain_value *value)
{
	char text[40];

	if (value->value)
		return json_put(object, value->dimension, json_text_or_null(value->value));
	snprintf(text, sizeof(text), "%s %.9g", value->at_least ? ">=" : "<", value->bound);
	return json_put(object, value->dimension, json_string(text));
}

static void write_filter(const struct explain_value *value, FILE *out)
{
	/* times are in seconds: the name says so */
	const char *unit = strcmp(value->dimension, "queue") ? "" : "_seconds";

	if (!value->value) {
		fprintf(out, "%s%s%s%.9g", value->dimension, unit, value->at_least ? ">=" : "<",
			value->bound);
		return;
	}
	fprintf(out, "%s=", value->dimension);
	filter_write_value(value->value, out);
}

static json_t *filter_json(const struct explain_question *question,
			   const struct explain_finding *finding)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs("bad_for=", out);
	filter_write_value(question->slo, out);
	for (size_t i = 0; i < finding->n_where; i++) {
		fputs(" and ", out);
		write_filter(&finding->where[i], out);
	}
	return fclose(out) ? NULL : json_text_or_null(text);
}

static json_t *finding_json(const struct explain_question *question,
			    const struct explain_finding *finding)
{
	json_t *object = json_object(), *where = json_object(), *also = json_array();
	int failed = 0;

	for (size_t i = 0; i < finding->n_where; i++)
		failed |= put_value(where, &finding->where[i]);
	for (size_t i = 0; i < finding->n_also; i++) {
		json_t *value = json_object();

		failed |= put_value(value, &finding->also[i]);
		failed |= json_push(also, value);
	}
	failed |= json_put(object, "where", where);
	failed |= json_put(object, "filter", filter_json(question, finding));
	failed |= json_put(object, "also", also);
	failed |= json_put(object, "bad_share", json_real(finding->bad_share));
	failed |= json_put(object, "good_share", json_real(finding->good_share));
	failed |= json_put(object, "excess", json_real(finding->excess));
	failed |= json_put(object, "excess_low", json_real(finding->excess_low));
	failed |= json_put(object, "lift", json_real(finding->lift));
	failed |= json_put(object, "exact", json_boolean(finding->exact));
	return json_checked(object, failed);
}

static json_t *samples_json(const struct explain_findings *findings)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "bad", json_count(findings->bad));
	failed |= json_put(object, "good", json_count(findings->good));
	failed |= json_put(object, "enough", json_boolean(findings->enough));
	failed |= json_put(object, "needed", json_count(findings->needed));
	return json_checked(object, failed);
}

static json_t *answer_json(const struct explain_question *question,
			   const struct explain_story *story)
{
	_cleanup_free_ char *sentence = explain_sentence(story);
	json_t *object = json_object(), *list = json_array(), *changes;
	int failed = 0;

	changes = json_object_get(question->json, "changes");
	failed |= json_put(object, "slo", json_text_or_null(question->slo));
	failed |= json_put(object, "service", json_text_or_null(question->service));
	failed |= json_put(object, "since", json_time_or_null(question->since));
	failed |= json_put(object, "until", json_time_or_null(question->until));
	failed |= json_put(object, "onset", json_time_or_null(question->onset));
	failed |= json_put(object, "kind", json_string(explain_kind_name(story->kind)));
	failed |= json_put(object, "sentence", sentence ? json_text_or_null(sentence) : NULL);
	failed |= json_put(object, "status",
			   status_http(story->status) ? json_integer(status_http(story->status)) :
							json_null());
	failed |= json_put(object, "grpc_status",
			   status_is_grpc(story->status) ?
				   json_text_or_null(grpc_status_name(status_grpc(story->status))) :
				   json_null());
	for (size_t i = 0; i < story->findings->n; i++)
		failed |= json_push(list, finding_json(question, &story->findings->list[i]));
	failed |= json_put(object, "findings", list);
	failed |= json_put(object, "changes",
			   json_is_array(changes) ? json_incref(changes) : json_array());
	failed |= json_put(object, "samples", samples_json(story->findings));
	return json_checked(object, failed);
}

int explain_json_write(const struct explain_question *question, const struct explain_story *story,
		       FILE *out)
{
	json_t *json = answer_json(question, story);
	int r;

	if (!json)
		return -ENOMEM;
	r = json_write(json, JSON_COMPACT, out);
	json_decref(json);
	return r ? -ENOMEM : 0;
}
