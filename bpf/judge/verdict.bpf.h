/* SPDX-License-Identifier: GPL-2.0-only */
/* How a request ended. */
#ifndef SLIPROBE_JUDGE_VERDICT_BPF_H
#define SLIPROBE_JUDGE_VERDICT_BPF_H

#include "abi.h"

struct verdict {
	__u64 service_ns;
	__u64 body_bytes;
	__u16 status;
	__u8 outcome; /* enum outcome */
	__u8 pad[5];
};

#endif
