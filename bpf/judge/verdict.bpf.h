/* SPDX-License-Identifier: GPL-2.0-only */
/* How a request ended. */
#ifndef SLIPROBE_JUDGE_VERDICT_BPF_H
#define SLIPROBE_JUDGE_VERDICT_BPF_H

#include "abi.h"

struct verdict {
	__u64 service_ns; /* from the first read of the request */
	__u64 body_bytes; /* of the response */
	__u16 status; /* status.h */
	__u8 outcome; /* enum outcome */
	__u8 pad;
	__u32 first_byte_us; /* of the response, from the first read of the request, rounded up; 0: it came with its end, or not at all */
};

#endif
