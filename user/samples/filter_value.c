/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of a filter, by the type of their field. */
#include "samples/filter_tree.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/suggest.h"

enum {
	NUMBER_BYTES_MAX = 32,
	STATUS_IN_CLASS = 100,
	STATUS_CLASS_MAX = 9,
};

static bool is_like(enum filter_op op)
{
	return op == FILTER_LIKE || op == FILTER_UNLIKE;
}

static bool is_order(enum filter_op op)
{
	return op >= FILTER_LESS && op <= FILTER_MORE_EQUAL;
}

bool filter_op_fits(const struct field_ref *field, enum filter_op op, struct error *ret_error)
{
	const enum field_type type = field->field->type;
	const char *expected = NULL;

	if (type == FIELD_BOOL && op != FILTER_IS && op != FILTER_EQUAL && op != FILTER_UNEQUAL)
		expected = "is true or false: expected = or !=, or its name alone";
	else if (field_is_text(field->field) && is_order(op))
		expected = "is a text: expected =, !=, ~, !~ or in";
	else if (!field_is_text(field->field) && is_like(op))
		expected = "is a number: expected =, !=, <, <=, >, >= or in";
	if (expected)
		error_set(ret_error, -EINVAL, "%s%s %s%s", field->field->name, field->header,
			  expected, type == FIELD_STATUS ? " (status=5xx)" : "");
	return !expected;
}

/* Returns the end of the decimal number at the begin of the text; NULL: there is none. */
static const char *read_decimal(const char *text, double *ret)
{
	size_t whole = strspn(text, "0123456789"), len = whole;
	char copy[NUMBER_BYTES_MAX];

	if (text[len] == '.')
		len += 1 + strspn(text + len + 1, "0123456789");
	if (!whole || text[len - 1] == '.' || len >= sizeof(copy))
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ret = strtod(copy, NULL);
	return text + len;
}

static bool read_number(const char *text, double *ret)
{
	const char *end = read_decimal(text, ret);

	return end && !*end;
}

static bool read_bytes(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double bytes;
	} units[] = {
		{"", 1},
		{"B", 1},
		{"kB", 1e3},
		{"KB", 1e3},
		{"MB", 1e6},
		{"GB", 1e9},
		{"KiB", 1024},
		{"MiB", 1024. * 1024},
		{"GiB", 1024. * 1024 * 1024},
	};
	double number;
	const char *unit = read_decimal(text, &number);

	for (size_t i = 0; unit && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		*ret = number * units[i].bytes;
		return true;
	}
	return false;
}

static bool read_duration(const struct field_ref *field, const char *text, double *ret)
{
	double number;
	uint64_t ns;

	if (!duration_parse(text, &ns)) {
		*ret = (double)ns / 1e9;
		return true;
	}
	if (!read_number(text, &number) || (number != 0 && !field->json_named))
		return false;
	*ret = number;
	return true;
}

/* 503, or 5xx: all of the class. */
static bool read_status(const char *text, struct filter_value *value)
{
	if (isdigit((unsigned char)text[0]) && !strcasecmp(text + 1, "xx")) {
		value->low = (double)(text[0] - '0') * STATUS_IN_CLASS;
		value->high = value->low + STATUS_IN_CLASS - 1;
		return true;
	}
	if (!read_number(text, &value->low))
		return false;
	value->high = value->low;
	return true;
}

/* Without a fraction: the whole second. */
static bool read_time(const char *text, struct filter_value *value)
{
	int64_t seconds;

	if (read_number(text, &value->low)) {
		value->high = strchr(text, '.') ? value->low : nextafter(value->low + 1, 0);
		return true;
	}
	if (calendar_parse_rfc3339(text, &seconds))
		return false;
	value->low = format_parse_time(text);
	value->high = value->low;
	if (strchr(text, '.') && isfinite(value->low))
		return true;
	value->low = (double)seconds;
	value->high = nextafter(value->low + 1, 0);
	return true;
}

static bool read_bool(const char *text, double *ret)
{
	static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		*ret = (double)(i % 2);
		return true;
	}
	return false;
}

/* 10.0.0.0/8; bits beyond the prefix do not matter. */
static bool read_network(const char *text, struct filter_network *ret)
{
	const char *slash = strchr(text, '/');
	unsigned long bits;
	char *end;

	if (!isdigit((unsigned char)slash[1]))
		return false;
	ret->family = field_address(text, ret->bytes);
	bits = strtoul(slash + 1, &end, 10);
	ret->bits = (unsigned int)bits;
	return ret->family && !*end && bits <= (ret->family == AF_INET ? 32 : 128);
}

/* Of a field with few words: whether it is one of them. */
static bool is_word(const struct field *field, const char *text, struct error *error)
{
	struct suggestion suggestion = suggestion_for(text);
	char near[SUGGESTION_BYTES];
	const char *word;
	size_t end;

	for (size_t i = 0; (word = field_word(field, i)); i++) {
		if (!strcmp(word, text))
			return true;
		suggestion_try(&suggestion, word);
	}
	error_set(error, 0, "%s: expected one of", field->name);
	for (size_t i = 0; (word = field_word(field, i)); i++) {
		end = strlen(error->text);
		snprintf(error->text + end, sizeof(error->text) - end, "%s %s", i ? "," : "", word);
	}
	end = strlen(error->text);
	snprintf(error->text + end, sizeof(error->text) - end, "%s",
		 suggestion_text(&suggestion, near));
	return false;
}

static int refuse(const struct field_ref *field, const char *text, const char *expected,
		  struct error *error)
{
	_cleanup_free_ char *shown = format_escape(text, FIELD_SENTENCE_SHOWN);

	return error_set(error, -EINVAL, "%s: expected %s, got \"%s\"", field->field->name,
			 expected, shown ?: "");
}

static int read_as(const struct field_ref *field, struct filter_value *value, bool good,
		   const char *expected, struct error *error)
{
	return good ? 0 : refuse(field, value->text, expected, error);
}

int filter_value_read(const struct field_ref *field, enum filter_op op, struct filter_value *value,
		      struct error *ret_error)
{
	const char *text = value->text;
	double *low = &value->low;
	int r = 0;

	value->is_part = !strpbrk(text, "*?");
	switch (field->field->type) {
	case FIELD_WORD:
		return is_like(op) || is_word(field->field, text, ret_error) ? 0 : -EINVAL;
	case FIELD_ADDRESS:
		if (is_like(op) || !strchr(text, '/'))
			return 0;
		return read_as(field, value, read_network(text, &value->network),
			       "a network such as 10.0.0.0/8 or 2001:db8::/32", ret_error);
	case FIELD_TEXT:
	case FIELD_LIST:
		return 0;
	case FIELD_STATUS:
		return read_as(field, value, read_status(text, value),
			       "a status such as 503, or a class such as 5xx", ret_error);
	case FIELD_TIME:
		return read_as(field, value, read_time(text, value),
			       "a time such as 2030-01-02T14:30:00Z, or Unix seconds", ret_error);
	case FIELD_NUMBER:
		r = read_as(field, value, read_number(text, low), "a number", ret_error);
		break;
	case FIELD_DURATION:
		r = read_as(field, value, read_duration(field, text, low),
			    "a duration such as 200ms or 1.5s", ret_error);
		break;
	case FIELD_BYTES:
		r = read_as(field, value, read_bytes(text, low), "a size such as 512, 10KiB or 1MB",
			    ret_error);
		break;
	case FIELD_BOOL:
		r = read_as(field, value, read_bool(text, low), "true or false", ret_error);
		break;
	}
	value->high = value->low;
	return r;
}
