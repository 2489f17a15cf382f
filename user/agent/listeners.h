/* SPDX-License-Identifier: GPL-2.0-only */
/* Which endpoints have a TCP listener, by /proc. */
#ifndef SLIPROBE_AGENT_LISTENERS_H
#define SLIPROBE_AGENT_LISTENERS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#include "agent/discover.h"

struct listeners {
	__u64 ports[65536 / 64]; /* bit p: something listens on port p */
};

/*
 * Adds the listeners in a table of the form of /proc/net/tcp, where they come first: proc_pid_net(5). In a table that
 * is too long something listens on each port. Returns false if it is no such table.
 */
bool listeners_add(FILE *table, struct listeners *listeners);
bool listeners_have(const struct listeners *listeners, __u16 port);

/* What listens in the agent's own network namespace. Returns false if that cannot be read. */
bool listeners_read_own(struct listeners *ret);

/*
 * Finds the endpoints that something listens for: ret[i] for the i-th. A network namespace is looked into by a
 * process that serves an endpoint there. Nothing listens in one that no such process is in, unless it is the
 * agent's own. The endpoints are sorted by namespace.
 */
void listeners_find(struct endpoints *endpoints, bool *ret);

#endif
