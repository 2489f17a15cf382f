/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/accept.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char spaces[] = " \t";

/* A piece of the header. */
struct span {
	const char *at;
	size_t len;
};

static struct span span_trim(struct span span)
{
	while (span.len && strchr(spaces, span.at[0])) {
		span.at++;
		span.len--;
	}
	while (span.len && strchr(spaces, span.at[span.len - 1]))
		span.len--;
	return span;
}

static bool span_is(struct span span, const char *text, size_t len)
{
	return span.len == len && !strncasecmp(span.at, text, len);
}

/* What stands before the next `separator` that no quotes surround; *rest goes behind it. */
static struct span span_next(struct span *rest, char separator)
{
	struct span piece = {rest->at, 0};
	bool quoted = false;

	while (piece.len < rest->len && (quoted || piece.at[piece.len] != separator)) {
		if (quoted && piece.at[piece.len] == '\\' && piece.len + 1 < rest->len)
			piece.len++;
		else if (piece.at[piece.len] == '"')
			quoted = !quoted;
		piece.len++;
	}
	rest->at += piece.len;
	rest->len -= piece.len;
	if (rest->len) {
		rest->at++;
		rest->len--;
	}
	return span_trim(piece);
}

/* "0.5" in thousandths; what is no weight is taken as 1. */
static int read_weight(struct span text)
{
	int weight = 0;

	if (!text.len || text.at[0] < '0' || text.at[0] > '1')
		return ACCEPT_WEIGHT_MAX;
	if (text.at[0] == '1')
		return ACCEPT_WEIGHT_MAX;
	for (size_t i = 2, unit = 100; i < text.len && unit; i++, unit /= 10) {
		if (text.at[i] < '0' || text.at[i] > '9')
			break;
		weight += (text.at[i] - '0') * (int)unit;
	}
	return weight;
}

/* Of the parameters that follow a range. */
static int range_weight(struct span parameters)
{
	while (parameters.len) {
		struct span parameter = span_next(&parameters, ';');

		if (parameter.len >= 2 && !strncasecmp(parameter.at, "q=", 2))
			return read_weight((struct span){parameter.at + 2, parameter.len - 2});
	}
	return ACCEPT_WEIGHT_MAX;
}

/* How closely a range names the type: 0 (not at all), 1 (all types), 2, 3 (the type itself). */
static int range_closeness(struct span range, const char *type)
{
	const size_t main_len = strcspn(type, "/");

	if (span_is(range, type, strlen(type)))
		return 3;
	if (range.len == main_len + 2 && !strncasecmp(range.at, type, main_len) &&
	    !strncmp(range.at + main_len, "/*", 2))
		return 2;
	return span_is(range, "*/*", 3);
}

int accept_weight(const char *accept, const char *type)
{
	struct span rest = {accept, accept ? strlen(accept) : 0};
	int closest = 0, weight = 0;

	if (!span_trim(rest).len)
		return ACCEPT_WEIGHT_MAX;
	while (rest.len) {
		struct span parameters = span_next(&rest, ',');
		struct span range = span_next(&parameters, ';');
		int closeness = range_closeness(range, type);

		if (closeness > closest) {
			closest = closeness;
			weight = range_weight(parameters);
		}
	}
	return weight;
}
