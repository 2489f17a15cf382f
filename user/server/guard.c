/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum {
	NAME_BYTES = 256, /* RFC 1035, section 2.3.4 */
};

/* "[::1]:80" is "::1", "host.example:80" is "host.example". False: it is too long, or no host at all. */
static bool take_name(const char *host, char ret[static NAME_BYTES])
{
	const bool bracketed = host[0] == '[';
	const char *begin = host + bracketed;
	const size_t len = strcspn(begin, bracketed ? "]" : ":");
	const char *end = begin + len + bracketed;

	if (!len || len >= NAME_BYTES || (bracketed && begin[len] != ']'))
		return false;
	if (*end && (*end != ':' || end[1 + strspn(end + 1, "0123456789")]))
		return false;
	memcpy(ret, begin, len);
	ret[len] = 0;
	return true;
}

/* As inet_pton(3) has them. What browsers take for an address besides ("127.1"), they send as one of these. */
static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static bool is_localhost(const char *name)
{
	static const char suffix[] = ".localhost"; /* RFC 6761, section 6.3 */

	return !strcasecmp(name, suffix + 1) ||
	       (strcasecmp(name, suffix) != 0 && text_ends_in_any_case(name, suffix));
}

static bool is_among(const char *name, const char *names)
{
	const size_t len = strlen(name);

	for (const char *at = names; at && *at; at += strspn(at, " ")) {
		const size_t word = strcspn(at, " ");

		if (word == len && !strncasecmp(at, name, len))
			return true;
		at += word;
	}
	return false;
}

/*
 * The socket's path, as some clients have it there: with '/' or '%', which no name in DNS that a browser takes has, or in
 * ".sock", which is no top-level domain.
 */
static bool is_path(const char *host)
{
	return strpbrk(host, "/%") || text_ends_in_any_case(host, ".sock");
}

bool guard_host_is_ours(const char *host, enum guard_hosts hosts, const char *names)
{
	char name[NAME_BYTES];

	if (hosts == GUARD_ANY || !host)
		return true;
	if (hosts == GUARD_LOCAL && is_path(host))
		return true;
	if (!take_name(host, name))
		return hosts == GUARD_LOCAL && !strchr(host, '.');
	if (is_address(name) || is_localhost(name) || is_among(name, names))
		return true;
	return hosts == GUARD_LOCAL && !strchr(name, '.');
}
