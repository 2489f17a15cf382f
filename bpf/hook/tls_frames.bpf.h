/* SPDX-License-Identifier: GPL-2.0-only */
/* Plaintext of HTTP/2 that a call of a TLS library has told, on its way from one program to the next in the same thread. */
#ifndef SLIPROBE_HOOK_TLS_FRAMES_BPF_H
#define SLIPROBE_HOOK_TLS_FRAMES_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"

struct tls_frames {
	__u64 cookie; /* of the connection's socket; 0: nothing is on its way */
	__u64 buffer; /* where the plaintext is */
	__u64 n;
	__u64 nested; /* as in struct tls_entered */
	__u64 writes;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tls_frames);
} tls_framed SEC(".maps");

/* Where the next program finds them; NULL: there is no room. */
static __always_inline struct tls_frames *tls_frames_make(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tls_frames *frames =
		bpf_task_storage_get(&tls_framed, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!frames)
		stat_error(KERR_CONN_ALLOC);
	return frames;
}

#endif
