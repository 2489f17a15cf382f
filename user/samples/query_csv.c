/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/query_csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samples/csv.h"

/* ---- events ---- */

/* The field of a column; false behind the last one. */
static bool column(const struct query *query, size_t i, struct field_ref *ret)
{
	const struct field *field;

	if (query->n_fields) {
		if (i < query->n_fields)
			*ret = query->fields[i];
		return i < query->n_fields;
	}
	/* all but "header.", which takes a name */
	for (size_t k = 0; (field = field_by_index(k)); k++) {
		if (field->name[strlen(field->name) - 1] == '.' || i--)
			continue;
		*ret = (struct field_ref){.field = field};
		return true;
	}
	return false;
}

void query_csv_names(const struct query *query, FILE *out)
{
	struct field_ref ref;

	for (size_t i = 0; column(query, i, &ref); i++)
		fprintf(out, "%s%s%s", i ? "," : "", ref.field->json_name, ref.header);
	fputc('\n', out);
}

char *query_csv_event(const struct query *query, const struct event *event)
{
	char *text = NULL, buffer[FIELD_TEXT_BYTES];
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct field_ref ref;
	int r = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; column(query, i, &ref); i++) {
		if (i)
			fputc(',', out);
		r |= csv_write_text(field_text(&ref, event, buffer), out);
	}
	fputc('\n', out);
	if (fclose(out) || r) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- groups ---- */

static const char *const sums[] = {"requests",	  "bad",	 "bad_share", "share_of_bad",
				   "p50_seconds", "p99_seconds", "samples",   "bad_samples",
				   "first",	  "last"};

enum { N_SUMS = sizeof(sums) / sizeof(sums[0]) };

static int write_value(const json_t *value, FILE *out)
{
	if (json_is_string(value))
		return csv_write_text(json_string_value(value), out);
	if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", out);
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%.12g", json_real_value(value));
	return 0;
}

static int write_sums(const json_t *group, FILE *out)
{
	int r = 0;

	for (size_t i = 0; i < N_SUMS; i++) {
		fputc(',', out);
		r |= write_value(json_object_get(group, sums[i]), out);
	}
	fputc('\n', out);
	return r;
}

static int write_group(const struct group_by *by, const json_t *group, FILE *out)
{
	const json_t *key = json_object_get(group, "key");
	int r = 0;

	for (size_t i = 0; i < by->n_fields; i++) {
		char name[FIELD_TEXT_BYTES];

		if (i)
			fputc(',', out);
		r |= write_value(json_object_get(key, field_ref_name(&by->fields[i], name)), out);
	}
	return r | write_sums(group, out);
}

int query_csv_groups(const struct group_by *by, const json_t *groups, FILE *out)
{
	const json_t *rest = json_object_get(groups, "rest");
	char name[FIELD_TEXT_BYTES];
	json_t *group;
	size_t i;
	int r = 0;

	for (i = 0; i < by->n_fields; i++)
		fprintf(out, "%s%s", i ? "," : "", field_ref_name(&by->fields[i], name));
	for (i = 0; i < N_SUMS; i++)
		fprintf(out, ",%s", sums[i]);
	fputc('\n', out);
	json_array_foreach(json_object_get(groups, "groups"), i, group)
		r |= write_group(by, group, out);
	if (json_is_object(rest)) {
		fprintf(out, "_other%.*s", (int)by->n_fields - 1, ",,,");
		r |= write_sums(rest, out);
	}
	return r ? -ENOMEM : 0;
}
