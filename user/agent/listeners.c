/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/listeners.h"

#include <string.h>

#include "agent/net_table.h"

enum {
	STATE_LISTEN = 0x0a, /* TCP_LISTEN */
	LINES_MAX = 1 << 17, /* of a table: a port may have a listener for each address */
};

static const struct net_tables tables = {{"tcp", "tcp6"}, listeners_add};

bool listeners_add(FILE *table, struct net_ports *listeners)
{
	struct net_socket sock;
	enum net_line line;
	size_t n = 0;

	if (!net_table_begin(table))
		return false;
	while ((line = net_table_next(table, &sock)) == NET_LINE_SOCKET) {
		if (sock.state != STATE_LISTEN)
			break;
		if (n++ == LINES_MAX) {
			/* whoever has opened so many shall not keep the agent busy */
			memset(listeners->bits, 0xff, sizeof(listeners->bits));
			break;
		}
		net_ports_add(listeners, sock.port);
	}
	return line != NET_LINE_OTHER;
}

bool listeners_read_own(struct net_ports *ret)
{
	return net_ports_read_own(&tables, ret);
}

void listeners_find(struct endpoints *endpoints, bool *ret)
{
	net_ports_find(&tables, endpoints, ret);
}
