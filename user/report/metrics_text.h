/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of Prometheus' text formats. Private to report/metrics*. */
#ifndef SLIPROBE_REPORT_METRICS_TEXT_H
#define SLIPROBE_REPORT_METRICS_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/maybe.h"
#include "report/metrics.h"

enum { NUMBER_MAX = 32 };

struct writer {
	FILE *out;
	enum metrics_format format;
	bool failed;
};

/*
 * `a="x",b="y"` of name and value pairs up to a NULL name; a label without a value is left out.
 * malloc()ed, NULL when out of memory.
 */
char *labels(struct writer *writer, ...) __attribute__((sentinel));

/* The shortest decimal that reads back as the same number: 10.0, not 1e+01. */
const char *number(double value, char text[NUMBER_MAX]);

void family(struct writer *writer, const char *name, const char *type, const char *unit,
	    const char *help);
void sample_u64(struct writer *writer, const char *name, const char *label_text, uint64_t value);
void sample_ratio(struct writer *writer, const char *name, const char *label_text,
		  struct maybe ratio);

#endif
