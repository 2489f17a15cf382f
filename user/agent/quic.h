/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may speak HTTP/3: what has a UDP socket at a port where TLS is spoken over TCP, or at 443. It is named as
 * unmeasured; how many connections it has is not known.
 */
#ifndef SLIPROBE_AGENT_QUIC_H
#define SLIPROBE_AGENT_QUIC_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

struct quic_ports {
	__u64 bits[65536 / 64];
};

enum { QUIC_PORT = 443 };

static inline void quic_add(struct quic_ports *ports, __u16 port)
{
	ports->bits[port / 64] |= 1ULL << (port % 64);
}

static inline bool quic_has(const struct quic_ports *ports, __u16 port)
{
	return ports->bits[port / 64] >> (port % 64) & 1;
}

/*
 * Adds the ports of sockets that are bound and not connected, in a table of the form of /proc/net/udp. Returns false
 * if it is no such table. Of a table that is too long the rest is left out.
 */
bool quic_read(FILE *table, struct quic_ports *ports);

/* Those of the agent's own network namespace. */
void quic_read_own(struct quic_ports *ret);

#endif
