/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports of UDP sockets that wait for whoever comes. */
#ifndef SLIPROBE_AGENT_QUIC_TABLE_H
#define SLIPROBE_AGENT_QUIC_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "agent/net_ports.h"

/*
 * Adds the ports of sockets that are bound and not connected, in a table of the form of /proc/net/udp. Returns false
 * if it is no such table. Of a table that is too long the rest is left out.
 */
bool quic_table_add(FILE *table, struct net_ports *ports);

extern const struct net_tables quic_tables;

#endif
