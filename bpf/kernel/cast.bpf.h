/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading kernel memory by its type without a helper, where the kernel allows it. */
#ifndef SLIPROBE_KERNEL_CAST_BPF_H
#define SLIPROBE_KERNEL_CAST_BPF_H

#include "kernel/helpers.bpf.h"

/* since 6.2 (commit a35b9af4ec2c); set before loading */
const volatile bool can_cast;
extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) __ksym __weak;

#endif
