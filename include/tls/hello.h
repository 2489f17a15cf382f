/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two hellos, byte by byte: client_random of the ClientHello (RFC 8446, section 4.1.2), version and cipher suite of
 * the ServerHello (4.1.3). A message may be split over operations and over records.
 *
 * A HelloRetryRequest has the form of a ServerHello, and the suite that the ServerHello behind it must have (4.1.4). The
 * second ClientHello has the first one's random (4.1.2). So the first message of each direction tells all.
 */
#ifndef SLIPROBE_TLS_HELLO_H
#define SLIPROBE_TLS_HELLO_H

#include "tls/state.h"

enum {
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_HELLO_RANDOM = 6, /* offset in the message: behind type, length and version */
	TLS_HELLO_SESSION = TLS_HELLO_RANDOM + TLS_RANDOM_BYTES,
	TLS_HELLO_SESSION_MAX = 32,
	TLS_SUITE_13 = 0x1300, /* the upper byte says TLS 1.3 */
	TLS_SUITE_SM4_GCM = 0x00c6, /* so do these two: RFC 8998 */
	TLS_SUITE_SM4_CCM = 0x00c7,
};

static inline int tls_hello_waited(const struct tls_hello *hello, enum tls_from from)
{
	return (from == TLS_FROM_CLIENT ? hello->client : hello->server) == TLS_HELLO_WAITED;
}

/* client_random is in hello->random. */
static inline int tls_hello_has_random(const struct tls_hello *hello)
{
	return hello->client == TLS_HELLO_KNOWN;
}

/* hello->minor and hello->suite are known. */
static inline int tls_hello_has_suite(const struct tls_hello *hello)
{
	return hello->server == TLS_HELLO_KNOWN;
}

/* The direction's hello will not be known. */
static inline void tls_hello_miss(struct tls_hello *hello, enum tls_from from)
{
	if (from == TLS_FROM_CLIENT)
		hello->client =
			hello->client == TLS_HELLO_WAITED ? TLS_HELLO_UNKNOWN : hello->client;
	else
		hello->server =
			hello->server == TLS_HELLO_WAITED ? TLS_HELLO_UNKNOWN : hello->server;
}

static inline int tls_hello_client_byte(struct tls_hello *hello, __u8 c)
{
	__u32 at = hello->client_have;

	if ((at == 0 && c != TLS_CLIENT_HELLO) || (at == 4 && c != TLS_MAJOR)) {
		hello->client = TLS_HELLO_UNKNOWN;
		return 1;
	}
	hello->client_have++;
	if (at < TLS_HELLO_RANDOM)
		return 0;
	at -= TLS_HELLO_RANDOM;
	hello->random[at & (TLS_RANDOM_BYTES - 1)] = c;
	if (at < TLS_RANDOM_BYTES - 1)
		return 0;
	hello->client = TLS_HELLO_KNOWN;
	return 1;
}

static inline int tls_hello_server_byte(struct tls_hello *hello, __u8 c)
{
	__u32 at = hello->server_have;

	if ((at == 0 && c != TLS_SERVER_HELLO) || (at == 4 && c != TLS_MAJOR) ||
	    (at == TLS_HELLO_SESSION && c > TLS_HELLO_SESSION_MAX)) {
		hello->server = TLS_HELLO_UNKNOWN;
		return 1;
	}
	hello->server_have++;
	if (at == 5)
		hello->minor = c;
	if (at == TLS_HELLO_SESSION)
		hello->session = c;
	if (at <= TLS_HELLO_SESSION + (__u32)hello->session)
		return 0;
	hello->suite = (__u16)(hello->suite << 8 | c);
	if (at == TLS_HELLO_SESSION + (__u32)hello->session + 1)
		return 0;
	if ((hello->suite & 0xff00) == TLS_SUITE_13 || hello->suite == TLS_SUITE_SM4_GCM ||
	    hello->suite == TLS_SUITE_SM4_CCM)
		hello->minor = TLS_MINOR_13;
	hello->server = TLS_HELLO_KNOWN;
	return 1;
}

/* The next byte of the direction's first handshake message. Returns 1 if no more are needed, known or not. */
static inline int tls_hello_byte(struct tls_hello *hello, enum tls_from from, __u8 c)
{
	return from == TLS_FROM_CLIENT ? tls_hello_client_byte(hello, c) :
					 tls_hello_server_byte(hello, c);
}

#endif
