/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches the programs on TLS libraries to exported functions of this process's own libssl. */
#ifndef SLIPROBE_TESTS_BPF_UPROBES_H
#define SLIPROBE_TESTS_BPF_UPROBES_H

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "abi.h"
#include "abi/tls.h"

enum {
	UPROBE_MULTI = 48, /* BPF_TRACE_UPROBE_MULTI, since Linux 6.6 */
	UPROBE_MULTI_RETURN = 1, /* BPF_F_UPROBE_MULTI_RETURN */
	UPROBE_RETURNED = -8, /* a return probe runs with the return address taken off the stack */
};

/* The attributes of bpf(BPF_LINK_CREATE) for many user functions, as in linux/bpf.h of 6.6. */
struct uprobe_multi {
	__u32 program;
	__u32 target;
	__u32 attach_type;
	__u32 link_flags;
	__u64 path;
	__u64 offsets;
	__u64 ref_ctr_offsets;
	__u64 cookies;
	__u32 count;
	__u32 flags;
	__u32 pid;
	__u32 pad;
};

static inline __u64 uprobe_cookie(__u32 profile, enum tls_call call, __s32 stack)
{
	return profile | (__u64)call << TLS_COOKIE_CALL | (__u64)(__u32)stack << TLS_COOKIE_STACK;
}

/* Where a function is in the file that it was loaded from. */
static inline __u64 uprobe_place(const char *name, char ret_path[PATH_MAX])
{
	uintptr_t at = (uintptr_t)dlsym(RTLD_DEFAULT, name);
	unsigned long from, to, offset;
	char line[PATH_MAX + 128];
	FILE *maps = fopen("/proc/self/maps", "r");
	__u64 place = 0;

	assert_non_null(maps);
	while (!place && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %4095s", &from, &to, &offset, ret_path) ==
			    4 &&
		    at >= from && at < to)
			place = at - from + offset;
	}
	fclose(maps);
	return place;
}

/* Returns the link's descriptor. */
static inline int uprobe_multi_attach(int program, const char *path, __u64 offset, __u64 cookie,
				      bool returns)
{
	struct uprobe_multi attr = {
		.program = (__u32)program,
		.attach_type = UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)&offset,
		.cookies = (uintptr_t)&cookie,
		.count = 1,
		.flags = returns ? UPROBE_MULTI_RETURN : 0,
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

#endif
