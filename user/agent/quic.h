/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may speak HTTP/3: what has a UDP socket at a port where TLS is spoken over TCP, at one that a service's answers
 * announce (`alt-svc`), or at 443. It is named as unmeasured; how many connections it has is not known.
 */
#ifndef SLIPROBE_AGENT_QUIC_H
#define SLIPROBE_AGENT_QUIC_H

#include <linux/types.h>
#include <stddef.h>

#include "abi.h"
#include "agent/blind.h"
#include "kernel/probe.h"

enum {
	QUIC_PORT = 443,
	QUIC_LISTED = 64, /* at most */
};

/* A port of a network namespace. */
struct quic_port {
	__u16 port;
	__u16 service; /* that is judged there; SERVICE_NONE: none */
	__u32 netns; /* 0: the agent's own, where no TLS was seen at the port */
	char process[COMM_BYTES]; /* that speaks TLS there, or announces it; "": none was seen */
};

struct quic_ports {
	struct quic_port list[QUIC_LISTED];
	size_t n;
};

/*
 * TLS is spoken where connections are blind for it, and at the endpoints of services that have measured connections
 * over TLS. An announced port is looked for where the service's endpoints are. Returns 0 or -errno.
 */
int quic_read(struct probe *probe, const struct blind_listeners *blind, struct quic_ports *ret);

#endif
