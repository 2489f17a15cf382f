/* SPDX-License-Identifier: GPL-2.0-only */
/* The two halves of a check: what each key may hold, and what fits together. */
#ifndef SLIPROBE_USER_CONFIG_SCHEMA_H
#define SLIPROBE_USER_CONFIG_SCHEMA_H

#include "config_yaml.h"

/*
 * Fills *config (zeroed by the caller, who clears it after failure, too) from an opened document.
 * Returns 0, -ENOMEM, or -EINVAL with walk->error written; so does config_check().
 */
int config_read(struct walk *walk, struct config *config);

/* Checks what concerns several keys, and adds warnings. */
int config_check(struct walk *walk, struct config *config);

#endif
