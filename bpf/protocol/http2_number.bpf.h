/* SPDX-License-Identifier: GPL-2.0-only */
/* Which exchange a stream of HTTP/2 is. */
#ifndef SLIPROBE_PROTOCOL_HTTP2_NUMBER_BPF_H
#define SLIPROBE_PROTOCOL_HTTP2_NUMBER_BPF_H

#include "kernel/helpers.bpf.h"
#include "protocol/conn.bpf.h"

/* Number of the exchange of a client's stream. */
static __always_inline __u32 http2_number(const struct conn *conn, __u32 stream)
{
	return conn->state.h2.before + (stream >> 1) + 1;
}

/* Only a client opens streams of odd numbers. */
static __always_inline bool http2_is_request(__u32 stream)
{
	return stream & 1;
}

static __always_inline bool http2_is_open_or_was(const struct conn *conn, __u32 number)
{
	return (__s32)(number - conn->open.next) < 0;
}

#endif
