/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between two configurations, in one line for the timeline. Pure. */
#ifndef SLIPROBE_AGENT_CONFIG_CHANGES_H
#define SLIPROBE_AGENT_CONFIG_CHANGES_H

#include <jansson.h>

#include "config/config.h"

/* The bytes of a line, at most: what is left out is told by its number. */
enum { CONFIG_CHANGES_BYTES = 180 };

/*
 * What a configuration consists of: {"service shop": text, "SLO fast": text, "objective of SLO fast": "99.9%", ...},
 * each with a text that changes with it. NULL when out of memory.
 */
json_t *config_parts(const struct config *config);

/*
 * "added: SLO fast; removed: service cart; changed: objective of SLO slow (99.9% to 99%)". Returns false if they
 * do not differ.
 */
bool config_changes(const json_t *before, const json_t *now, char ret[static CONFIG_CHANGES_BYTES]);

#endif
