/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_counted.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "base/utf8.h"
#include "ctl/json.h"
#include "ctl/view_blind.h"

enum { COLUMNS = 80 };

static const double told_ratio = 0.01;

bool ctl_leaves_out(double eligible, double left_out)
{
	return left_out > told_ratio * eligible;
}

static void add_eligible(struct ctl_table *table, const json_t *object, const char *key)
{
	double left_out = ctl_number(object, "client_aborts_left_out");
	char text[2 * CTL_TABLE_MAX_CELL];

	if (ctl_leaves_out(ctl_number(object, key), left_out)) {
		snprintf(text, sizeof(text), "%s, %s left out", ctl_count(object, key).text,
			 ctl_count(object, "client_aborts_left_out").text);
		ctl_table_add(table, text, CTL_WARN);
	} else {
		ctl_table_add(table, ctl_count(object, key).text, CTL_PLAIN);
	}
}

const struct ctl_as ctl_as_eligible = {add_eligible, true};

void ctl_write_wrapped(const char *text, int indent, FILE *out)
{
	_cleanup_free_ char *clean = format_escape(text, 4096);
	size_t room = (size_t)(COLUMNS - indent), column = 0;

	for (const char *word = clean ?: ""; *word;) {
		size_t len = strcspn(word, " ");

		if (column && column + 1 + len > room) {
			fprintf(out, "\n%*s", indent, "");
			column = 0;
		}
		fprintf(out, "%s%.*s", column ? " " : "", (int)len, word);
		column += len + (column ? 1 : 0);
		word += len;
		word += strspn(word, " ");
	}
	fputc('\n', out);
}

/* Words below a number. Nothing without them: an older agent has none. */
static void print_words(const json_t *slo, const char *key, int indent, FILE *out)
{
	const char *words = ctl_string(json_object_get(slo, "definition"), key);

	if (!words)
		return;
	fprintf(out, "%*s", indent, "");
	ctl_write_wrapped(words, indent, out);
}

static void print_left_out(const json_t *slo, bool colour, FILE *out)
{
	double left_out = ctl_number(slo, "client_aborts_left_out");
	char text[96];

	if (!(left_out > 0))
		return;
	snprintf(text, sizeof(text), "%.0f left out, whose clients gave up", left_out);
	fprintf(out, ", ");
	ctl_write_coloured(
		text, ctl_leaves_out(ctl_number(slo, "eligible"), left_out) ? CTL_WARN : CTL_PLAIN,
		colour, out);
}

/* Requests that are in none of the numbers before. */
static void print_unknown(const json_t *slo, void (*label)(const char *text, FILE *out),
			  bool colour, FILE *out)
{
	double unknown = ctl_number(slo, "status_unknown");
	bool many = ctl_leaves_out(ctl_number(slo, "eligible"), unknown);

	if (!(unknown > 0))
		return;
	label("not judged", out);
	ctl_write_coloured(ctl_count(slo, "status_unknown").text, many ? CTL_WARN : CTL_PLAIN,
			   colour, out);
	fprintf(out, ", whose status is not known\n");
}

static void print_reasons(const json_t *slo, FILE *out)
{
	const json_t *reasons = json_object_get(slo, "bad_by_reason");

	if (!ctl_count_or_zero(slo, "bad") || !json_is_object(reasons))
		return;
	fprintf(out, ": ");
	ctl_print_counts(reasons, out);
}

void ctl_print_counted(const json_t *slo, void (*label)(const char *text, FILE *out), int indent,
		       bool colour, FILE *out)
{
	label("eligible", out);
	fprintf(out, "%s", ctl_count(slo, "eligible").text);
	print_left_out(slo, colour, out);
	fputc('\n', out);
	print_words(slo, "eligible", indent, out);
	label("good", out);
	fprintf(out, "%s\n", ctl_count(slo, "good").text);
	print_words(slo, "good", indent, out);
	label("bad", out);
	fprintf(out, "%s", ctl_count(slo, "bad").text);
	print_reasons(slo, out);
	fputc('\n', out);
	print_words(slo, "client_abort", indent, out);
	print_unknown(slo, label, colour, out);
}
