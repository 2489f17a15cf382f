/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 128, MAPPED_BITS = 96 };

static bool is_beyond(const struct cidr *cidr, unsigned int bit)
{
	return cidr->address[bit / 8] & 0x80 >> bit % 8;
}

/* The number behind the '/': of one to three digits. */
static int bits_parse(const char *text, unsigned int max, unsigned int *ret)
{
	const size_t digits = strspn(text, "0123456789");
	const unsigned long bits = strtoul(text, NULL, 10);

	if (!digits || digits > 3 || text[digits] || bits > max)
		return -EINVAL;
	*ret = (unsigned int)bits;
	return 0;
}

int cidr_address(const char *text, uint8_t ret[static 16])
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, address + MAPPED_BITS / 8) != 1 &&
	    inet_pton(AF_INET6, text, address) != 1)
		return -EINVAL;
	memcpy(ret, address, sizeof(address));
	return 0;
}

int cidr_parse(const char *text, struct cidr *ret)
{
	const char *slash = strchr(text, '/');
	const size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	struct cidr cidr = {};
	unsigned int before;

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = 0;
	if (cidr_address(address, cidr.address))
		return -EINVAL;
	before = strchr(address, ':') ? 0 : MAPPED_BITS;
	cidr.bits = BITS - before;
	if (slash && bits_parse(slash + 1, BITS - before, &cidr.bits))
		return -EINVAL;
	if (slash)
		cidr.bits += before;
	else
		cidr.bits = BITS;
	for (unsigned int bit = cidr.bits; bit < BITS; bit++) {
		if (is_beyond(&cidr, bit))
			return -EINVAL;
	}
	*ret = cidr;
	return 0;
}

bool cidr_has(const struct cidr *cidr, const uint8_t address[static 16])
{
	const unsigned int bytes = cidr->bits / 8, rest = cidr->bits % 8;
	const uint8_t mask = (uint8_t)(0xff00 >> rest);

	return !memcmp(cidr->address, address, bytes) &&
	       (!rest || !((cidr->address[bytes] ^ address[bytes]) & mask));
}
