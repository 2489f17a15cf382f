/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/metrics_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/*
 * A label's value between quotes: both formats escape these three, and have no escape for what a terminal
 * must not get. That is written out, always the same way, so that series stay the same.
 */
static void write_value(struct writer *writer, FILE *out, const char *bytes)
{
	char *text = utf8_show(bytes, "\n");

	if (!text) {
		writer->failed = true;
		return;
	}
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			fputs("\\n", out);
		else if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
	free(text);
}

char *labels(struct writer *writer, ...)
{
	const char *name, *separator = "";
	char *text = NULL;
	va_list args;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		writer->failed = true;
		return NULL;
	}
	va_start(args, writer);
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		if (!value)
			continue;
		fprintf(out, "%s%s=\"", separator, name);
		write_value(writer, out, value);
		fputc('"', out);
		separator = ",";
	}
	va_end(args);
	if (fclose(out)) {
		free(text);
		writer->failed = true;
		return NULL;
	}
	return text;
}

const char *number(double value, char text[NUMBER_MAX])
{
	const bool plain = fabs(value) >= 1 && fabs(value) < 1e15;

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, NUMBER_MAX, "%.*g", digits, value);
		if (strtod(text, NULL) == value && !(plain && strchr(text, 'e')))
			break;
	}
	if (!strpbrk(text, ".e"))
		snprintf(text + strlen(text), NUMBER_MAX - strlen(text), ".0");
	return text;
}

void family(struct writer *writer, const char *name, const char *type, const char *unit,
	    const char *help)
{
	const char *suffix = "";

	if (writer->format == METRICS_TEXT) {
		if (!strcmp(type, "counter"))
			suffix = "_total";
		if (!strcmp(type, "info")) {
			suffix = "_info";
			type = "gauge";
		}
	}
	fprintf(writer->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
		type);
	if (*unit)
		fprintf(writer->out, "# UNIT %s%s %s\n", name, suffix, unit);
}

void sample_u64(struct writer *writer, const char *name, const char *label_text, uint64_t value)
{
	if (label_text && *label_text)
		fprintf(writer->out, "%s{%s} %" PRIu64 "\n", name, label_text, value);
	else
		fprintf(writer->out, "%s %" PRIu64 "\n", name, value);
}

void sample_ratio(struct writer *writer, const char *name, const char *label_text,
		  struct maybe ratio)
{
	char text[NUMBER_MAX];

	/* unknown is no sample: 0 would read as a fact, and NaN poisons sums */
	if (ratio.known)
		fprintf(writer->out, "%s{%s} %s\n", name, label_text, number(ratio.value, text));
}
