/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels and architectures, all of them but reading by type (kernel/cast).
 *
 * Hooks: `sock_send_length` and `sock_recv_length` are tracepoints since 6.3 (commit 6e6eda44b939);
 * before, the programs hang on the exit of tcp_sendmsg() and tcp_recvmsg(), and of tcp_sendpage(),
 * which carried sendfile and splice until 6.5 (commit dc97391e6610 removed it).
 *
 * Loops: before 6.7 (commit ab5cfac139ab) the verifier follows a bpf_loop() callback as if it ran
 * once, and removes code that the values it knows then never reach. So a callback's context on the stack
 * holds pointers and inputs only; a value that changes from one turn to the next lives in a map.
 *
 * Stacks: a chain of calls may take 512 bytes, and 6.1 counts each frame in steps of 32. So a function
 * that has much on its stack is not inlined where the chain goes on.
 */
#ifndef SLIPROBE_KERNEL_COMPAT_BPF_H
#define SLIPROBE_KERNEL_COMPAT_BPF_H

#include "kernel/helpers.bpf.h"

/* include/linux/socket.h */
enum {
	MSG_OOB = 0x1,
	MSG_PEEK = 0x2,
	MSG_TRUNC = 0x20,
	MSG_ERRQUEUE = 0x2000,
};

/* <net/sock.h> of the kernel, since 6.0 (commit 2a0133723f9e): a BPF program may carry the socket's bytes past TCP */
enum {
	SK_USER_DATA_PSOCK = 4,
};

/* include/linux/sched.h */
enum {
	PF_IO_WORKER = 0x10,
	PF_KTHREAD = 0x200000,
};

enum {
	AF_INET = 2,
	AF_INET6 = 10,
	RCV_SHUTDOWN = 1,
	SEND_SHUTDOWN = 2,
	EPIPE = 32,
	ECONNABORTED = 103,
	IPPROTO_MPTCP = 262,
};

/* Stores the value, which other processors see after all stores before this one. */
static __always_inline void store_release(__u32 *at, __u32 value)
{
#if defined(__TARGET_ARCH_x86)
	/* stores are seen in order */
	asm volatile("" ::: "memory");
	*(volatile __u32 *)at = value;
#else
	__u32 known = *at;

	__sync_val_compare_and_swap(at, known, value);
#endif
}

#if defined(__TARGET_ARCH_x86)

enum {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_READV = 19,
	NR_WRITEV = 20,
	NR_SENDTO = 44,
	NR_RECVFROM = 45,
	NR_SENDMSG = 46,
	NR_RECVMSG = 47,
	NR_RECVMMSG = 299,
	NR_SENDMMSG = 307,
	NR_PREADV2 = 327,
	NR_PWRITEV2 = 328,
	NR_IO_URING_ENTER = 426,
};

#define REGS_NR(regs) ((regs)->orig_ax)
#define REGS_ARG0(regs) ((regs)->di)
#define REGS_ARG1(regs) ((regs)->si)
#define REGS_ARG2(regs) ((regs)->dx)
#define REGS_SP(regs) ((regs)->sp)
/* of a function, by the System V ABI */
#define FUNC_ARG0(regs) ((regs)->di)
#define FUNC_ARG1(regs) ((regs)->si)
#define FUNC_ARG2(regs) ((regs)->dx)
#define FUNC_ARG3(regs) ((regs)->cx)
#define FUNC_ARG4(regs) ((regs)->r8)
#define FUNC_RESULT(regs) ((regs)->ax)

/* Go's ABIInternal: arguments and results in registers, and the goroutine in one of its own. */
#define GO_ARG0(regs) ((regs)->ax)
#define GO_ARG1(regs) ((regs)->bx)
#define GO_ARG2(regs) ((regs)->cx)
#define GO_RESULT(regs) ((regs)->ax)
#define GO_G(regs) ((regs)->r14)

/* TS_COMPAT of arch/x86/include/asm/thread_info.h: a 32-bit system call */
static __always_inline bool task_is_compat(struct task_struct *task)
{
	return task->thread_info.status & 2;
}

#elif defined(__TARGET_ARCH_arm64)

enum {
	NR_READ = 63,
	NR_WRITE = 64,
	NR_READV = 65,
	NR_WRITEV = 66,
	NR_SENDTO = 206,
	NR_RECVFROM = 207,
	NR_SENDMSG = 211,
	NR_RECVMSG = 212,
	NR_RECVMMSG = 243,
	NR_SENDMMSG = 269,
	NR_PREADV2 = 286,
	NR_PWRITEV2 = 287,
	NR_IO_URING_ENTER = 426,
};

#define REGS_NR(regs) ((regs)->syscallno)
#define REGS_ARG0(regs) ((regs)->orig_x0)
#define REGS_ARG1(regs) ((regs)->regs[1])
#define REGS_ARG2(regs) ((regs)->regs[2])
#define REGS_SP(regs) ((regs)->sp)
#define FUNC_ARG0(regs) ((regs)->regs[0])
#define FUNC_ARG1(regs) ((regs)->regs[1])
#define FUNC_ARG2(regs) ((regs)->regs[2])
#define FUNC_ARG3(regs) ((regs)->regs[3])
#define FUNC_ARG4(regs) ((regs)->regs[4])
#define FUNC_RESULT(regs) ((regs)->regs[0])

#define GO_ARG0(regs) ((regs)->regs[0])
#define GO_ARG1(regs) ((regs)->regs[1])
#define GO_ARG2(regs) ((regs)->regs[2])
#define GO_RESULT(regs) ((regs)->regs[0])
#define GO_G(regs) ((regs)->regs[28])

/* TIF_32BIT of arch/arm64/include/asm/thread_info.h */
static __always_inline bool task_is_compat(struct task_struct *task)
{
	return task->thread_info.flags >> 22 & 1;
}

#endif

/* Layouts of the system call interface (64-bit). */
struct user_iovec {
	__u64 base;
	__u64 len;
};

struct user_msg {
	__u64 name;
	__u32 namelen;
	__u32 pad;
	__u64 iov;
	__u64 iovlen;
	__u64 control;
	__u64 controllen;
	__u32 flags;
	__u32 pad2;
};

struct user_mmsg {
	struct user_msg msg;
	__u32 len;
	__u32 pad;
};

#endif
