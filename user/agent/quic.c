/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/quic.h"

#include "agent/net_table.h"
#include "base/cleanup.h"

enum {
	STATE_UNCONNECTED = 7, /* TCP_CLOSE: bound, with no peer */
	LINES_MAX = 1 << 14,
};

bool quic_read(FILE *table, struct quic_ports *ports)
{
	struct net_socket sock;
	enum net_line line = NET_LINE_SOCKET;

	if (!net_table_begin(table))
		return false;
	for (size_t n = 0; n < LINES_MAX && line == NET_LINE_SOCKET; n++) {
		line = net_table_next(table, &sock);
		if (line == NET_LINE_SOCKET && sock.state == STATE_UNCONNECTED)
			quic_add(ports, sock.port);
	}
	return line != NET_LINE_OTHER;
}

void quic_read_own(struct quic_ports *ret)
{
	static const char *const paths[] = {"/proc/self/net/udp", "/proc/self/net/udp6"};

	*ret = (struct quic_ports){};
	for (size_t i = 0; i < 2; i++) {
		_cleanup_fclose_ FILE *file = fopen(paths[i], "re");

		if (file)
			quic_read(file, ret);
	}
}
