/* SPDX-License-Identifier: GPL-2.0-only */
/* Listeners whose connections cannot be measured, and why. */
#ifndef SLIPROBE_WHO_UNMEASURED_BPF_H
#define SLIPROBE_WHO_UNMEASURED_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/work.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNMEASURED_MAX);
	__type(key, struct unmeasured_key);
	__type(value, __u64);
} unmeasured SEC(".maps");

/* Notes that connections of a listener (work->endpoint_key) cannot be measured: blind_reason. */
__noinline int unmeasured_note(struct who_work *work, __u32 reason)
{
	if (!work)
		return 0;

	struct unmeasured_key key = {.endpoint = work->endpoint_key, .reason = reason};
	__u64 *count = bpf_map_lookup_elem(&unmeasured, &key);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&unmeasured, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&unmeasured, &key);
	}
	if (count)
		counter_add(count, 1, WRITER_SHARED);
	else
		stat_error(KERR_BLIND_FULL);
	return 0;
}

#endif
