/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs on user functions that count how often they run, by the call that the cookie names. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "abi/tls.h"

char LICENSE[] SEC("license") = "GPL";

__u64 enters[TLS_CALLS], exits[TLS_CALLS];
__u32 last_profile;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_PROFILES_MAX);
	__type(key, __u32);
	__type(value, struct tls_profile);
} tls_profiles SEC(".maps");

struct objects {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct tls_object_key));
	__uint(value_size, sizeof(struct tls_object));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct objects);
} tls_objects SEC(".maps");

SEC("uprobe")
int tls_enter(struct pt_regs *ctx)
{
	const __u64 cookie = bpf_get_attach_cookie(ctx);

	last_profile = cookie & 0xffff;
	__sync_fetch_and_add(&enters[cookie >> TLS_COOKIE_CALL & 7], 1);
	return 0;
}

SEC("uprobe")
int tls_return(struct pt_regs *ctx)
{
	const __u64 cookie = bpf_get_attach_cookie(ctx);

	__sync_fetch_and_add(&exits[cookie >> TLS_COOKIE_CALL & 7], 1);
	return 0;
}
