/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiles a configuration into the tables the kernel programs judge by (kernel/tables). Pure: the
 * numbers that must last beyond one configuration (ids, slots, offsets) come from the caller.
 */
#ifndef SLIPROBE_APPLY_COMPILE_H
#define SLIPROBE_APPLY_COMPILE_H

#include <linux/types.h>

#include "abi.h"
#include "base/error.h"
#include "config/config.h"
#include "kernel/tables.h"

/* One SLO as it is counted: a configured SLO of one service, or of every found one. */
struct tables_slo {
	size_t config_slo; /* index in config->slos */
	size_t config_service; /* index in config->services, or TABLES_FOUND */
	__u32 criteria; /* slot the caller chose */
	__u32 counts;
};

#define TABLES_FOUND ((size_t)-1)

/* Numbers that outlive a configuration. Return a number > 0, or 0 when there are no more. */
struct tables_ids {
	__u32 (*service)(void *context, const char *name);
	__u32 (*route)(void *context, const char *route);
	void *context;
};

/*
 * Lists the SLOs to count, in configured order, "*" once for each configured service and once for
 * the found ones; criteria and counts are left 0. Returns 0 or -ENOMEM.
 */
int tables_slos(const struct config *config, struct tables_slo **ret, size_t *ret_n);

/* The kernel's form of an SLO's `good`. */
struct slo_criteria tables_criteria(const struct config_slo *slo);

/*
 * Returns 0; -ENOMEM; -E2BIG if the region is too small (`ret_need` says what it would take, and is
 * set in success too); -ENOSPC if ids have run out; -EINVAL with a sentence in ret_error for what
 * cannot be compiled. `region` may be NULL: no limit, offsets 0, to find out the need.
 */
int tables_compile(const struct config *config, const struct tables_slo *slos, size_t n_slos,
		   const struct tables_region *region, const struct tables_ids *ids,
		   struct tables *ret, struct tables_region *ret_need, struct error *ret_error);

void tables_clear(struct tables *tables);

#endif
