/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who a request comes from, where proxies stand between: the peer's address is sure, everything else is what somebody
 * claims. A claim counts only as far as each address that passed it on is a trusted proxy, from the right to the left
 * (RFC 7239, section 8.1; X-Forwarded-For as MDN describes it). Pure. Addresses are IPv6, IPv4 mapped into it.
 */
#ifndef SLIPROBE_SAMPLES_PROXIES_H
#define SLIPROBE_SAMPLES_PROXIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cidr.h"

enum {
	ADDRESS_BYTES = 16,
	ADDRESS_TEXT_BYTES = 46, /* INET6_ADDRSTRLEN */
};

struct proxies {
	const struct cidr *nets;
	size_t n;
};

bool proxies_trust(const struct proxies *proxies, const uint8_t address[static ADDRESS_BYTES]);

/*
 * An address as headers have it: "10.0.0.7", "10.0.0.7:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". False for
 * everything else: names, "unknown", "_hidden".
 */
bool address_read(const char *text, size_t len, uint8_t ret[static ADDRESS_BYTES]);

/* "10.0.0.7", "2001:db8::1"; "": all 0, which is no address */
void address_text(const uint8_t address[static ADDRESS_BYTES], char ret[static ADDRESS_TEXT_BYTES]);

/* What a request claims. A text may be NULL. */
struct proxy_claims {
	const uint8_t *header; /* the client's address of the PROXY protocol; NULL: there is none */
	const char *x_forwarded_for; /* all of them, joined by commas */
	const char *forwarded; /* likewise */
};

/*
 * The client: the peer; or whom the PROXY protocol's header names, if the peer is trusted, or no proxy is configured
 * (the server believes it, too); then leftwards through the list. Where both headers are there and name different
 * clients, neither counts: a proxy sets one, and lets anybody's other through.
 */
void proxies_client(const struct proxies *proxies, const uint8_t peer[static ADDRESS_BYTES],
		    const struct proxy_claims *claims, uint8_t ret[static ADDRESS_BYTES]);

#endif
