/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/query.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_values.h"
#include "samples/csv.h"
#include "samples/query_csv.h"

/* What has been found so far. */
struct found {
	const struct query *query;
	const struct query_source *source;
	struct groups *groups; /* NULL: events */
	struct group_sums matched;
	uint64_t looked_at;
	int64_t last_id;
	double last_time; /* of the event that was looked at last; NAN: none */
	bool more;
	char **texts; /* events that are shown, in the order that they came in */
	size_t n;
	size_t bytes;
};

static void found_clear(struct found *found)
{
	for (size_t i = 0; i < found->n; i++)
		free(found->texts[i]);
	free(found->texts);
	groups_free(found->groups);
}

/* ---- events ---- */

static json_t *fields_json(const struct query *query, const struct event *event)
{
	json_t *json = json_object();
	int failed = 0;

	for (size_t i = 0; i < query->n_fields; i++) {
		const struct field_ref *ref = &query->fields[i];
		char name[FIELD_TEXT_BYTES];

		snprintf(name, sizeof(name), "%s%s", ref->field->json_name, ref->header);
		failed |= json_put(json, name, field_json(ref, event));
	}
	return json_checked(json, failed);
}

/* All fields but those of the configuration. */
static json_t *all_json(const struct event *event)
{
	json_t *json = json_object();
	const struct field *field;
	int failed = 0;

	for (size_t i = 0; (field = field_by_index(i)); i++) {
		const struct field_ref ref = {.field = field};

		if (field->name[strlen(field->name) - 1] != '.')
			failed |= json_put(json, field->json_name, field_json(&ref, event));
	}
	return json_checked(json, failed);
}

static char *event_text(const struct found *found, const struct event *event)
{
	_cleanup_json_ json_t *json = NULL;

	if (found->query->csv)
		return query_csv_event(found->query, event);
	if (found->query->n_fields)
		json = fields_json(found->query, event);
	else if (found->source->event_json)
		json = found->source->event_json(event);
	else
		json = all_json(event);
	return json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
}

static int keep(struct found *found, const struct event *event)
{
	char *text;

	if (found->n == found->query->limit || found->bytes > QUERY_BYTES_MAX) {
		found->more = true;
		return 0;
	}
	text = event_text(found, event);
	if (!text)
		return -ENOMEM;
	found->bytes += strlen(text);
	found->texts[found->n++] = text;
	return 0;
}

static int look(void *context, const struct event *event)
{
	struct found *found = context;

	found->looked_at++;
	found->last_time = event->time;
	if (event->id > found->last_id)
		found->last_id = event->id;
	if (!filter_is_true(found->query->filter, event))
		return 0;
	group_sums_add(&found->matched, event);
	return found->groups ? groups_add(found->groups, event) : keep(found, event);
}

static int walk(struct found *found)
{
	const struct query *query = found->query;
	const struct query_span span = {
		.since = query->since,
		.until = query->until,
		.after = query->after,
		.newest_first = !query->oldest_first,
		.service = filter_needs_text(query->filter, "service"),
		.bad_for = filter_needs_text(query->filter, "bad_for"),
		.eligible_for = filter_needs_text(query->filter, "eligible_for"),
		.bad_only = filter_needs_bad(query->filter),
	};

	return found->source->walk(found->source->context, &span, look, found);
}

/* ---- the answer ---- */

static json_t *sums_json(const struct group_sums *sums)
{
	return json_pack("{s:I, s:I, s:f, s:f}", "samples", (json_int_t)sums->samples,
			 "bad_samples", (json_int_t)sums->bad_samples, "requests", sums->requests,
			 "bad", sums->bad);
}

/* What could not be looked at, by what the walk has returned. */
static int put_faults(json_t *json, const struct found *found, int walked)
{
	return json_put(json, "cut_at",
			walked == -ETIME ? json_time_or_null(found->last_time) : json_null()) |
	       json_put(json, "unread",
			walked < 0 && walked != -ETIME ? json_text_or_null(strerror(-walked)) :
							 json_null());
}

static int put_about(json_t *json, const json_t *about)
{
	const char *name;
	json_t *value;
	int failed = 0;

	json_object_foreach((json_t *)about, name, value)
		failed |= json_object_set(json, name, value);
	return failed;
}

static json_t *head_json(const struct found *found, int walked)
{
	const struct query *query = found->query;
	json_t *json = json_object();
	int failed = put_about(json, found->source->about);

	failed |= json_put(json, "from", json_time_or_null(query->since ?: NAN));
	failed |= json_put(json, "to",
			   json_time_or_null(isnan(query->until) ? query->now : query->until));
	failed |= json_put(json, "matched", sums_json(&found->matched));
	failed |= json_put(json, "looked_at", json_count(found->looked_at));
	failed |= json_put(json, "last_id", json_integer(found->last_id));
	failed |= json_put(json, "more", json_boolean(found->more));
	failed |= put_faults(json, found, walked);
	return json_checked(json, failed);
}

/* The oldest first, whatever order they came in. */
static const char *text_at(const struct found *found, size_t i)
{
	return found->texts[found->query->oldest_first ? i : found->n - 1 - i];
}

static int write_json(const json_t *json, FILE *out)
{
	_cleanup_free_ char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12));

	if (!text)
		return -ENOMEM;
	fputs(text, out);
	return 0;
}

/* The events behind the other members, as texts: they are many. */
static int write_events(const struct found *found, const json_t *head, FILE *out)
{
	_cleanup_free_ char *text = json_dumps(head, JSON_COMPACT | JSON_REAL_PRECISION(12));

	if (!text)
		return -ENOMEM;
	fprintf(out, "%.*s,\"events\":[", (int)strlen(text) - 1, text);
	for (size_t i = 0; i < found->n; i++)
		fprintf(out, "%s%s", i ? ",\n" : "\n", text_at(found, i));
	fputs("]}", out);
	return 0;
}

static int write_groups(struct found *found, json_t *head, FILE *out)
{
	_cleanup_json_ json_t *groups = groups_json(found->groups, found->query->limit);

	if (!groups)
		return -ENOMEM;
	if (found->query->csv)
		return query_csv_groups(&found->query->by, groups, out);
	if (json_object_update(head, groups) ||
	    json_put(head, "more", json_boolean(!json_is_null(json_object_get(groups, "rest")))))
		return -ENOMEM;
	return write_json(head, out);
}

static int write_answer(struct found *found, int walked, FILE *out)
{
	_cleanup_json_ json_t *head = NULL;

	if (!found->groups && found->query->csv) {
		query_csv_names(found->query, out);
		for (size_t i = 0; i < found->n; i++)
			fputs(text_at(found, i), out);
		return 0;
	}
	head = head_json(found, walked);
	if (!head)
		return -ENOMEM;
	return found->groups ? write_groups(found, head, out) : write_events(found, head, out);
}

int query_write(const struct query *query, const struct query_source *source, FILE *out)
{
	_cleanup_(found_clear) struct found found = {
		.query = query,
		.source = source,
		.last_id = query->after,
		.last_time = NAN,
	};
	int r;

	if (query->by.n_fields) {
		r = groups_new(&query->by, &found.groups);
		if (r < 0)
			return r;
	} else {
		found.texts = calloc(query->limit ?: 1, sizeof(*found.texts));
		if (!found.texts)
			return -ENOMEM;
	}
	r = walk(&found);
	return r == -ENOMEM ? r : write_answer(&found, r, out);
}
