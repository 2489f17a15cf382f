/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings that a configuration owns. */
#ifndef SLIPROBE_CONFIG_TEXTS_H
#define SLIPROBE_CONFIG_TEXTS_H

#include <stddef.h>

/* A copy, or NULL when out of memory. */
char *dup_text(const char *text);

/* Frees n strings and the array. */
void free_texts(char **texts, size_t n);

#endif
