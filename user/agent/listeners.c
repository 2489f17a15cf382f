/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/listeners.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	STATE_LISTEN = 0x0a, /* TCP_LISTEN */
	LINES_MAX = 1 << 17, /* of a table: a port may have a listener for each address */
};

/* "  12: 0100007F:1F90 00000000:0000 0A ...": the local port and the state. */
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

bool listeners_add(FILE *table, struct listeners *listeners)
{
	char line[512];
	size_t n = 0;

	if (!fgets(line, sizeof(line), table) || !strstr(line, "local_address"))
		return false;
	while (fgets(line, sizeof(line), table)) {
		unsigned long port, state;

		if (!read_line(line, &port, &state))
			return false;
		if (state != STATE_LISTEN)
			break;
		if (n++ == LINES_MAX) {
			/* whoever has opened so many shall not keep the agent busy */
			memset(listeners->ports, 0xff, sizeof(listeners->ports));
			break;
		}
		listeners->ports[port / 64] |= 1ULL << (port % 64);
	}
	return true;
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
