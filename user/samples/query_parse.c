/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/suggest.h"
#include "samples/bucket.h"
#include "samples/query.h"

/* A value as text: "" if it is neither text nor number. */
static const char *value_text(const json_t *value, struct format_text *buffer)
{
	if (json_is_integer(value))
		snprintf(buffer->text, sizeof(buffer->text), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
	else if (json_is_real(value))
		snprintf(buffer->text, sizeof(buffer->text), "%.6f", json_real_value(value));
	else
		return json_string_value(value) ?: "";
	return buffer->text;
}

static int refuse(const char *name, const char *expected, const char *got, struct error *error)
{
	_cleanup_free_ char *shown = format_escape(got, FIELD_SENTENCE_SHOWN);

	return error_set(error, -EINVAL, "%s: expected %s, got \"%s\"", name, expected,
			 shown ?: "");
}

static bool read_whole(const char *text, int64_t most, int64_t *ret)
{
	char *end;
	long long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (*end || errno || n > most)
		return false;
	*ret = n;
	return true;
}

static bool read_time(const char *text, double now, double *ret)
{
	uint64_t ns;
	int64_t seconds;
	double fine;
	char *end;

	if (!duration_parse(text, &ns)) {
		*ret = now - (double)ns / 1e9;
		return true;
	}
	if (!calendar_parse_rfc3339(text, &seconds)) {
		fine = format_parse_time(text);
		*ret = isnan(fine) ? (double)seconds : fine;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	fine = strtod(text, &end);
	if (*end || !(fine < 1e11))
		return false;
	*ret = fine;
	return true;
}

/* Each takes the argument's text. */

static int take_filter(struct query *query, const char *text, struct error *error)
{
	return filter_new(text, &query->filter, error);
}

static int take_by(struct query *query, const char *text, struct error *error)
{
	return group_by_parse(text, &query->by, error);
}

static int take_time(const char *name, const char *text, double now, double *ret,
		     struct error *error)
{
	return read_time(text, now, ret) ?
		       0 :
		       refuse(name, "a duration (so long ago) such as 2h, RFC 3339 or Unix seconds",
			      text, error);
}

static int take_since(struct query *query, const char *text, struct error *error)
{
	return take_time("since", text, query->now, &query->since, error);
}

static int take_until(struct query *query, const char *text, struct error *error)
{
	return take_time("until", text, query->now, &query->until, error);
}

static int take_limit(struct query *query, const char *text, struct error *error)
{
	int64_t limit;

	if (!read_whole(text, QUERY_EVENTS_MAX, &limit))
		return refuse("limit", "a number up to 10000", text, error);
	query->limit = (size_t)limit;
	return 0;
}

static int take_after(struct query *query, const char *text, struct error *error)
{
	return read_whole(text, INT64_MAX, &query->after) ?
		       0 :
		       refuse("after", "an id, such as last_id of an answer", text, error);
}

static int take_one_of(const char *name, const char *no, const char *yes, const char *text,
		       bool *ret, struct error *error)
{
	char expected[64];

	if (strcmp(text, yes) != 0 && strcmp(text, no) != 0) {
		snprintf(expected, sizeof(expected), "%s or %s", no, yes);
		return refuse(name, expected, text, error);
	}
	*ret = !strcmp(text, yes);
	return 0;
}

static int take_order(struct query *query, const char *text, struct error *error)
{
	return take_one_of("order", "newest", "oldest", text, &query->oldest_first, error);
}

static int take_format(struct query *query, const char *text, struct error *error)
{
	return take_one_of("format", "json", "csv", text, &query->csv, error);
}

static int take_fields(struct query *query, const char *text, struct error *error)
{
	struct error why;

	for (const char *at = text;; at++) {
		const size_t len = strcspn(at, ",");

		if (query->n_fields == QUERY_FIELDS_MAX)
			return error_set(error, -EINVAL, "fields: expected up to %d",
					 QUERY_FIELDS_MAX);
		if (field_find(at, len, &query->fields[query->n_fields], &why) < 0)
			return error_set(error, -EINVAL, "fields: %s", why.text);
		query->n_fields++;
		at += len;
		if (!*at)
			return 0;
	}
}

static const struct {
	const char *name;
	int (*take)(struct query *query, const char *text, struct error *error);
} arguments_known[] = {
	{"filter", take_filter}, {"by", take_by},	  {"since", take_since},
	{"until", take_until},	 {"limit", take_limit},	  {"after", take_after},
	{"order", take_order},	 {"format", take_format}, {"fields", take_fields},
};

enum { N_ARGUMENTS = sizeof(arguments_known) / sizeof(arguments_known[0]) };

static int refuse_argument(const char *name, struct error *error)
{
	struct suggestion suggestion = suggestion_for(name);
	_cleanup_free_ char *shown = format_escape(name, FIELD_SENTENCE_SHOWN);
	char near[SUGGESTION_BYTES];
	size_t end;

	for (size_t i = 0; i < N_ARGUMENTS; i++)
		suggestion_try(&suggestion, arguments_known[i].name);
	error_set(error, 0, "no argument \"%s\"%s%s there are", shown ?: "",
		  suggestion_text(&suggestion, near), suggestion.best ? "" : ";");
	for (size_t i = 0; i < N_ARGUMENTS; i++) {
		end = strlen(error->text);
		snprintf(error->text + end, sizeof(error->text) - end, " %s",
			 arguments_known[i].name);
	}
	return -EINVAL;
}

static int take(struct query *query, const char *name, const json_t *value, struct error *error)
{
	struct format_text buffer;

	for (size_t i = 0; i < N_ARGUMENTS; i++) {
		if (!strcmp(arguments_known[i].name, name))
			return json_is_null(value) ?
				       0 :
				       arguments_known[i].take(query, value_text(value, &buffer),
							       error);
	}
	return refuse_argument(name, error);
}

static int finish(struct query *query, struct error *error)
{
	const double end = isnan(query->until) ? query->now : query->until;
	double span;

	if (isnan(query->since))
		query->since =
			query->after ? 0 : fmin(query->now, end) - QUERY_SINCE_DEFAULT_SECONDS;
	if (query->since > end)
		return error_set(error, -EINVAL, "since: expected a time before until");
	if (query->by.n_fields && query->limit > QUERY_GROUPS_MAX)
		query->limit = QUERY_GROUPS_MAX;
	span = end - query->since;
	query->by.time_step = bucket_time_step(span);
	return 0;
}

int query_parse(const json_t *arguments, double now_unix, struct query **ret,
		struct error *ret_error)
{
	_cleanup_(query_freep) struct query *query = calloc(1, sizeof(*query));
	const char *name;
	json_t *value;
	int r;

	if (!query)
		return error_set(ret_error, -ENOMEM, "no memory");
	query->now = now_unix;
	query->since = query->until = NAN;
	query->limit = QUERY_LIMIT_DEFAULT;
	json_object_foreach((json_t *)arguments, name, value) {
		r = take(query, name, value, ret_error);
		if (r < 0)
			return r;
	}
	r = finish(query, ret_error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(query);
	return 0;
}

void query_free(struct query *query)
{
	if (!query)
		return;
	filter_free(query->filter);
	free(query);
}
