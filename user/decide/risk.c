/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/risk.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/values.h"

/* Sums of decimal fractions miss by a few bits. Numbers that are equal on paper are equal here. */
static const double tolerance = 1e-9;

static bool is_above(double a, double b)
{
	return a > b * (1 + tolerance);
}

/* A decimal number without sign or exponent, from field->min to field->max. */
static int read_number(struct document *doc, yaml_node_t *node, const struct schema_field *field,
		       void *base)
{
	const char *text = scalar_text(node);
	size_t len = text ? strlen(text) : 0, digits = text ? strspn(text, "0123456789") : 0;
	double number;

	if (digits && text[digits] == '.' && digits + 1 < len)
		digits += 1 + strspn(text + digits + 1, "0123456789");
	if (!digits || digits < len)
		return document_expected(doc, node, field->expected);
	number = strtod(text, NULL);
	if (number < (double)field->min || number > (double)field->max)
		return document_expected(doc, node, field->expected);
	*VALUE_AT(double, base, field) = number;
	return 0;
}

/* As read_number(), but 0 is refused. */
static int read_positive(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base)
{
	int r = read_number(doc, node, field, base);

	if (!r && !(*VALUE_AT(double, base, field) > 0))
		r = document_expected(doc, node, field->expected);
	return r;
}

#define NUMBER(member, reader, most, what)                                                         \
	{                                                                                          \
		.key = #member, .read = (reader), .offset = offsetof(struct risk, member),         \
		.required = true, .max = (most), .expected = (what),                               \
	}

static const struct schema_field risk_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct risk, name),
		.required = true,
		.max = RISK_MAX_NAME,
		.expected = "a name of at most 128 bytes",
	},
	NUMBER(detect_minutes, read_number, 525960, "minutes, from 0 to 525960"),
	NUMBER(repair_minutes, read_number, 525960, "minutes, from 0 to 525960"),
	NUMBER(impact_percent, read_positive, 100, "a percentage above 0 and up to 100"),
	NUMBER(days_between_failures, read_positive, 36525, "days, above 0 and up to 36525"),
};

static const struct schema risk_schema = {FIELDS(risk_fields)};
static const struct schema_field risk_item = {
	.read = read_mapping,
	.schema = &risk_schema,
	.expected = "a risk: name, detect_minutes, repair_minutes, impact_percent, "
		    "days_between_failures",
};

static const struct schema_items risk_items = {
	.item = &risk_item,
	.item_bytes = sizeof(struct risk),
	.count_offset = offsetof(struct risk_catalogue, n_risks),
	.min = 1,
	.max = RISK_MAX,
};

static const struct schema_field catalogue_fields[] = {
	{
		.key = "objective",
		.read = read_percent,
		.offset = offsetof(struct risk_catalogue, objective),
		.expected = "a percentage above 0 and below 100",
	},
	{
		.key = "risks",
		.read = read_list,
		.offset = offsetof(struct risk_catalogue, risks),
		.required = true,
		.items = &risk_items,
		.expected = "a list of risks",
	},
};

static const struct schema catalogue_schema = {FIELDS(catalogue_fields)};
static const struct schema_field catalogue_field = {
	.read = read_mapping,
	.schema = &catalogue_schema,
	.expected = "a mapping with objective and risks",
};

static int check_names(struct document *doc, const struct risk_catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->n_risks; i++) {
		for (size_t j = 0; j < i; j++) {
			char path[64];

			if (strcmp(catalogue->risks[i].name, catalogue->risks[j].name) != 0)
				continue;
			snprintf(path, sizeof(path), "risks[%zu].name", i);
			return document_refuse_at(
				doc, path, "expected a name of its own, got that of risks[%zu]", j);
		}
	}
	return 0;
}

int risk_parse(const char *text, size_t len, const char *name, struct risk_catalogue *ret,
	       struct error *ret_error)
{
	_cleanup_(refusals_clear) struct refusals refusals = {.first = ret_error};
	_cleanup_(document_close) struct document doc = {.file = name, .refusals = &refusals};
	_cleanup_(risk_clear) struct risk_catalogue catalogue = {};
	int r;

	if (len > RISK_MAX_BYTES)
		return error_set(ret_error, -EINVAL, "%s: expected at most %d bytes, got more",
				 name, RISK_MAX_BYTES);
	r = document_open(&doc, text, len);
	if (r)
		return r;
	if (!document_root(&doc))
		return error_set(ret_error, -EINVAL, "%s: expected %s, but the file is empty", name,
				 catalogue_field.expected);
	r = read_mapping(&doc, document_root(&doc), &catalogue_field, &catalogue);
	if (!r)
		r = check_names(&doc, &catalogue);
	if (r)
		return r;
	*ret = catalogue;
	catalogue = (struct risk_catalogue){};
	return 0;
}

void risk_clear(struct risk_catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->n_risks; i++)
		free(catalogue->risks[i].name);
	free(catalogue->risks);
	*catalogue = (struct risk_catalogue){};
}

/* Rounds what an objective allows up to two digits. */
static double round_objective(double bad_ratio)
{
	double scale, units;

	if (bad_ratio <= 0)
		return 1;
	if (bad_ratio >= 1)
		return 0;
	scale = pow(10, 1 - floor(log10(bad_ratio)));
	units = ceil(bad_ratio * scale * (1 - tolerance));
	/* both are whole: the quotient is the double nearest to the decimal */
	return (scale - units) / scale;
}

static int compare_costs(const void *a, const void *b)
{
	const struct risk_cost *x = a, *y = b;

	if (x->bad_minutes != y->bad_minutes)
		return x->bad_minutes < y->bad_minutes ? 1 : -1;
	return x->risk < y->risk ? -1 : 1;
}

void risk_judge(const struct risk_catalogue *catalogue, double objective,
		struct risk_cost *ret_costs, struct risk_verdict *ret)
{
	struct risk_verdict verdict = {.budget_minutes = (1 - objective) * RISK_YEAR_MINUTES};

	for (size_t i = 0; i < catalogue->n_risks; i++) {
		const struct risk *risk = &catalogue->risks[i];
		double minutes = (risk->detect_minutes + risk->repair_minutes) *
				 risk->impact_percent / 100 * RISK_YEAR_DAYS /
				 risk->days_between_failures;

		ret_costs[i] = (struct risk_cost){
			.risk = risk,
			.bad_minutes = minutes,
			.share_ratio = minutes / verdict.budget_minutes,
			.too_big = is_above(minutes, RISK_MAX_SHARE * verdict.budget_minutes),
		};
		verdict.bad_minutes += minutes;
	}
	if (catalogue->n_risks)
		qsort(ret_costs, catalogue->n_risks, sizeof(*ret_costs), compare_costs);
	verdict.share_ratio = verdict.bad_minutes / verdict.budget_minutes;
	verdict.affordable = !is_above(verdict.bad_minutes, verdict.budget_minutes);
	verdict.affordable_objective = round_objective(verdict.bad_minutes / RISK_YEAR_MINUTES);
	*ret = verdict;
}
