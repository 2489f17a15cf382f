/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/quic.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum {
	STATE_UNCONNECTED = 7, /* TCP_CLOSE: bound, with no peer */
	LINES_MAX = 1 << 14,
};

/* "  12: 0100007F:01BB 00000000:0000 07 ...": the local port and the state. */
static bool read_line(const char *line, unsigned long *ret_port, unsigned long *ret_state)
{
	const char *at = strchr(line, ':');
	char *end;

	at = at ? strchr(at + 1, ':') : NULL;
	if (!at)
		return false;
	*ret_port = strtoul(at + 1, &end, 16);
	at = strchr(end, ':');
	if (!at || *end != ' ' || *ret_port > 65535)
		return false;
	strtoul(at + 1, &end, 16); /* the remote port */
	if (*end != ' ')
		return false;
	*ret_state = strtoul(end, &end, 16);
	return *end == ' ';
}

bool quic_read(FILE *table, struct quic_ports *ports)
{
	char line[512];

	if (!fgets(line, sizeof(line), table) || !strstr(line, "local_address"))
		return false;
	for (size_t n = 0; n < LINES_MAX && fgets(line, sizeof(line), table); n++) {
		unsigned long port, state;

		if (!read_line(line, &port, &state))
			return false;
		if (state == STATE_UNCONNECTED)
			quic_add(ports, (__u16)port);
	}
	return true;
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
