/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	ADDRESS_HOST_BYTES = 64, /* the longest: IPv6 with the name of an interface */
	ADDRESS_PORT_DIGITS = 5,
	ADDRESS_PORT_MAX = 65535,
};

/* The host of "HOST:PORT" or "[HOST]:PORT". Returns the port's text, or NULL. */
static const char *take_host(const char *text, char ret[static ADDRESS_HOST_BYTES])
{
	const bool bracketed = text[0] == '[';
	const char *host = text + bracketed;
	const char *end = strchr(host, bracketed ? ']' : ':');
	const char *port = end;

	if (!end || end == host || end - host >= ADDRESS_HOST_BYTES)
		return NULL;
	if (bracketed && *++port != ':')
		return NULL;
	memcpy(ret, host, (size_t)(end - host));
	ret[end - host] = 0;
	/* an IPv6 address has brackets; "*" is getaddrinfo()'s own word for every address */
	return !strchr(ret, ':') == bracketed || ret[0] == '*' ? NULL : port + 1;
}

static bool valid_port(const char *text)
{
	const size_t digits = strspn(text, "0123456789");
	const unsigned long port = strtoul(text, NULL, 10);

	return digits && digits <= ADDRESS_PORT_DIGITS && !text[digits] && port &&
	       port <= ADDRESS_PORT_MAX;
}

int address_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	const struct addrinfo hints = {
		.ai_family = text[0] == '[' ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	char host[ADDRESS_HOST_BYTES];
	const char *port = take_host(text, host);
	struct addrinfo *found;

	if (!port || !valid_port(port) || getaddrinfo(host, port, &hints, &found))
		return -EINVAL;
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	*ret_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

bool address_is_loopback(const char *text)
{
	struct sockaddr_storage storage;
	socklen_t len;

	if (address_parse(text, &storage, &len))
		return false;
	if (storage.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&storage)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)&storage)->sin_addr.s_addr) >> IN_CLASSA_NSHIFT ==
	       IN_LOOPBACKNET;
}
