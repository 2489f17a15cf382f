/* SPDX-License-Identifier: GPL-2.0-only */
/* State of each TCP connection; freed with its socket. */
#ifndef SLIPROBE_HOOK_CONNS_BPF_H
#define SLIPROBE_HOOK_CONNS_BPF_H

#include "kernel/conn.bpf.h"
#include "kernel/helpers.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct conn);
} conns SEC(".maps");

#endif
