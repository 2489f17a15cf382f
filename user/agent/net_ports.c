/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/net_ports.h"

#include <stdlib.h>
#include <sys/stat.h>

/* `process`: its number, or "self". */
static bool read_table(const char *process, const char *name, const struct net_tables *tables,
		       struct net_ports *ports)
{
	char path[64];
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/proc/%s/net/%s", process, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	read = tables->add(file, ports);
	fclose(file);
	return read;
}

static bool read_of(const char *process, const struct net_tables *tables, struct net_ports *ret)
{
	*ret = (struct net_ports){};
	if (!read_table(process, tables->names[0], tables, ret))
		return false;
	read_table(process, tables->names[1], tables, ret); /* there may be no IPv6 */
	return true;
}

bool net_ports_read_own(const struct net_tables *tables, struct net_ports *ret)
{
	return read_of("self", tables, ret);
}

static bool is_own(__u32 netns)
{
	struct stat own;

	return !stat("/proc/self/ns/net", &own) && own.st_ino == netns;
}

/* Those in the namespace of these endpoints. */
static void read_namespace(const struct net_tables *tables, const struct found_endpoint *first,
			   size_t n, struct net_ports *ret)
{
	if (is_own(first->key.netns) && read_of("self", tables, ret))
		return;
	for (size_t i = 0; i < n; i++) {
		char process[16];

		snprintf(process, sizeof(process), "%u", first[i].endpoint.tgid);
		if (read_of(process, tables, ret))
			return;
	}
	*ret = (struct net_ports){};
}

static int by_namespace(const void *a, const void *b)
{
	__u32 left = ((const struct found_endpoint *)a)->key.netns;
	__u32 right = ((const struct found_endpoint *)b)->key.netns;

	return left < right ? -1 : left > right;
}

void net_ports_find(const struct net_tables *tables, struct endpoints *endpoints, bool *ret)
{
	struct found_endpoint *list = endpoints->list;
	size_t n = endpoints->n, end;
	struct net_ports ports;

	if (n)
		qsort(list, n, sizeof(*list), by_namespace);
	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && list[end].key.netns == list[i].key.netns;)
			end++;
		read_namespace(tables, list + i, end - i, &ports);
		for (size_t k = i; k < end; k++)
			ret[k] = net_ports_have(&ports, list[k].key.port);
	}
}
