/* SPDX-License-Identifier: GPL-2.0-only */
/* SLOs that every found service has: their wildcards, and the tracks made from them. */
#ifndef SLIPROBE_APPLY_FOUND_H
#define SLIPROBE_APPLY_FOUND_H

#include "apply/change.h"
#include "base/error.h"

/* Plans the wildcard of an SLO for service "*". Returns 0, or -errno and a sentence. */
int change_add_wildcard(struct change *change, struct tables_slo *slo, struct error *ret_error);

#endif
