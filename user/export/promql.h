/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of PromQL and of the templates in Prometheus's rules. */
#ifndef SLIPROBE_EXPORT_PROMQL_H
#define SLIPROBE_EXPORT_PROMQL_H

#include <stdint.h>

enum {
	PROMQL_DURATION_BYTES = 24,
	PROMQL_NUMBER_BYTES = 32,
};

/* In the largest unit up to days that divides it: "90m", "30d". */
void promql_duration(uint64_t seconds, char ret_text[static PROMQL_DURATION_BYTES]);

/* The shortest decimal that reads back as the same number. */
void promql_number(double value, char ret_text[static PROMQL_NUMBER_BYTES]);

/*
 * The next three return text to be freed, or NULL when out of memory.
 * promql_string: a string literal with its quotes. promql_regex: what matches `text` and no more (to
 * be made a string yet). promql_template: what an annotation's template expands to `text`.
 */
char *promql_string(const char *text);
char *promql_regex(const char *text);
char *promql_template(const char *text);

#endif
