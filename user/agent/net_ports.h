/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports of a network namespace's sockets, by the tables in /proc/PID/net of a process in it. */
#ifndef SLIPROBE_AGENT_NET_PORTS_H
#define SLIPROBE_AGENT_NET_PORTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#include "agent/discover.h"

struct net_ports {
	__u64 bits[65536 / 64];
};

static inline void net_ports_add(struct net_ports *ports, __u16 port)
{
	ports->bits[port / 64] |= 1ULL << (port % 64);
}

static inline bool net_ports_have(const struct net_ports *ports, __u16 port)
{
	return ports->bits[port / 64] >> (port % 64) & 1;
}

/* Which tables are read, and which of their sockets are taken. */
struct net_tables {
	const char *names[2]; /* of IPv4, which is always there, and of IPv6 */
	bool (*add)(FILE *table,
		    struct net_ports *ports); /* returns false if it is no such table */
};

/* Of the agent's own network namespace. Returns false if that cannot be read. */
bool net_ports_read_own(const struct net_tables *tables, struct net_ports *ret);

/*
 * Finds the endpoints whose port is in the tables of their namespace: ret[i] for the i-th. A network namespace is
 * looked into by a process that serves an endpoint there. Nothing is in one that no such process is in, unless it is
 * the agent's own. The endpoints are sorted by namespace.
 */
void net_ports_find(const struct net_tables *tables, struct endpoints *endpoints, bool *ret);

#endif
