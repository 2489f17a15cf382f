/* SPDX-License-Identifier: GPL-2.0-only */
/* Which endpoints have a TCP listener, by /proc. */
#ifndef SLIPROBE_AGENT_LISTENERS_H
#define SLIPROBE_AGENT_LISTENERS_H

#include <stdbool.h>
#include <stdio.h>

#include "agent/net_ports.h"

/*
 * Adds the listeners in a table of the form of /proc/net/tcp, where they come first: proc_pid_net(5). In a table that
 * is too long something listens on each port. Returns false if it is no such table.
 */
bool listeners_add(FILE *table, struct net_ports *listeners);

/* What listens in the agent's own network namespace. Returns false if that cannot be read. */
bool listeners_read_own(struct net_ports *ret);

/* Finds the endpoints that something listens for: ret[i] for the i-th. See net_ports_find(). */
void listeners_find(struct endpoints *endpoints, bool *ret);

#endif
