/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/texts.h"

#include <stdlib.h>
#include <string.h>

char *dup_text(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1);

	return copy ? memcpy(copy, text, len + 1) : NULL;
}

void free_texts(char **texts, size_t n)
{
	for (size_t i = 0; texts && i < n; i++)
		free(texts[i]);
	free(texts);
}
