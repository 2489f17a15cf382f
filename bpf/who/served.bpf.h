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
	__u16 near; /* the configured one that it would be of but for near_lacks, until its first request */
	__u16 near_lacks; /* bits: enum near_lack */
	__u16 version; /* of its process, id; 0: not known */
	__u16 pad;
};

#endif
