/* SPDX-License-Identifier: GPL-2.0-only */
/* The configured SLOs as OpenSLO v1, as user/openslo.h reads it. */
#ifndef SLIPROBE_USER_OPENSLO_EXPORT_H
#define SLIPROBE_USER_OPENSLO_EXPORT_H

#include <stdio.h>
#include "config.h"

/* Returns 0, -ENOMEM or -EIO. */
int openslo_write(const struct config *config, FILE *file);

#endif
