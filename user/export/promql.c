/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/promql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void promql_duration(uint64_t seconds, char ret_text[static PROMQL_DURATION_BYTES])
{
	static const struct {
		uint64_t seconds;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds % units[i].seconds)
		i++;
	snprintf(ret_text, PROMQL_DURATION_BYTES, "%" PRIu64 "%c", seconds / units[i].seconds,
		 units[i].name);
}

void promql_number(double value, char ret_text[static PROMQL_NUMBER_BYTES])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(ret_text, PROMQL_NUMBER_BYTES, "%.*g", digits, value);
		if (strtod(ret_text, NULL) == value && !strstr(ret_text, "e+"))
			return;
	}
}

char *promql_string(const char *text)
{
	char *quoted = malloc(2 * strlen(text) + 3), *to = quoted;

	if (!quoted)
		return NULL;
	*to++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = '"';
	*to = '\0';
	return quoted;
}

char *promql_regex(const char *text)
{
	char *regex = malloc(2 * strlen(text) + 1), *to = regex;

	if (!regex)
		return NULL;
	for (; *text; text++) {
		if (strchr("\\.+*?()|[]{}^$", *text))
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\0';
	return regex;
}

char *promql_template(const char *text)
{
	static const char brace[] = "{{\"{\"}}";
	char *template = malloc((sizeof(brace) - 1) * strlen(text) + 1), *to = template;

	if (!template)
		return NULL;
	for (; *text; text++) {
		/* two braces open an action, and another text may follow */
		if (*text == '{' && (text[1] == '{' || !text[1])) {
			memcpy(to, brace, sizeof(brace) - 1);
			to += sizeof(brace) - 1;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return template;
}
