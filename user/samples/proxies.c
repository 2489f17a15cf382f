/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/proxies.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { MAPPED_BYTES = 12 };

static const uint8_t mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

bool proxies_trust(const struct proxies *proxies, const uint8_t address[static ADDRESS_BYTES])
{
	for (size_t i = 0; i < proxies->n; i++) {
		if (cidr_has(&proxies->nets[i], address))
			return true;
	}
	return false;
}

static bool is_port(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return len && len <= 5;
}

bool address_read(const char *text, size_t len, uint8_t ret[static ADDRESS_BYTES])
{
	char address[ADDRESS_TEXT_BYTES];
	const char *colon = memchr(text, ':', len), *end;

	if (len && text[0] == '[') {
		end = memchr(text, ']', len);
		if (!end)
			return false;
		colon = end + 1 < text + len ? end + 1 : NULL;
		if (colon && *colon != ':')
			return false;
		text++;
		len -= 1;
	} else if (colon && memchr(colon + 1, ':', (size_t)(text + len - colon - 1))) {
		end = text + len; /* IPv6, without a port */
		colon = NULL;
	} else {
		end = colon ?: text + len;
	}
	if (colon && !is_port(colon + 1, (size_t)(text + len - colon - 1)))
		return false;
	if ((size_t)(end - text) >= sizeof(address) || memchr(text, '\0', (size_t)(end - text)))
		return false;
	memcpy(address, text, (size_t)(end - text));
	address[end - text] = '\0';
	return !cidr_address(address, ret);
}

void address_text(const uint8_t address[static ADDRESS_BYTES], char ret[static ADDRESS_TEXT_BYTES])
{
	static const uint8_t none[ADDRESS_BYTES];

	*ret = '\0';
	if (!memcmp(address, none, ADDRESS_BYTES))
		return;
	if (!memcmp(address, mapped, MAPPED_BYTES))
		inet_ntop(AF_INET, address + MAPPED_BYTES, ret, ADDRESS_TEXT_BYTES);
	else
		inet_ntop(AF_INET6, address, ret, ADDRESS_TEXT_BYTES);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct part {
	const char *text;
	size_t len;
};

static struct part trimmed(const char *text, size_t len)
{
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	while (len && is_blank(text[len - 1]))
		len--;
	return (struct part){text, len};
}

/*
 * Where the last element of the list begins that ends at `len`. Quotes are not looked at: what a client has put into
 * one that it never closes must not hide what a proxy has put behind it, and no address has a comma.
 */
static size_t last_element(const char *list, size_t len)
{
	const char *comma = memrchr(list, ',', len);

	return comma ? (size_t)(comma + 1 - list) : 0;
}

/* The value of "for" in an element of Forwarded: for="[2001:db8::1]:80";proto=https */
static bool read_for(struct part element, uint8_t *ret)
{
	while (element.len) {
		const char *end = memchr(element.text, ';', element.len);
		const size_t len = end ? (size_t)(end - element.text) : element.len;
		struct part pair = trimmed(element.text, len);

		if (pair.len > 4 && !strncasecmp(pair.text, "for=", 4)) {
			struct part value = trimmed(pair.text + 4, pair.len - 4);

			if (value.len >= 2 && value.text[0] == '"' &&
			    value.text[value.len - 1] == '"') {
				value.text++;
				value.len -= 2;
			}
			return address_read(value.text, value.len, ret);
		}
		element.text += len + (end != NULL);
		element.len -= len + (end != NULL);
	}
	return false;
}

/* Goes leftwards as long as who passed it on is trusted. */
static void walk(const struct proxies *proxies, const char *list, bool forwarded,
		 const uint8_t *from, uint8_t *ret)
{
	size_t len = strlen(list);

	memcpy(ret, from, ADDRESS_BYTES);
	while (len && proxies_trust(proxies, ret)) {
		const size_t begin = last_element(list, len);
		struct part element = trimmed(list + begin, len - begin);
		uint8_t next[ADDRESS_BYTES];

		if (!(forwarded ? read_for(element, next) :
				  address_read(element.text, element.len, next)))
			return;
		memcpy(ret, next, sizeof(next));
		len = begin ? begin - 1 : 0;
	}
}

void proxies_client(const struct proxies *proxies, const uint8_t peer[static ADDRESS_BYTES],
		    const struct proxy_claims *claims, uint8_t ret[static ADDRESS_BYTES])
{
	const bool header = claims->header && (!proxies->n || proxies_trust(proxies, peer));
	uint8_t from[ADDRESS_BYTES], one[ADDRESS_BYTES], other[ADDRESS_BYTES];

	memcpy(from, header ? claims->header : peer, ADDRESS_BYTES);
	memcpy(ret, from, ADDRESS_BYTES);
	if (claims->x_forwarded_for)
		walk(proxies, claims->x_forwarded_for, false, from, one);
	if (claims->forwarded)
		walk(proxies, claims->forwarded, true, from, other);
	if (claims->x_forwarded_for && claims->forwarded && memcmp(one, other, ADDRESS_BYTES) != 0)
		return;
	if (claims->x_forwarded_for)
		memcpy(ret, one, ADDRESS_BYTES);
	else if (claims->forwarded)
		memcpy(ret, other, ADDRESS_BYTES);
}
