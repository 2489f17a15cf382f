/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a browser could be made to do by a page of others that its user looks at. That page may send requests to any
 * address, a forwarded port of this socket included, but it cannot choose their Origin (Fetch standard, "Origin"
 * header), nor, once its own name is made to lead here ("DNS rebinding"), their Host.
 */
#ifndef SLIPROBE_SERVER_GUARD_H
#define SLIPROBE_SERVER_GUARD_H

#include <stdbool.h>

enum guard_hosts {
	GUARD_ANY, /* nothing is told that a page of others would want */
	GUARD_LOCAL, /* a name that anybody could own is refused: one with a dot, but no address, and no socket's path */
	GUARD_NAMED, /* addresses, localhost and the listed names alone */
};

/*
 * Whether a request may come under the Host field `host`, with or without a port; NULL: it has none, as no
 * browser's. names: those that are taken, with spaces between them; or NULL.
 */
bool guard_host_is_ours(const char *host, enum guard_hosts hosts, const char *names);

#endif
