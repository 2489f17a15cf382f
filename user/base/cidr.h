/* SPDX-License-Identifier: GPL-2.0-only */
/* Networks: "10.0.0.0/8", "2001:db8::/32", an address alone (RFC 4632, RFC 4291 2.3). Pure. */
#ifndef SLIPROBE_BASE_CIDR_H
#define SLIPROBE_BASE_CIDR_H

#include <stdbool.h>
#include <stdint.h>

struct cidr {
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it (::ffff:0:0/96) */
	unsigned int bits; /* of these, 0 to 128: of 0.0.0.0/0 it is 96 */
};

/* A numeric address without port or zone; IPv4 is mapped. Returns 0; or -EINVAL, and *ret is as it was. */
int cidr_address(const char *text, uint8_t ret[static 16]);

/* Returns 0; or -EINVAL: bits beyond the prefix are set, or it is none. */
int cidr_parse(const char *text, struct cidr *ret);

/* Whether the address, IPv4 mapped, is in it. */
bool cidr_has(const struct cidr *cidr, const uint8_t address[static 16]);

#endif
