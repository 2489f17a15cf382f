/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the functions of a TLS library are probed: the instructions of an ELF file at which a call begins and ends, and
 * how its object is read. Pure: bytes in, sites out. The file is hostile input: every size, count and loop is bounded.
 *
 * A call is probed by sites, never by return probes: at its first instruction, and at each way that it leaves. A
 * function that leaves in a way that cannot be followed is not probed at all, and the reason says so. Of a function
 * that is probed, each call that enters passes exactly one of its return sites, with the result in its register.
 */
#ifndef SLIPROBE_SITES_SITES_H
#define SLIPROBE_SITES_SITES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi/tls.h"
#include "base/error.h"

enum {
	SITES_MAX = 256,
	SITES_NAME_BYTES = 64,
	SITES_MISSING_BYTES = 192,
};

/* An instruction to probe. */
struct site {
	__u64 at; /* its offset in the file */
	__u8 call; /* enum tls_call */
	bool returns; /* the call ends here; else it begins here */
	bool emulated; /* the kernel emulates the instruction; else it takes a single step */
	__u8 pad;
	/*
	 * Of a return: what the stack pointer at the entry is above that at this site, in bytes: 0 at a RET, -8 behind
	 * the call in a caller. A site may also be passed without an entry, or by another call: only a call whose entry
	 * had that stack pointer ends here.
	 */
	__s32 stack;
};

/* What a file has. Only SITES_FOUND has sites; of all others but SITES_NOTHING the reason tells more. */
enum sites_kind {
	SITES_NOTHING, /* no TLS library in this file, it may use one of another file */
	SITES_FOUND,
	SITES_REFUSED, /* a library whose functions cannot be followed with certainty */
	SITES_STRIPPED, /* a library inside an executable, without its symbols */
	SITES_RUSTLS,
	SITES_JAVA, /* a Java virtual machine */
	SITES_GO_REFUSED, /* Go's crypto/tls, without what is needed to find its functions */
	SITES_KINDS,
};

struct sites {
	enum sites_kind kind;
	struct tls_profile profile; /* `file` is left 0 */
	char name[SITES_NAME_BYTES]; /* for people: "OpenSSL 3.0.17"; "" if not known */
	/* Functions of the library that pass plaintext and are not probed, for people: "SSL_read_early_data"; or "". */
	char missing[SITES_MISSING_BYTES];
	bool has_sendfile; /* SSL_sendfile: its plaintext is seen on the socket, with kTLS */
	size_t n;
	struct site list[SITES_MAX]; /* entries of a function before its returns, no offset twice */
};

/*
 * Looks at a regular file that is open for reading; its position is not used. Takes less than a second of CPU, or
 * gives up. Returns 0 with *ret filled and, unless sites were found, why not in *ret_reason. Else, *ret untouched:
 * -ENOEXEC for what is no ELF file of this machine, or a broken one, -EFBIG, -ENOMEM, or as pread() fails.
 */
int sites_find(int fd, struct sites *ret, struct error *ret_reason);

/* What a probe at the site tells its program: abi/tls. */
static inline __u64 site_cookie(const struct site *site, __u16 profile)
{
	return profile | (__u64)site->call << TLS_COOKIE_CALL |
	       (__u64)(__u32)site->stack << TLS_COOKIE_STACK;
}

/* "no TLS library", "rustls", ...: what to call the kind in a line or label. */
const char *sites_kind_word(enum sites_kind kind);

#endif
