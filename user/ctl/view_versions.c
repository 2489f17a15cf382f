/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_versions.h"

#include <errno.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/rows.h"

/* False if there is nothing but what is not told apart. */
static bool any_known(const json_t *versions)
{
	size_t i;
	json_t *version;

	json_array_foreach(versions, i, version) {
		if (ctl_string(version, "kind"))
			return true;
	}
	return false;
}

/* A row for the version and each SLO: the version stands in the first one. */
static int add_rows(json_t *rows, const json_t *version)
{
	const json_t *slos = json_object_get(version, "slos");
	size_t i;
	json_t *slo;
	int failed = 0;

	if (!json_array_size(slos))
		return json_array_append(rows, (json_t *)version);
	json_array_foreach(slos, i, slo) {
		json_t *row = i ? json_pack("{s:s, s:s}", "version", "", "kind", "") :
				  json_copy((json_t *)version);

		failed |= json_object_update(row, slo);
		failed |= json_array_append_new(rows, row);
	}
	return failed;
}

static void add_number(struct ctl_table *table, const json_t *object, const char *key)
{
	bool first = *(ctl_string(object, "version") ?: "");

	ctl_table_add(table, first ? ctl_count(object, key).text : "", CTL_PLAIN);
}

static const struct ctl_as as_number = {add_number, true};

static void add_share(struct ctl_table *table, const json_t *object, const char *key)
{
	double ratio = ctl_number(object, key);

	ctl_table_add(table, format_percent(ratio, 3).text, ratio < 1 ? CTL_WARN : CTL_PLAIN);
}

static const struct ctl_as as_share = {add_share, true};

int ctl_print_service_versions(const json_t *service, bool colour, FILE *out)
{
	static const struct ctl_field plain[] = {
		{"VERSION", "version", &ctl_as_text},
		{"KIND", "kind", &ctl_as_text},
		{"INSTANCES", "instances", &as_number},
		{"REQUESTS", "requests", &as_number},
	};
	static const struct ctl_field judged[] = {
		{"VERSION", "version", &ctl_as_text},
		{"KIND", "kind", &ctl_as_text},
		{"INSTANCES", "instances", &as_number},
		{"REQUESTS", "requests", &as_number},
		{"SLO", "slo", &ctl_as_text},
		{"GOOD", "good", &ctl_as_count},
		{"ELIGIBLE", "eligible", &ctl_as_count},
		{"AVAILABLE", "availability", &as_share},
	};
	static const char *const spare[] = {"kind", "instances", NULL};
	const json_t *versions = json_object_get(service, "versions");
	json_t *rows, *version;
	struct ctl_rows table = {.indent = 2, .spare = spare, CTL_FIELDS(judged)};
	size_t i;
	int failed = 0, r;

	if (!any_known(versions))
		return 0;
	rows = json_array();
	json_array_foreach(versions, i, version)
		failed |= add_rows(rows, version);
	if (!json_array_size(json_object_get(json_array_get(versions, 0), "slos"))) {
		table.fields = plain;
		table.n_fields = sizeof(plain) / sizeof(plain[0]);
	}
	table.list = rows;
	fputc('\n', out);
	r = failed ? -ENOMEM : ctl_rows_print(&table, colour, out);
	json_decref(rows);
	return r;
}

int ctl_print_slo_versions(const json_t *slo, bool colour, FILE *out)
{
	static const struct ctl_field fields[] = {
		{"VERSION", "version", &ctl_as_text},	  {"KIND", "kind", &ctl_as_text},
		{"GOOD", "good", &ctl_as_count},	  {"ELIGIBLE", "eligible", &ctl_as_count},
		{"AVAILABLE", "availability", &as_share},
	};
	const json_t *versions = json_object_get(slo, "versions");

	if (!any_known(versions))
		return 0;
	fputc('\n', out);
	return ctl_rows_print(&(struct ctl_rows){.list = versions, CTL_FIELDS(fields), .indent = 2},
			      colour, out);
}
