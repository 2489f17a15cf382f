/* SPDX-License-Identifier: GPL-2.0-only */
/* Work space for deciding whose connection it is: too large for the stack. */
#ifndef SLIPROBE_WHO_WORK_BPF_H
#define SLIPROBE_WHO_WORK_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

enum {
	EXE_ROOM = 4096, /* bytes for a path while it is put together; a power of two */
};

struct who_work {
	struct endpoint_key endpoint_key;
	__u32 exe_pos; /* in exe: where the path begins */
	__u32 dfa;
	char exe[EXE_ROOM + EXE_BYTES];
};

#endif
