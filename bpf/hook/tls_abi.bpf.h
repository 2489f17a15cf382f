/* SPDX-License-Identifier: GPL-2.0-only */
/* Probes on functions of C libraries: what the registers say at their entries and return sites. */
#ifndef SLIPROBE_HOOK_TLS_ABI_BPF_H
#define SLIPROBE_HOOK_TLS_ABI_BPF_H

#include "abi/tls.h"
#include "hook/tls_bind.bpf.h"
#include "hook/tls_call.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

/* What a probe's cookie says. */
static __always_inline __u32 tls_cookie_profile(__u64 cookie)
{
	return cookie & 0xffff;
}

static __always_inline __u32 tls_cookie_call(__u64 cookie)
{
	return cookie >> TLS_COOKIE_CALL & 0xff;
}

static __always_inline __s64 tls_cookie_stack(__u64 cookie)
{
	return (__s32)(cookie >> TLS_COOKIE_STACK);
}

static __always_inline int tls_c_entry(struct pt_regs *regs, __u64 cookie)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_entereds *entereds =
		bpf_task_storage_get(&tls_entereds, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct tls_entered call = {
		.sp = REGS_SP(regs),
		.object = FUNC_ARG0(regs),
		.buffer = FUNC_ARG1(regs),
		.size = FUNC_ARG2(regs),
		.profile = tls_cookie_profile(cookie),
		.call = tls_cookie_call(cookie),
	};

	/* each is loaded by itself: the verifier knows no register at a computed place */
	__u64 fourth = FUNC_ARG3(regs), fifth = FUNC_ARG4(regs);

	barrier_var(fourth);
	barrier_var(fifth);
	if (!entereds)
		return 0;
	if (call.call == TLS_CALL_READ_AT || call.call == TLS_CALL_WRITE_AT)
		call.count_at = fourth;
	else if (call.call == TLS_CALL_WRITE_FLAGS_AT)
		call.count_at = fifth;
	else
		call.size = (__u32)call.size; /* an int: the rest of the register may be anything */
	tls_enter_into(entereds, &call);
	return 0;
}

/* The number of bytes that the call has read or written; 0: none. */
static __always_inline __u64 tls_result(const struct tls_entered *call, struct pt_regs *regs)
{
	__s32 result = FUNC_RESULT(regs);
	__u64 n = 0;

	if (result <= 0)
		return 0;
	if (!call->count_at)
		return result;
	if (bpf_probe_read_user(&n, sizeof(n), (void *)call->count_at))
		return 0;
	return n <= call->size ? n : 0;
}

/* A call that has ended, whatever the ABI. */
struct tls_ended {
	struct tls_entered *call; /* NULL: its entry was not seen */
	__u64 cookie; /* of its connection's socket; 0: it is of none that is measured */
	__u64 n; /* bytes that it has read or written; 0: it has failed, or is at an end */
};

static __always_inline void tls_c_exit(struct pt_regs *regs, __u64 cookie, struct tls_ended *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_entereds *entereds = bpf_task_storage_get(&tls_entereds, task, NULL, 0);
	__u32 profile_at = tls_cookie_profile(cookie);
	struct tls_profile *profile;
	struct tls_entered *call;

	if (!entereds)
		return;
	call = tls_leave_from(entereds, REGS_SP(regs) + tls_cookie_stack(cookie),
			      tls_cookie_call(cookie), profile_at);
	if (!call)
		return;
	ret->call = call;
	ret->n = tls_result(call, regs);
	profile = ret->n || tls_call_writes(call->call) ?
			  bpf_map_lookup_elem(&tls_profiles, &profile_at) :
			  NULL;
	if (profile)
		ret->cookie = tls_bind(call, profile);
}

#endif
