/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of TLS libraries that a thread is in. Entries without exits occur: a probe is attached or taken away
 * while a call is under way, a call is left by longjmp(), a thread switches stacks. So there is no depth to count: a
 * call lasts until its return site is met, or the thread's stack has gone back to where it was entered.
 */
#ifndef SLIPROBE_HOOK_TLS_CALL_BPF_H
#define SLIPROBE_HOOK_TLS_CALL_BPF_H

#include "abi/tls.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"

enum {
	TLS_ENTERED_MAX = 4, /* TLS in TLS nests calls */
	TLS_STACK_NEAR = 1 << 20, /* so close, two places are on one stack */
};

/* A call as it was entered: its arguments, whatever the ABI. */
struct tls_entered {
	__u64 sp; /* of the stack; 0: there is no such call */
	__u64 object;
	__u64 buffer;
	__u64 size;
	__u64 count_at; /* where the number of bytes will be; 0: the result tells it */
	__u64 nested; /* cookie of the last socket that an operation inside of it was on; 0: none */
	__u16 profile;
	__u8 call; /* enum tls_call */
	__u8 behind; /* of Go: its connection had been asked before, and nobody had told that */
	__u8 pad[4];
};

struct tls_entereds {
	struct tls_entered at[TLS_ENTERED_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tls_entereds);
} tls_entereds SEC(".maps");

/* What a socket operation is part of. */
enum tls_nested {
	TLS_NESTED_NONE, /* no call of a library that is probed */
	TLS_NESTED_READ,
	TLS_NESTED_WRITE,
};

static __always_inline bool tls_call_writes(__u32 call)
{
	return call == TLS_CALL_WRITE || call == TLS_CALL_WRITE_AT ||
	       call == TLS_CALL_WRITE_FLAGS_AT || call == TLS_CALL_GO_WRITE;
}

/* ---- entering and leaving ---- */

/* A thread that is at `sp` has left it. */
static __always_inline bool tls_entered_is_stale(const struct tls_entered *entered, __u64 sp)
{
	return sp >= entered->sp && sp - entered->sp < TLS_STACK_NEAR;
}

/* Remembers the call. Where all places are taken, it takes that of the outermost call. */
static __always_inline void tls_enter_into(struct tls_entereds *entereds,
					   const struct tls_entered *call)
{
	struct tls_entered *place = &entereds->at[0];
	__u64 highest = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < TLS_ENTERED_MAX; i++) {
		struct tls_entered *entered = &entereds->at[i];
		__u64 at = entered->sp;

		if (tls_entered_is_stale(entered, call->sp))
			entered->sp = at = 0;
		if (!at)
			at = ~0ULL;
		if (at > highest) {
			highest = at;
			place = entered;
		}
	}
	*place = *call;
}

/* The innermost call of those that a thread is in that is at `sp`; NULL: it is in none. */
static __always_inline struct tls_entered *tls_innermost(struct tls_entereds *entereds, __u64 sp)
{
	struct tls_entered *found = NULL;
	__u64 lowest = ~0ULL;

#pragma clang loop unroll(full)
	for (int i = 0; i < TLS_ENTERED_MAX; i++) {
		__u64 at = entereds->at[i].sp;

		if (at >= sp && at < lowest) {
			lowest = at;
			found = &entereds->at[i];
		}
	}
	return found;
}

/*
 * The thread is at a return site of the function `call` of a file of `profile`, which it has entered with its stack
 * at `sp`: ends that call. Returns it, as it is until the thread's next one; NULL: its entry was not seen.
 */
static __always_inline struct tls_entered *tls_leave_from(struct tls_entereds *entereds, __u64 sp,
							  __u32 call, __u32 profile)
{
	struct tls_entered *entered = tls_innermost(entereds, sp);

	if (!entered || entered->sp != sp || entered->call != call || entered->profile != profile)
		return NULL;
	entered->sp = 0;
	return entered;
}

/* ---- for hooks on sockets ---- */

/*
 * An operation of the current thread on the socket of that cookie has just finished: notes it with the innermost call
 * that the thread is in, and returns the enum tls_nested of that. Not inlined: its stack is not its callers'.
 */
static __noinline __u32 tls_nested(__u64 cookie)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_entereds *entereds = bpf_task_storage_get(&tls_entereds, task, NULL, 0);
	struct tls_entered *entered;
	struct pt_regs *regs;

	if (!entereds)
		return TLS_NESTED_NONE;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	entered = tls_innermost(entereds, REGS_SP(regs));
	if (!entered)
		return TLS_NESTED_NONE;
	entered->nested = cookie;
	return tls_call_writes(entered->call) ? TLS_NESTED_WRITE : TLS_NESTED_READ;
}

_Static_assert(sizeof(struct tls_entered) == 56, "tls_entered has no holes");

#endif
