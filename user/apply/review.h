/* SPDX-License-Identifier: GPL-2.0-only */
/* Reviews the places: which are still used, by what is in force and by open requests. */
#ifndef SLIPROBE_APPLY_REVIEW_H
#define SLIPROBE_APPLY_REVIEW_H

#include <linux/types.h>

#include "abi.h"
#include "apply/applied.h"
#include "kernel/policies_in_use.h"

/*
 * Frees the policies that are neither in use nor live, and finds the slots and bases that the others
 * refer to.
 */
void places_review(struct applied *applied, const struct policies_in_use *in_use);

/* Reads the kernel's policy of that number. Returns 0 or -errno. */
typedef int (*policy_read_fn)(void *context, __u32 number, struct policy *ret);

/* Finds what the policies that are in use or live refer to. Returns 0 or -errno. */
int places_restore(struct applied *applied, const struct policies_in_use *in_use,
		   policy_read_fn read_policy, void *context);

#endif
