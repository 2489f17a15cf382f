/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/json_render.h"

#include <stdio.h>

#include "base/json_values.h"

char *json_render(json_t *value, const char *end)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int failed;

	if (!out) {
		json_decref(value);
		return NULL;
	}
	failed = json_write(value, JSON_REAL_PRECISION(12), out);
	json_decref(value);
	fputs(end, out);
	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}
