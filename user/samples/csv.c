/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/csv.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

int csv_write_text(const char *text, FILE *out)
{
	_cleanup_free_ char *shown = NULL;
	const char *mark;

	if (!text)
		return 0;
	shown = utf8_show(text, "");
	if (!shown)
		return -ENOMEM;
	mark = *shown && strchr("=+-@", *shown) ? "'" : "";
	if (!strpbrk(shown, "\",")) {
		fprintf(out, "%s%s", mark, shown);
		return 0;
	}
	fprintf(out, "\"%s", mark);
	for (const char *c = shown; *c; c++) {
		if (*c == '"')
			fputc('"', out);
		fputc(*c, out);
	}
	fputc('"', out);
	return 0;
}
