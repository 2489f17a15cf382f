/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose connection it is, as decided under one generation of the configuration. */
#ifndef SLIPROBE_WHO_SERVED_BPF_H
#define SLIPROBE_WHO_SERVED_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

struct served {
	__u32 generation; /* 0: not decided yet */
	__u16 policy; /* its next requests are judged by */
	__u16 service; /* SERVICE_NONE: no request seen yet */
};

#endif
