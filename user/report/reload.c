/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/reload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_values.h"
#include "report/json_render.h"

int reload_line(struct reload_lines *lines, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = lines->n < RELOAD_LINES_MAX ? vasprintf(&lines->text[lines->n], format, args) : -1;
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	lines->n++;
	return 0;
}

static void lines_clear(struct reload_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->text[i]);
	lines->n = 0;
}

void reload_clear(struct reload *reload)
{
	lines_clear(&reload->applied);
	lines_clear(&reload->takes_restart);
}

char *reload_json(const struct reload *reload)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "reloaded", json_true());
	failed |= json_put(object, "config", json_text_or_null(reload->config));
	failed |= json_put(object, "services", json_count(reload->services));
	failed |= json_put(object, "slos", json_count(reload->slos));
	failed |= json_put(object, "applied", json_texts(reload->applied.text, reload->applied.n));
	failed |= json_put(object, "takes_restart",
			   json_texts(reload->takes_restart.text, reload->takes_restart.n));
	failed |= json_put(object, "warnings", json_texts(reload->warnings, reload->n_warnings));
	return json_render(json_checked(object, failed), "\n");
}
