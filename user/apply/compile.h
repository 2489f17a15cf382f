/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiles a configuration into the tables the kernel programs judge by (kernel/tables). Pure: the
 * numbers that must last beyond one configuration (ids, slots, offsets) come from the caller.
 */
#ifndef SLIPROBE_APPLY_COMPILE_H
#define SLIPROBE_APPLY_COMPILE_H

#include <stddef.h>

#include "abi.h"
#include "apply/tables_input.h"
#include "base/error.h"
#include "config/config.h"
#include "kernel/tables.h"

/*
 * Lists the SLOs to count, in configured order, "*" once for each configured service and once for
 * the found ones; criteria and counts are left 0. Returns 0 or -ENOMEM.
 */
int tables_slos(const struct config *config, struct tables_slo **ret, size_t *ret_n);

/* The kernel's form of an SLO's `good`. */
struct slo_criteria tables_criteria(const struct config_slo *slo);

/*
 * Compiles for a region; NULL: for one without limits at the start of the maps, to find out the need.
 * *ret_need is the room it takes, also if there is too little. Returns 0; -ENOMEM; -E2BIG if the
 * region is too small; -ENOSPC if ids have run out; -EINVAL and a sentence for a configuration that
 * cannot be compiled.
 */
int tables_compile(const struct config *config, const struct tables_slo *slos, size_t n_slos,
		   const struct tables_region *region, const struct tables_ids *ids,
		   struct tables *ret, struct tables_region *ret_need, struct error *ret_error);

void tables_clear(struct tables *tables);

#endif
