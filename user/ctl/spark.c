/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/spark.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>
#include <string.h>

#include "ctl/table.h"

enum { LEVELS = 8 };

/* POSIX, 8.2: the first of these that is set and not empty names the character set. */
static bool takes_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

/* The largest of counts [first, end); NaN if none is known. */
static double largest(const double *counts, size_t first, size_t end)
{
	double most = NAN;

	for (size_t i = first; i < end; i++)
		most = fmax(most, counts[i]);
	return most;
}

static const char *picture(double count, double most, bool utf8)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {".", ":", "-", "=", "+", "*", "%", "#"};
	int level;

	if (isnan(count))
		return " ";
	if (!(count > 0))
		return utf8 ? "·" : "_";
	level = (int)ceil(count / most * LEVELS) - 1;
	level = level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level;
	return utf8 ? blocks[level] : letters[level];
}

int ctl_spark(const double *counts, size_t n, FILE *out)
{
	bool terminal = ctl_table_width() > 0, utf8 = terminal && takes_utf8();
	size_t room = terminal && ctl_table_width() < CTL_SPARK_MAX + 6 ? ctl_table_width() - 6 :
									  CTL_SPARK_MAX;
	size_t each = terminal && n > room ? (n + room - 1) / room : 1;
	double most = largest(counts, 0, n);

	for (size_t i = 0; i < n; i += each)
		fputs(picture(largest(counts, i, i + each < n ? i + each : n), most, utf8), out);
	fputc('\n', out);
	return 0;
}
