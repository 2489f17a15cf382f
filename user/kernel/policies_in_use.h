/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the kernel's policies connections are judged by, as a sweep has found it. */
#ifndef SLIPROBE_KERNEL_POLICIES_IN_USE_H
#define SLIPROBE_KERNEL_POLICIES_IN_USE_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi.h"

struct policies_in_use {
	__u64 words[POLICIES_MAX / 64]; /* a bit for each policy number */
};

static inline void policies_in_use_add(struct policies_in_use *in_use, __u32 policy)
{
	in_use->words[policy / 64] |= 1ULL << (policy % 64);
}

static inline bool policies_in_use_has(const struct policies_in_use *in_use, __u32 policy)
{
	return policy < POLICIES_MAX && in_use->words[policy / 64] >> (policy % 64) & 1;
}

#endif
