/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side: hooks, each a few lines over one handler. The agent loads one of the two families:
 * tp_* or fexit_*. Those on functions of TLS libraries, tls_*, are attached to files by the helper.
 */
#include "hook/exit.bpf.h"
#include "hook/forget.bpf.h"
#include "hook/http2.bpf.h"
#include "hook/scratch.bpf.h"
#include "hook/sweep.bpf.h"
#include "hook/tcp.bpf.h"
#include "hook/tcp_close.bpf.h"
#include "hook/tcp_time.bpf.h"
#include "hook/tls_http2.bpf.h"
#include "hook/tls_kernel.bpf.h"
#include "hook/tls_kernel_exits.bpf.h"
#include "hook/tls_kernel_http2.bpf.h"
#include "hook/tls_listeners.bpf.h"
#include "hook/tls_probe.bpf.h"
#include "kernel/helpers.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sock_send_length")
int BPF_PROG(tp_send, struct sock *sk, int ret, int flags)
{
	int left = tcp_sent(sk, ret, SENT_BYTES, WRITER_SEND);

	if (left == TCP_FRAMES)
		bpf_tail_call(ctx, &http2_sent, 0);
	else if (left == TCP_PLAINTEXT)
		bpf_tail_call(ctx, &tls_kernel_sent, 0);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(tp_recv, struct sock *sk, int ret, int flags)
{
	int left = tcp_received(sk, ret, flags);

	if (left == TCP_FRAMES)
		bpf_tail_call(ctx, &http2_received, 0);
	else if (left == TCP_PLAINTEXT)
		bpf_tail_call(ctx, &tls_kernel_received, 0);
	return 0;
}

/* The next six go on for them. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(tp_send_http2, struct sock *sk, int ret, int flags)
{
	return http2_sends(sk, ret, SENT_BYTES, WRITER_SEND);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(tp_recv_http2, struct sock *sk, int ret, int flags)
{
	return http2_receives(sk, ret, flags);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(tp_send_kernel, struct sock *sk, int ret, int flags)
{
	if (tls_kernel_writes(sk, scratch_of(SLOT_SEND), ret) == TCP_FRAMES)
		bpf_tail_call(ctx, &tls_frames_sent, 0);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(tp_recv_kernel, struct sock *sk, int ret, int flags)
{
	if (tls_kernel_reads(sk, scratch_of(SLOT_RECV), ret, flags) == TCP_FRAMES)
		bpf_tail_call(ctx, &tls_frames_received, 0);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(tp_send_frames, struct sock *sk, int ret, int flags)
{
	if (tls_kernel_writes_frames(sk, scratch_of(SLOT_SEND)) == TCP_PLAINTEXT)
		bpf_tail_call(ctx, &tls_kernel_sent, 0);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(tp_recv_frames, struct sock *sk, int ret, int flags)
{
	return tls_kernel_reads_frames(sk, scratch_of(SLOT_RECV));
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(fexit_send, struct sock *sk, struct msghdr *msg, unsigned long size, int ret)
{
	if (tcp_sent(sk, ret, SENT_BYTES, WRITER_SEND) == TCP_FRAMES)
		bpf_tail_call(ctx, &http2_sent, 0);
	return 0;
}

SEC("fexit/tcp_sendpage")
int BPF_PROG(fexit_sendpage, struct sock *sk, struct page *page, int offset, unsigned long size,
	     int flags, int ret)
{
	if (tcp_sent(sk, ret, SENT_PAGES, WRITER_SHARED) == TCP_FRAMES)
		bpf_tail_call(ctx, &http2_sent_pages, 0);
	return 0;
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(fexit_recv, struct sock *sk, struct msghdr *msg, unsigned long len, int flags,
	     int *addr_len, int ret)
{
	if (tcp_received(sk, ret, flags) == TCP_FRAMES)
		bpf_tail_call(ctx, &http2_received, 0);
	return 0;
}

/* The next three go on for them. */
SEC("fexit/tcp_sendmsg")
int BPF_PROG(fexit_send_http2, struct sock *sk, struct msghdr *msg, unsigned long size, int ret)
{
	return http2_sends(sk, ret, SENT_BYTES, WRITER_SEND);
}

SEC("fexit/tcp_sendpage")
int BPF_PROG(fexit_sendpage_http2, struct sock *sk, struct page *page, int offset,
	     unsigned long size, int flags, int ret)
{
	return http2_sends(sk, ret, SENT_PAGES, WRITER_SHARED);
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(fexit_recv_http2, struct sock *sk, struct msghdr *msg, unsigned long len, int flags,
	     int *addr_len, int ret)
{
	return http2_receives(sk, ret, flags);
}

/*
 * TLS in the kernel has functions of its own in the place of those. They may be a module's: a program there that asks
 * for a socket's storage panics Linux 6.1 when it is loaded (bpf_sk_storage_tracing_allowed() takes its function for
 * one of the kernel itself). So it goes on with one that is loaded for the function of TCP, which has the same
 * arguments, and is attached to nothing.
 */
SEC("fexit/tls_sw_sendmsg")
int BPF_PROG(fexit_tls_send)
{
	bpf_tail_call(ctx, &tls_kernel_sent, 0);
	return 0;
}

SEC("fexit/tls_sw_sendpage")
int BPF_PROG(fexit_tls_sendpage)
{
	bpf_tail_call(ctx, &tls_kernel_paged, 0);
	return 0;
}

SEC("fexit/tls_sw_recvmsg")
int BPF_PROG(fexit_tls_recv)
{
	bpf_tail_call(ctx, &tls_kernel_received, 0);
	return 0;
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(fexit_send_kernel, struct sock *sk, struct msghdr *msg, unsigned long size, int ret)
{
	if (tls_kernel_has_sent(sk, ret) == TCP_FRAMES)
		bpf_tail_call(ctx, &tls_frames_sent, 0);
	return 0;
}

SEC("fexit/tcp_sendpage")
int BPF_PROG(fexit_sendpage_kernel, struct sock *sk, struct page *page, int offset,
	     unsigned long size, int flags, int ret)
{
	if (tls_kernel_has_sent(sk, ret) == TCP_FRAMES)
		bpf_tail_call(ctx, &tls_frames_paged, 0);
	return 0;
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(fexit_recv_kernel, struct sock *sk, struct msghdr *msg, unsigned long len, int flags,
	     int *addr_len, int ret)
{
	if (tls_kernel_has_received(sk, ret, flags) == TCP_FRAMES)
		bpf_tail_call(ctx, &tls_frames_received, 0);
	return 0;
}

/* With both families: there is no tracepoint for it. */
SEC("fexit/sock_splice_read")
int BPF_PROG(fexit_splice, struct file *file, void *at, void *pipe, unsigned long len,
	     unsigned int flags, long ret)
{
	if (tls_kernel_spliced(file, ret) == TCP_FRAMES)
		bpf_tail_call(ctx, &tls_frames_spliced, 0);
	return 0;
}

/* The next four go on for them. */
SEC("fexit/tcp_sendmsg")
int BPF_PROG(fexit_send_frames, struct sock *sk, struct msghdr *msg, unsigned long size, int ret)
{
	if (tls_kernel_has_sent_frames(sk) == TCP_PLAINTEXT)
		bpf_tail_call(ctx, &tls_kernel_sent, 0);
	return 0;
}

SEC("fexit/tcp_sendpage")
int BPF_PROG(fexit_sendpage_frames, struct sock *sk, struct page *page, int offset,
	     unsigned long size, int flags, int ret)
{
	tls_kernel_has_sent_frames(sk);
	return 0;
}

SEC("fexit/tcp_recvmsg")
int BPF_PROG(fexit_recv_frames, struct sock *sk, struct msghdr *msg, unsigned long len, int flags,
	     int *addr_len, int ret)
{
	return tls_kernel_has_received_frames(sk);
}

SEC("fexit/sock_splice_read")
int BPF_PROG(fexit_splice_frames, struct file *file, void *at, void *pipe, unsigned long len,
	     unsigned int flags, long ret)
{
	return tls_kernel_spliced_frames(file);
}

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(sock_reading, struct sock *sk)
{
	return tcp_reading(sk);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sock_state, struct sock *sk, int old_state, int new_state)
{
	return tcp_state(sk, old_state, new_state);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(sock_destroyed, struct sock *sk)
{
	return tcp_destroyed(sk);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	return process_exited(task);
}

SEC("kprobe")
int tls_enter(struct pt_regs *regs)
{
	return tls_entry(regs, bpf_get_attach_cookie(regs));
}

SEC("kprobe")
int tls_return(struct pt_regs *regs)
{
	if (tls_exit(regs, bpf_get_attach_cookie(regs)))
		bpf_tail_call(regs, &tls_http2, 0);
	return 0;
}

/* Goes on for it. */
SEC("kprobe")
int tls_return_http2(struct pt_regs *regs)
{
	return tls_http2_told();
}

SEC("iter/bpf_sk_storage_map")
int sweep_conns(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct tcp_conn *tcp = ctx->value;
	struct sock *sk = ctx->sk;

	/* without a socket: behind the last one */
	return sk && tcp ? sweep_conn(sk, tcp) : forget_all();
}

SEC("iter/task_file")
int sweep_files(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;

	return file ? sweep_file(file) : forget_all();
}

SEC("iter/tcp")
int sweep_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;

	return skc ? sweep_socket(skc) : forget_all();
}

SEC("iter/task_file")
int list_listeners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	return task && file ? tell_listener(ctx->meta->seq, task, file) : 0;
}
