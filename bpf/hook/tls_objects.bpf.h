/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects of libraries whose sockets were found: a cache. */
#ifndef SLIPROBE_HOOK_TLS_OBJECTS_BPF_H
#define SLIPROBE_HOOK_TLS_OBJECTS_BPF_H

#include "abi/tls.h"
#include "kernel/helpers.bpf.h"

/* What is evicted is found again, but for what a nested operation has shown. It is made with TLS_OBJECTS_MAX entries. */
struct tls_objects_made {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct tls_object_key));
	__uint(value_size, sizeof(struct tls_object));
};

/* Who attaches makes the cache, with the first file that is probed: a host without TLS has none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct tls_objects_made);
} tls_objects SEC(".maps");

static __always_inline void *tls_objects_made(void)
{
	const __u32 only = 0;

	return bpf_map_lookup_elem(&tls_objects, &only);
}

#endif
