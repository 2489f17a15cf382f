/* SPDX-License-Identifier: GPL-2.0-only */
/* The configured SLOs as OpenSLO v1, as config/openslo reads it. */
#ifndef SLIPROBE_EXPORT_OPENSLO_H
#define SLIPROBE_EXPORT_OPENSLO_H

#include <stdio.h>

#include "config/config.h"

/*
 * Gives fn a sentence on each URL that may be a secret, and is not written: what is exported goes into
 * repositories. Returns how many there are, or how many until fn returned other than 0.
 */
size_t openslo_left_out(const struct config *config, int (*fn)(void *context, const char *sentence),
			void *context);

/* Returns 0, -ENOMEM or -EIO. */
int openslo_write(const struct config *config, FILE *file);

#endif
