/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON values as text. */
#ifndef SLIPROBE_REPORT_JSON_RENDER_H
#define SLIPROBE_REPORT_JSON_RENDER_H

#include <jansson.h>

/*
 * Renders `value` with `end` behind it; reals have 12 significant digits. Frees `value`, which may be
 * NULL. Returns a malloc()ed text, or NULL for a NULL value or when out of memory.
 */
char *json_render(json_t *value, const char *end);

#endif
