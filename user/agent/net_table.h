/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of sockets in /proc/PID/net, whose form tcp, tcp6, udp and udp6 share: proc_pid_net(5). */
#ifndef SLIPROBE_AGENT_NET_TABLE_H
#define SLIPROBE_AGENT_NET_TABLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

/* A socket's local port, and its state as the kernel numbers those of TCP. */
struct net_socket {
	__u16 port;
	unsigned long state;
};

enum net_line {
	NET_LINE_SOCKET,
	NET_LINE_END,
	NET_LINE_OTHER, /* it is no such table */
};

/* Takes the line above the sockets. Returns false if it is no such table. */
bool net_table_begin(FILE *table);

/* Takes the next line. *ret is set with NET_LINE_SOCKET alone. */
enum net_line net_table_next(FILE *table, struct net_socket *ret);

#endif
