/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of PromQL and of the templates in Prometheus's rules. */
#ifndef SLIPROBE_EXPORT_PROMQL_H
#define SLIPROBE_EXPORT_PROMQL_H

enum {
	PROMQL_NUMBER_BYTES = 32,
};

/* The shortest decimal that reads back as the same number. */
void promql_number(double value, char ret_text[static PROMQL_NUMBER_BYTES]);

/*
 * The next four return text to be freed, or NULL when out of memory.
 *
 * promql_format: as printf(). promql_string: a string literal with its quotes. promql_regex: a
 * regular expression that matches `text` alone, without quotes. promql_template: an annotation's
 * template that expands to `text`.
 */
char *promql_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *promql_string(const char *text);
char *promql_regex(const char *text);
char *promql_template(const char *text);

#endif
