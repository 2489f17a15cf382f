/* SPDX-License-Identifier: GPL-2.0-only */
#include "decide/backtest_csv.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slo/time_limit.h"

enum { FIELDS_MAX = 4, SHOWN_BYTES = 32 };

#define EVENTS_LIMIT 1000000000000000ULL
/* Recorded times are rounded: steps may overlap by as much. */
#define SAME_SECONDS 1e-3

struct field {
	const char *text;
	size_t len;
	size_t column;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct csv_error *ret_error,
							const struct field *field,
							const char *format, ...)
{
	size_t len;
	va_list args;

	ret_error->column = field->column;
	va_start(args, format);
	vsnprintf(ret_error->expected, sizeof(ret_error->expected), format, args);
	va_end(args);
	len = strlen(ret_error->expected);
	snprintf(ret_error->expected + len, sizeof(ret_error->expected) - len, ", got \"%.*s%s\"",
		 (int)(field->len < SHOWN_BYTES ? field->len : SHOWN_BYTES), field->text,
		 field->len > SHOWN_BYTES ? "..." : "");
	return -EINVAL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The field between `from` and `to`, without spaces around it. */
static struct field trimmed(const char *line, const char *from, const char *to)
{
	while (from < to && is_space(*from))
		from++;
	while (to > from && is_space(to[-1]))
		to--;
	return (struct field){from, (size_t)(to - from), (size_t)(from - line) + 1};
}

/* The closing quote of a field that begins with one; NULL if there is none. Two stand for one. */
static const char *closing_quote(const char *from, const char *end)
{
	for (const char *at = from + 1; at < end; at++) {
		if (*at != '"')
			continue;
		if (at + 1 == end || at[1] != '"')
			return at;
		at++;
	}
	return NULL;
}

/*
 * The field that begins at `at`, without quotes. *ret_next: behind its comma; NULL: it is the last.
 */
static int next_field(const char *line, const char *at, const char *end, struct field *ret,
		      const char **ret_next, struct csv_error *ret_error)
{
	const char *comma = memchr(at, ',', (size_t)(end - at)), *quote;

	*ret = trimmed(line, at, comma ?: end);
	if (ret->len && ret->text[0] == '"') {
		quote = closing_quote(ret->text, end);
		*ret = trimmed(line, at, end);
		if (!quote)
			return refuse(ret_error, ret, "expected a closing quote in the same line");
		comma = memchr(quote, ',', (size_t)(end - quote));
		*ret = trimmed(line, quote + 1, comma ?: end);
		if (ret->len)
			return refuse(ret_error, ret, "expected a comma after the closing quote");
		*ret = trimmed(line, at, quote + 1);
		*ret = (struct field){ret->text + 1, ret->len - 2, ret->column + 1};
		*ret = trimmed(line, ret->text, ret->text + ret->len);
	}
	*ret_next = comma ? comma + 1 : NULL;
	return 0;
}

/* Returns how many, or -EINVAL if there are too many, or one is not well quoted. */
static int split(const char *line, size_t len, struct field ret_fields[static FIELDS_MAX],
		 struct csv_error *ret_error)
{
	const char *at = line, *end = line + len;
	int n = 0;

	do {
		struct field field;
		int r = next_field(line, at, end, &field, &at, ret_error);

		if (!r && n == FIELDS_MAX)
			r = refuse(ret_error, &field, "expected the end of the row");
		if (r)
			return r;
		ret_fields[n++] = field;
	} while (at);
	return n;
}

static bool field_is(const struct field *field, const char *name)
{
	return field->len == strlen(name) && !memcmp(field->text, name, field->len);
}

/* A decimal number, e.g. "-1.5e3". strtod() would also take "0x10", "nan", "inf". */
static bool read_seconds(const struct field *field, double *ret)
{
	char text[64];
	char *end;
	double value;

	if (!field->len || field->len >= sizeof(text))
		return false;
	memcpy(text, field->text, field->len);
	text[field->len] = '\0';
	if (strspn(text, "+-.0123456789eE") != field->len)
		return false;
	value = strtod(text, &end);
	if (*end || !time_valid(value))
		return false;
	*ret = value;
	return true;
}

static int read_count(const struct field *field, const char *name, uint64_t *ret,
		      struct csv_error *ret_error)
{
	uint64_t value = 0;

	for (size_t i = 0; i < field->len; i++) {
		if (field->text[i] < '0' || field->text[i] > '9' || value > EVENTS_LIMIT)
			return refuse(ret_error, field,
				      "%s: expected a whole number of events, 0 to 1e15", name);
		value = value * 10 + (uint64_t)(field->text[i] - '0');
	}
	if (!field->len || value > EVENTS_LIMIT)
		return refuse(ret_error, field, "%s: expected a whole number of events, 0 to 1e15",
			      name);
	*ret = value;
	return 0;
}

/* The times of a row. A row without step_seconds reaches back to the row before. */
static int read_times(const struct csv *csv, const struct field *fields, int n,
		      struct csv_step *ret_step, struct csv_error *ret_error)
{
	double t, step = CSV_STEP_SECONDS;

	if (!read_seconds(&fields[0], &t))
		return refuse(ret_error, &fields[0], "t_seconds: expected a number, up to 1e12");
	if (csv->any && t <= csv->last_seconds)
		return refuse(ret_error, &fields[0],
			      "t_seconds: expected a time after the row before's, %.15g",
			      csv->last_seconds);
	if (n < FIELDS_MAX || !fields[3].len) {
		ret_step->from_seconds = csv->any ? csv->last_seconds : t - step;
	} else if (!read_seconds(&fields[3], &step) || step <= 0) {
		return refuse(ret_error, &fields[3], "step_seconds: expected a number above 0");
	} else if (csv->any && t - step < csv->last_seconds - SAME_SECONDS) {
		return refuse(
			ret_error, &fields[3],
			"step_seconds: expected at most %.15g, which is back to the row before",
			t - csv->last_seconds);
	} else {
		ret_step->from_seconds = t - step;
	}
	ret_step->t_seconds = t;
	return 0;
}

static bool is_word(const struct field *field)
{
	char c = field->len ? field->text[0] : '\0';

	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A first row of "nan,1,0" is none: its counts are no words. */
static bool is_header(const struct csv *csv, const struct field *fields, int n)
{
	return !csv->header && !csv->any && is_word(&fields[0]) && (n < 2 || is_word(&fields[1]));
}

/* The first column may be called anything, e.g. "time"; the counts must not be taken for others. */
static int check_header(const struct field *fields, int n, struct csv_error *ret_error)
{
	static const char *const names[] = {"t_seconds", "good", "bad", "step_seconds"};

	for (int i = 1; i < FIELDS_MAX && (i < n || i < 3); i++) {
		if (i >= n || !field_is(&fields[i], names[i]))
			return refuse(ret_error, &fields[i < n ? i : n - 1],
				      "expected the columns t_seconds,good,bad[,step_seconds]");
	}
	return 0;
}

static int read_row(const struct csv *csv, const struct field *fields, int n,
		    struct csv_step *ret_step, struct csv_error *ret_error)
{
	struct csv_step step = {};
	int r;

	if (n < 3)
		return refuse(ret_error, &fields[n - 1], "expected t_seconds,good,bad in each row");
	r = read_times(csv, fields, n, &step, ret_error);
	if (!r)
		r = read_count(&fields[1], "good", &step.events.good, ret_error);
	if (!r)
		r = read_count(&fields[2], "bad", &step.events.bad, ret_error);
	if (!r)
		*ret_step = step;
	return r;
}

int csv_line(struct csv *csv, const char *line, size_t len, struct csv_step *ret_step,
	     struct csv_error *ret_error)
{
	static const char mark[] = "\xef\xbb\xbf";
	bool marked = !csv->begun && len >= strlen(mark) && !memcmp(line, mark, strlen(mark));
	struct field fields[FIELDS_MAX] = {}, all;
	int n, r;

	csv->begun = true;
	if (marked) {
		line += strlen(mark);
		len -= strlen(mark);
	}
	all = trimmed(line, line, line + len);
	if (!all.len || all.text[0] == '#')
		return 0;
	n = split(line, len, fields, ret_error);
	if (n < 0)
		return n;
	if (is_header(csv, fields, n)) {
		csv->header = true;
		return check_header(fields, n, ret_error);
	}
	r = read_row(csv, fields, n, ret_step, ret_error);
	if (r < 0)
		return r;
	csv->any = true;
	csv->last_seconds = ret_step->t_seconds;
	return 1;
}
