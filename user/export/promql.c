/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/promql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *promql_format(const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? NULL : text;
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
		/* two braces open an action, and the next text may begin with the second one */
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
