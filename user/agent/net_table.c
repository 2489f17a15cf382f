/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/net_table.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 512 };

/* "  12: 0100007F:1F90 00000000:0000 0A ...": the local port and the state. */
static bool read_line(const char *line, struct net_socket *ret)
{
	const char *at = strchr(line, ':');
	unsigned long port, state;
	char *end;

	at = at ? strchr(at + 1, ':') : NULL;
	if (!at)
		return false;
	port = strtoul(at + 1, &end, 16);
	at = strchr(end, ':');
	if (!at || *end != ' ' || port > 65535)
		return false;
	strtoul(at + 1, &end, 16); /* the remote port */
	if (*end != ' ')
		return false;
	state = strtoul(end, &end, 16);
	if (*end != ' ')
		return false;
	*ret = (struct net_socket){.port = (__u16)port, .state = state};
	return true;
}

bool net_table_begin(FILE *table)
{
	char line[LINE_BYTES];

	return fgets(line, sizeof(line), table) && strstr(line, "local_address");
}

enum net_line net_table_next(FILE *table, struct net_socket *ret)
{
	char line[LINE_BYTES];

	if (!fgets(line, sizeof(line), table))
		return NET_LINE_END;
	return read_line(line, ret) ? NET_LINE_SOCKET : NET_LINE_OTHER;
}
