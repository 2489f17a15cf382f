/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration in force, as far as several layers read it. The agent writes it. */
#ifndef SLIPROBE_KERNEL_POLICY_BPF_H
#define SLIPROBE_KERNEL_POLICY_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

struct sample_settings sample_settings; /* set while the programs run */
__u32 live_generation; /* its slot in `live` is this modulo LIVE_SLOTS; 0: not configured yet */

/* An entry in use is never changed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POLICIES_MAX);
	__type(key, __u32);
	__type(value, struct policy);
} policies SEC(".maps");

static __always_inline struct policy *policy_find(__u32 index)
{
	return bpf_map_lookup_elem(&policies, &index);
}

#endif
