/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference of the configuration's keys, made from the tables that read them. */
#ifndef SLIPROBE_CONFIG_REFERENCE_H
#define SLIPROBE_CONFIG_REFERENCE_H

#include <stddef.h>
#include <stdio.h>

/* Writes Markdown: a table of keys for each section of a file. */
void config_write_reference(FILE *out);

/* A key, as "slos[].window", and what applies without it. */
struct config_default {
	const char *key;
	const char *text;
};

extern const struct config_default config_defaults[];
extern const size_t config_n_defaults;

#endif
