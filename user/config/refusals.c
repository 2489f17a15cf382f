/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/refusals.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/texts.h"

static int keep(struct refusals *refusals, const char *text)
{
	char **texts;

	if (refusals->n_texts == REFUSALS_MAX)
		return 0;
	texts = realloc(refusals->texts, (refusals->n_texts + 1) * sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	refusals->texts = texts;
	texts[refusals->n_texts] = dup_text(text);
	if (!texts[refusals->n_texts])
		return -ENOMEM;
	refusals->n_texts++;
	return 0;
}

int refusals_add(struct refusals *refusals, int r, const char *format, ...)
{
	struct error error;
	va_list args;

	va_start(args, format);
	vsnprintf(error.text, sizeof(error.text), format, args);
	va_end(args);
	for (size_t i = 0; i < refusals->n_texts; i++) {
		if (!strcmp(refusals->texts[i], error.text))
			return r;
	}
	if (!refusals->n++)
		*refusals->first = error;
	return keep(refusals, error.text) ?: r;
}

void refusals_clear(struct refusals *refusals)
{
	free_texts(refusals->texts, refusals->n_texts);
	refusals->texts = NULL;
	refusals->n_texts = 0;
}
