/* SPDX-License-Identifier: GPL-2.0-only */
/* The two programs on functions of TLS libraries: at entries, and at return sites. */
#ifndef SLIPROBE_HOOK_TLS_PROBE_BPF_H
#define SLIPROBE_HOOK_TLS_PROBE_BPF_H

#include "hook/tls_abi.bpf.h"
#include "hook/tls_go.bpf.h"
#include "hook/tls_told.bpf.h"
#include "kernel/compat.bpf.h"

static __always_inline int tls_entry(struct pt_regs *regs, __u64 cookie)
{
	if (tls_call_is_go(tls_cookie_call(cookie)))
		return tls_go_entry(regs, cookie);
	return tls_c_entry(regs, cookie);
}

/* Returns true if the program of hook/tls_http2 is to go on. */
static __always_inline bool tls_exit(struct pt_regs *regs, __u64 cookie)
{
	struct tls_ended ended = {};
	struct tls_go_key key = {};
	bool frames = false;

	if (tls_call_is_go(tls_cookie_call(cookie)))
		tls_go_exit(regs, cookie, &key, &ended);
	else
		tls_c_exit(regs, cookie, &ended);
	if (ended.cookie && ended.call)
		frames = tls_told(ended.cookie, ended.call, ended.n);
	if (key.g)
		tls_go_forget(&key);
	return frames;
}

#endif
