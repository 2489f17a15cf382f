/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The usual way to see plaintext, for comparison: probes at the entry and the return of libssl's exported functions. What
 * a call passes is counted by its first word; which connection it is of is left open.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#define __VMLINUX_H__ /* bpf_tracing.h: registers have the kernel's names */
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

enum { THREADS_MAX = 10240, WORDS_MAX = 1024 };

/* The buffer of a thread's call. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, THREADS_MAX);
	__type(key, __u64);
	__type(value, __u64);
} buffers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, WORDS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} requests SEC(".maps"), answers SEC(".maps");

static int entered(struct pt_regs *regs)
{
	__u64 thread = bpf_get_current_pid_tgid(), buffer = PT_REGS_PARM2(regs);

	bpf_map_update_elem(&buffers, &thread, &buffer, BPF_ANY);
	return 0;
}

static int returned(struct pt_regs *regs, void *words)
{
	__u64 thread = bpf_get_current_pid_tgid(), one = 1, *buffer, *n;
	__u32 word;

	buffer = bpf_map_lookup_elem(&buffers, &thread);
	if (!buffer)
		return 0;
	if ((int)PT_REGS_RC(regs) > 0 &&
	    !bpf_probe_read_user(&word, sizeof(word), (void *)*buffer)) {
		n = bpf_map_lookup_elem(words, &word);
		if (n)
			++*n;
		else
			bpf_map_update_elem(words, &word, &one, BPF_ANY);
	}
	bpf_map_delete_elem(&buffers, &thread);
	return 0;
}

SEC("uprobe/libssl.so.3:SSL_read")
int usual_read(struct pt_regs *regs)
{
	return entered(regs);
}

SEC("uretprobe/libssl.so.3:SSL_read")
int usual_read_end(struct pt_regs *regs)
{
	return returned(regs, &requests);
}

SEC("uprobe/libssl.so.3:SSL_write")
int usual_write(struct pt_regs *regs)
{
	return entered(regs);
}

SEC("uretprobe/libssl.so.3:SSL_write")
int usual_write_end(struct pt_regs *regs)
{
	return returned(regs, &answers);
}
