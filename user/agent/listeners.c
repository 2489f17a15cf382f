/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/listeners.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/net_table.h"

enum {
	STATE_LISTEN = 0x0a, /* TCP_LISTEN */
	LINES_MAX = 1 << 17, /* of a table: a port may have a listener for each address */
};

bool listeners_add(FILE *table, struct listeners *listeners)
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
			memset(listeners->ports, 0xff, sizeof(listeners->ports));
			break;
		}
		listeners->ports[sock.port / 64] |= 1ULL << (sock.port % 64);
	}
	return line != NET_LINE_OTHER;
}

bool listeners_have(const struct listeners *listeners, __u16 port)
{
	return listeners->ports[port / 64] >> (port % 64) & 1;
}

/* `process`: its number, or "self". */
static bool read_table(const char *process, const char *name, struct listeners *listeners)
{
	char path[64];
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/proc/%s/net/%s", process, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	read = listeners_add(file, listeners);
	fclose(file);
	return read;
}

static bool read_of(const char *process, struct listeners *ret)
{
	*ret = (struct listeners){};
	if (!read_table(process, "tcp", ret))
		return false;
	read_table(process, "tcp6", ret); /* there may be no IPv6 */
	return true;
}

bool listeners_read_own(struct listeners *ret)
{
	return read_of("self", ret);
}

static bool is_own(__u32 netns)
{
	struct stat own;

	return !stat("/proc/self/ns/net", &own) && own.st_ino == netns;
}

/* What listens in the namespace of these endpoints. */
static void read_namespace(const struct found_endpoint *first, size_t n, struct listeners *ret)
{
	if (is_own(first->key.netns) && read_of("self", ret))
		return;
	for (size_t i = 0; i < n; i++) {
		char process[16];

		snprintf(process, sizeof(process), "%u", first[i].endpoint.tgid);
		if (read_of(process, ret))
			return;
	}
	*ret = (struct listeners){};
}

static int by_namespace(const void *a, const void *b)
{
	__u32 left = ((const struct found_endpoint *)a)->key.netns;
	__u32 right = ((const struct found_endpoint *)b)->key.netns;

	return left < right ? -1 : left > right;
}

void listeners_find(struct endpoints *endpoints, bool *ret)
{
	struct found_endpoint *list = endpoints->list;
	size_t n = endpoints->n, end;
	struct listeners listeners;

	if (n)
		qsort(list, n, sizeof(*list), by_namespace);
	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && list[end].key.netns == list[i].key.netns;)
			end++;
		read_namespace(list + i, end - i, &listeners);
		for (size_t k = i; k < end; k++)
			ret[k] = listeners_have(&listeners, list[k].key.port);
	}
}
