/* SPDX-License-Identifier: GPL-2.0-only */
/* Plans a change: what stays, begins and ends, and all that the kernel needs for it. */
#ifndef SLIPROBE_APPLY_PLAN_H
#define SLIPROBE_APPLY_PLAN_H

#include "apply/change.h"
#include "base/error.h"

/*
 * Plans to put `config` in force, in the region that is free. On failure, which is -errno and a
 * sentence, the former one stays in force. *ret ends with change_commit() or change_drop().
 */
int change_plan(struct applied *applied, const struct policies_in_use *in_use,
		const struct tables_region *region, struct config *config, struct change *ret,
		struct error *ret_error);

#endif
