/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3986, section 2.3: unreserved characters. */
static int is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

static void write_encoded(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (is_unreserved((unsigned char)*text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

char *ctl_query(const char *path, const char *segment, const struct ctl_argument *arguments,
		size_t n_arguments)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	char mark = '?';

	if (!out)
		return NULL;
	fputs(path, out);
	if (segment)
		write_encoded(segment, out);
	for (size_t i = 0; i < n_arguments; i++) {
		if (!arguments[i].value)
			continue;
		fprintf(out, "%c%s=", mark, arguments[i].name);
		write_encoded(arguments[i].value, out);
		mark = '&';
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
