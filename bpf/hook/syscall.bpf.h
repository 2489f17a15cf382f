/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the bytes of a finished socket operation are in the process's memory, by the registers of the
 * system call it is in.
 */
#ifndef SLIPROBE_HOOK_SYSCALL_BPF_H
#define SLIPROBE_HOOK_SYSCALL_BPF_H

#include "abi.h"
#include "kernel/cast.bpf.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "stream/io.bpf.h"

__u32 mmsg_seen; /* some process uses sendmmsg or recvmmsg on TCP */

enum source {
	SOURCE_FOUND,
	SOURCE_OPAQUE, /* no payload in user memory: sendfile, splice */
	SOURCE_IO_URING,
	SOURCE_COMPAT, /* a 32-bit process */
};

enum {
	MMSGS_MAX = 4096,
};

struct mmsg {
	__u64 vector; /* user address of the mmsghdr array */
	__u32 next; /* message the next operation of this call is for */
	__u32 last_len; /* what the kernel will have written to the message before */
};

/* Progress of sendmmsg and recvmmsg calls, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MMSGS_MAX);
	__type(key, __u32);
	__type(value, struct mmsg);
} mmsgs SEC(".maps");

/* Addresses are kept here for the verifier, which takes what is read back for numbers: that of a `void *` would not move
 * whatever is added to it (since 6.17, commit 2d5c91e1cc14). */
struct call {
	__u64 stack; /* address of the task's */
	__u64 regs; /* likewise, of the system call's registers */
	__u64 regs_offset; /* of the registers in the stack of any task; 0: not known yet */
};

/*
 * Which message of a sendmmsg() or recvmmsg() this operation is for. The socket hooks fire once a
 * message, so the thread's progress is kept between them. It belongs to this call if the kernel has
 * stored the length of the message before this one.
 */
__noinline __u32 mmsg_index(__u64 vector, __u32 length)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct mmsg *known = bpf_map_lookup_elem(&mmsgs, &tid);
	struct mmsg mmsg = {.vector = vector, .next = 1, .last_len = length};
	__u32 index = 0;

	mmsg_seen = 1;
	if (known && known->vector == vector) {
		__u32 stored = 0;

		index = known->next;
		if (bpf_probe_read_user(&stored, sizeof(stored),
					(void *)(vector + (index - 1) * sizeof(struct user_mmsg) +
						 __builtin_offsetof(struct user_mmsg, len))) ||
		    stored != known->last_len)
			index = 0;
		mmsg.next = index + 1;
	}
	if (bpf_map_update_elem(&mmsgs, &tid, &mmsg, BPF_ANY))
		stat_error(KERR_MMSG);
	return index;
}

/* An operation that failed ends a sendmmsg() or recvmmsg() call. */
static __always_inline void syscall_failed(void)
{
	__u32 tid;

	if (!mmsg_seen)
		return;
	tid = (__u32)bpf_get_current_pid_tgid();
	bpf_map_delete_elem(&mmsgs, &tid);
}

/*
 * True if the system call that the task is in is on this socket. When a task uses io_uring, any of its
 * system calls may complete other operations at its end: the registers then belong to none of these.
 */
static __always_inline bool syscall_is_on(struct task_struct *task, struct pt_regs *regs,
					  struct sock *sk)
{
	__u32 fd = REGS_ARG0(regs);
	struct socket *socket;
	struct file *file = NULL;
	struct file **files;

	if (fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return false;
	files = BPF_CORE_READ(task, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	if (!file)
		return false;
	socket = BPF_CORE_READ(file, private_data);
	return socket && BPF_CORE_READ(socket, sk) == sk;
}

/*
 * The registers of the system call that the task is in. Their offset is one for the stacks of all tasks:
 * once it is known, no helper has to be called.
 */
static __always_inline struct pt_regs *syscall_regs(struct task_struct *task, struct call *call)
{
	if (!can_cast)
		return (struct pt_regs *)bpf_task_pt_regs(task);
	call->stack = (__u64)task->stack;
	if (!call->regs_offset)
		call->regs = (__u64)bpf_task_pt_regs(task);
	barrier(); /* numbers from here on: see struct call */
	if (!call->regs_offset)
		call->regs_offset = call->regs - call->stack;
	return bpf_rdonly_cast((void *)(call->stack + call->regs_offset),
			       bpf_core_type_id_kernel(struct pt_regs));
}

/* True in a sendmmsg() or recvmmsg(), whose operations mmsg_index() counts. */
static __always_inline bool syscall_is_mmsg(struct call *call)
{
	long nr = REGS_NR(syscall_regs(bpf_get_current_task_btf(), call));

	return nr == NR_SENDMMSG || nr == NR_RECVMMSG;
}

/* sendmsg() and the like: `header` is its second argument. */
static __noinline int syscall_msg(struct io *io, __u64 header, __u32 nr, __u32 length)
{
	struct user_msg msg;

	if (!io)
		return SOURCE_OPAQUE;
	if (nr == NR_SENDMMSG || nr == NR_RECVMMSG)
		header += mmsg_index(header, length) * sizeof(struct user_mmsg);
	else if (nr != NR_SENDMSG && nr != NR_RECVMSG)
		return SOURCE_OPAQUE;
	if (bpf_probe_read_user(&msg, sizeof(msg), (void *)header)) {
		stat_error(KERR_MSG_READ);
		return SOURCE_OPAQUE;
	}
	io->iov = msg.iov;
	io->iov_left = msg.iovlen;
	io->control = msg.controllen ? msg.control : 0;
	return SOURCE_FOUND;
}

/* Finds the `length` bytes of the operation on the socket that the current task has just finished. */
static __always_inline int syscall_source(struct io *io, struct call *call, struct sock *sk,
					  __u32 length)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = syscall_regs(task, call);
	__u32 flags = task->flags;
	long nr;

	io->left = length;
	io->segment_left = 0;
	io->iov_left = 0;
	io->control = 0;
	io->piece.pos = 0;
	io->piece.len = 0;
	if (flags & (PF_IO_WORKER | PF_KTHREAD))
		return flags & PF_IO_WORKER ? SOURCE_IO_URING : SOURCE_OPAQUE;
	if (task_is_compat(task))
		return SOURCE_COMPAT;
	nr = REGS_NR(regs);
	if (bpf_core_field_exists(task->io_uring) && task->io_uring &&
	    (nr == NR_IO_URING_ENTER || !syscall_is_on(task, regs, sk)))
		return SOURCE_IO_URING;
	if (nr == NR_READ || nr == NR_WRITE || nr == NR_RECVFROM || nr == NR_SENDTO) {
		io->segment = REGS_ARG1(regs);
		io->segment_left = length;
		return SOURCE_FOUND;
	}
	if (nr == NR_READV || nr == NR_WRITEV || nr == NR_PREADV2 || nr == NR_PWRITEV2) {
		io->iov = REGS_ARG1(regs);
		io->iov_left = REGS_ARG2(regs);
		return SOURCE_FOUND;
	}
	return syscall_msg(io, REGS_ARG1(regs), nr, length);
}

#endif
