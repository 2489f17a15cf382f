/* SPDX-License-Identifier: GPL-2.0-only */
/* The configured SLOs as OpenSLO v1, as config/openslo reads it. */
#ifndef SLIPROBE_EXPORT_OPENSLO_H
#define SLIPROBE_EXPORT_OPENSLO_H

#include <stdio.h>

#include "config/config.h"

/* Returns 0, -ENOMEM or -EIO. */
int openslo_write(const struct config *config, FILE *file);

#endif
