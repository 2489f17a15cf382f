/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/json_render.h"

#include <stdio.h>

#include "base/cleanup.h"

char *json_render(json_t *value, const char *end)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_REAL_PRECISION(12));
	char *ret = NULL;

	json_decref(value);
	return text && asprintf(&ret, "%s%s", text, end) >= 0 ? ret : NULL;
}
