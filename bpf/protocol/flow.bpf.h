/* SPDX-License-Identifier: GPL-2.0-only */
/* One finished operation on its way to the parser. */
#ifndef SLIPROBE_PROTOCOL_FLOW_BPF_H
#define SLIPROBE_PROTOCOL_FLOW_BPF_H

#include "kernel/conn.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/chunk.bpf.h"
#include "who/work.bpf.h"

struct flow {
	struct sock *sk;
	struct conn *conn;
	struct piece *piece;
	struct who_work *who;
	__u64 now_ns;
	__u64 arrived_ns; /* of the bytes being read */
};

#endif
