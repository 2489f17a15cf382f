/* SPDX-License-Identifier: GPL-2.0-only */
/* How much plaintext a record of application data may have, by the length of its body. */
#ifndef SLIPROBE_TLS_CIPHER_H
#define SLIPROBE_TLS_CIPHER_H

#include "tls/state.h"

enum {
	TLS_OVERHEAD_13 = 1 + 16, /* type and tag: RFC 8446, section 5.2 */
	TLS_OVERHEAD_13_CCM_8 = 1 + 8,
	TLS_OVERHEAD_GCM = 8 + 16, /* nonce and tag: RFC 5288, section 3; CCM likewise: RFC 6655 */
	TLS_OVERHEAD_CCM_8 = 8 + 8,
	TLS_OVERHEAD_CHACHA = 16, /* RFC 7905, section 2 */
	TLS_OVERHEAD_LEAST = 16, /* a suite that is not known here: the smallest MAC alone */
	TLS_SPREAD_MOST =
		16 + 48 + 16 - TLS_OVERHEAD_LEAST, /* up to IV, the largest MAC, and padding */
};

/* What a body of `length` bytes may hold. */
struct tls_bounds {
	__u32 most;
	__u32 least;
};

static inline struct tls_cipher tls_cipher_exact(__u8 overhead)
{
	return (struct tls_cipher){.overhead = overhead};
}

/* A block cipher with a MAC: RFC 5246, section 6.2.3.2. */
static inline struct tls_cipher tls_cipher_cbc(__u8 minor, __u8 block, __u8 mac)
{
	return (struct tls_cipher){
		.overhead = (__u8)((minor >= 2 ? block : 0) + mac + 1),
		.spread = (__u8)(block - 1),
	};
}

static inline int tls_suite_within(__u16 suite, __u16 first, __u16 last)
{
	return suite >= first && suite <= last;
}

static inline int tls_suite_is_gcm(__u16 suite)
{
	return tls_suite_within(suite, 0x009c, 0x00ad) || tls_suite_within(suite, 0xc02b, 0xc032) ||
	       tls_suite_within(suite, 0xc050, 0xc063) || tls_suite_within(suite, 0xc06a, 0xc06f) ||
	       tls_suite_within(suite, 0xc07a, 0xc093) || tls_suite_within(suite, 0xd001, 0xd002);
}

static inline int tls_suite_is_ccm(__u16 suite)
{
	return tls_suite_within(suite, 0xc09c, 0xc09f) || tls_suite_within(suite, 0xc0a4, 0xc0a7) ||
	       tls_suite_within(suite, 0xc0ac, 0xc0ad) || suite == 0xd005;
}

static inline int tls_suite_is_ccm_8(__u16 suite)
{
	return tls_suite_within(suite, 0xc0a0, 0xc0a3) || tls_suite_within(suite, 0xc0a8, 0xc0ab) ||
	       tls_suite_within(suite, 0xc0ae, 0xc0af) || suite == 0xd003;
}

static inline int tls_suite_is_aes_sha(__u16 suite)
{
	return tls_suite_within(suite, 0x002f, 0x003a) || suite == 0xc004 || suite == 0xc005 ||
	       suite == 0xc009 || suite == 0xc00a || suite == 0xc00e || suite == 0xc00f ||
	       suite == 0xc013 || suite == 0xc014 || suite == 0xc018 || suite == 0xc019;
}

static inline int tls_suite_is_aes_sha256(__u16 suite)
{
	return tls_suite_within(suite, 0x003c, 0x0040) || tls_suite_within(suite, 0x0067, 0x006d) ||
	       (tls_suite_within(suite, 0xc023, 0xc029) && (suite & 1));
}

static inline int tls_suite_is_aes_sha384(__u16 suite)
{
	return tls_suite_within(suite, 0xc024, 0xc02a) && !(suite & 1);
}

static inline int tls_suite_is_3des(__u16 suite)
{
	return suite == 0x000a || suite == 0x0013 || suite == 0x0016 || suite == 0xc008 ||
	       suite == 0xc012;
}

static inline struct tls_cipher tls_cipher_12(__u16 suite, __u8 minor)
{
	if (tls_suite_is_gcm(suite) || tls_suite_is_ccm(suite))
		return tls_cipher_exact(TLS_OVERHEAD_GCM);
	if (tls_suite_is_ccm_8(suite))
		return tls_cipher_exact(TLS_OVERHEAD_CCM_8);
	if (tls_suite_within(suite, 0xcca8, 0xccae))
		return tls_cipher_exact(TLS_OVERHEAD_CHACHA);
	if (tls_suite_is_aes_sha(suite))
		return tls_cipher_cbc(minor, 16, 20);
	if (tls_suite_is_aes_sha256(suite))
		return tls_cipher_cbc(minor, 16, 32);
	if (tls_suite_is_aes_sha384(suite))
		return tls_cipher_cbc(minor, 16, 48);
	if (tls_suite_is_3des(suite))
		return tls_cipher_cbc(minor, 8, 20);
	return (struct tls_cipher){.overhead = TLS_OVERHEAD_LEAST, .spread = TLS_SPREAD_MOST};
}

/* Of the IANA registry of cipher suites. `minor`: of the version; a suite of TLS 1.3 needs none. */
static inline __attribute__((always_inline)) struct tls_cipher tls_cipher_of(__u16 suite,
									     __u8 minor)
{
	struct tls_cipher cipher;

	if (minor >= TLS_MINOR_13) {
		cipher =
			tls_cipher_exact(suite == 0x1305 ? TLS_OVERHEAD_13_CCM_8 : TLS_OVERHEAD_13);
		/* of the suite's hash: SHA-384, else one of 32 bytes; with the message's header */
		cipher.finished = suite == 0x1302 ? 4 + 48 : 4 + 32;
	} else {
		cipher = tls_cipher_12(suite, minor);
	}
	cipher.suite = suite;
	cipher.minor = minor;
	return cipher;
}

/* ---- padding of TLS 1.3 ---- */

/*
 * All records are padded to a multiple of padding->block. Without padding the lengths of a handshake's messages have
 * no divisor: after two records of it, or one and a request, 1 is left, but for a multiple of Finished itself.
 */
static inline int tls_padding_is_known(const struct tls_padding *padding,
				       const struct tls_cipher *cipher)
{
	return padding->block > 1 && padding->records >= 2 &&
	       padding->records != TLS_PADDING_UNKNOWN && padding->block != cipher->finished + 1U;
}

/* The greatest common divisor. */
TLS_SEPARATE __u32 tls_divisor(__u32 a, __u32 b)
{
	TLS_LOOP
	for (__u32 i = 0; i < 32 && b; i++) { /* 22 steps at most, by Lamé, for 16 bits */
		__u32 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A record has come. One of full size is not padded by those who pad. */
static inline void tls_padding_note(struct tls_padding *padding, const struct tls_cipher *cipher,
				    __u32 length)
{
	__u32 inner = length - (cipher->overhead - 1);

	if (cipher->minor < TLS_MINOR_13 || padding->block == 1 || length < cipher->overhead ||
	    inner > TLS_PLAIN_MAX || padding->records == TLS_PADDING_UNKNOWN)
		return;
	padding->block = (__u16)tls_divisor(padding->block, inner);
	if (padding->records < 2)
		padding->records++;
}

static inline struct tls_bounds tls_bounds(const struct tls_cipher *cipher,
					   const struct tls_padding *padding, __u32 length)
{
	struct tls_bounds ret = {};
	__u32 spread = cipher->spread;

	if (tls_padding_is_known(padding, cipher))
		spread = padding->block - 1U;
	if (length > cipher->overhead)
		ret.most = length - cipher->overhead;
	if (ret.most > spread)
		ret.least = ret.most - spread;
	return ret;
}

static inline int tls_bounds_hold(struct tls_bounds bounds, __u64 n)
{
	return n >= bounds.least && n <= bounds.most;
}

#endif
