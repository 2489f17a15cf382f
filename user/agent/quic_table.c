/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/quic_table.h"

#include "agent/net_table.h"

enum {
	STATE_UNCONNECTED = 7, /* TCP_CLOSE: bound, with no peer */
	LINES_MAX = 1 << 14,
};

const struct net_tables quic_tables = {{"udp", "udp6"}, quic_table_add};

bool quic_table_add(FILE *table, struct net_ports *ports)
{
	struct net_socket sock;
	enum net_line line = NET_LINE_SOCKET;

	if (!net_table_begin(table))
		return false;
	for (size_t n = 0; n < LINES_MAX && line == NET_LINE_SOCKET; n++) {
		line = net_table_next(table, &sock);
		if (line == NET_LINE_SOCKET && sock.state == STATE_UNCONNECTED)
			net_ports_add(ports, sock.port);
	}
	return line != NET_LINE_OTHER;
}
