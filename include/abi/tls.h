/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS libraries whose calls are probed: what a probe's cookie says, how the object that a call is given is read, and
 * which processes the kernel side asks the agent to look at.
 */
#ifndef SLIPROBE_ABI_TLS_H
#define SLIPROBE_ABI_TLS_H

#include "identity.h"
#include "types.h"

enum {
	TLS_RANDOM_BYTES = 32, /* client_random: RFC 8446, section 4.1.2 */
	TLS_PROFILES_MAX = 512, /* profile 0 is none */
	TLS_CONNS_MAX = 131072,
	TLS_OBJECTS_MAX = 131072,
	TLS_SCRATCHES_MAX = 64, /* powers of two */
	TLS_SCRATCHES_OF_CPU = 4,
	TLS_WANTED_RING_BYTES = 256 << 10,
	TLS_WANTED_PER_SECOND = 200,
	TLS_KNOWN_MAX = 4096, /* processes */

	/*
	 * A probe's cookie: profile | enum tls_call << TLS_COOKIE_CALL | stack << TLS_COOKIE_STACK. `stack` is of
	 * return sites, 32 bits with a sign: what the stack pointer of the call's entry is above that at the site.
	 */
	TLS_COOKIE_CALL = 16,
	TLS_COOKIE_STACK = 32,
};

/*
 * The functions that are probed, by where a call's plaintext is and how its result tells the number of bytes. The
 * object is the first argument, the buffer the second, its size the third (System V ABI; Go's: AX, BX, CX).
 */
enum tls_call {
	TLS_CALL_NONE,
	TLS_CALL_READ, /* the result is the number, if > 0: SSL_read, gnutls_record_recv */
	TLS_CALL_WRITE, /* likewise: SSL_write, gnutls_record_send */
	TLS_CALL_READ_AT, /* the result is 1, the number is where the fourth argument points: SSL_read_ex */
	TLS_CALL_WRITE_AT, /* likewise: SSL_write_ex; ssl_write_internal before OpenSSL 3.3 */
	TLS_CALL_WRITE_FLAGS_AT, /* by the fifth argument: SSL_write_ex2, ssl_write_internal from OpenSSL 3.3 on */
	TLS_CALL_GO_READ, /* crypto/tls.(*Conn).Read: the result is the number, in AX */
	TLS_CALL_GO_WRITE,
	TLS_CALLS,
};

/*
 * The hooks that see what the sockets carry whose TLS the kernel does (kTLS). Those on tcp_sendmsg() and tcp_recvmsg() do not, as the kernel calls
 * functions of its TLS for them: where there are no tracepoints, programs hang on the exits of these, too.
 */
enum ktls_seen {
	KTLS_UNSEEN,
	KTLS_BY_TRACEPOINTS,
	KTLS_BY_EXITS,
};

enum tls_library {
	TLS_LIBRARY_NONE,
	TLS_LIBRARY_OPENSSL, /* and what has its functions: BoringSSL, LibreSSL */
	TLS_LIBRARY_GNUTLS,
	TLS_LIBRARY_GO,
};

/*
 * How the descriptor is found in a tls.Conn of Go: the interface net.Conn in it has an itab and a pointer to the
 * connection, which is a *net.TCPConn if the itab's type is that one. Offsets are those that the file's own
 * descriptions of its types tell.
 */
struct tls_go {
	__s64 tcp_type; /* address of the type *net.TCPConn, less where the process's code begins (mm->start_code) */
	__u16 conn_at; /* of the interface in the tls.Conn */
	__u16 netfd_at; /* of the pointer to the netFD in the net.TCPConn */
	__u16 sysfd_at; /* of the descriptor in the netFD */
	__u16 pad;
};

/* How the object of one file's functions is read. Written before the file is probed. */
struct tls_profile {
	struct file_id file;
	__u32 random_at; /* of client_random in the object, or in what `random_in` points to */
	__u32 random_in; /* where the object has that pointer; TLS_RANDOM_DIRECT: it is in the object itself */
	__u8 library; /* enum tls_library */
	__u8 has_random; /* else the two above mean nothing */
	__u16 server_at; /* of a byte of the object that tells in which role it is */
	__u8 server_bits; /* of that byte: any is set in a server's object; 0: its role is not known */
	__u8 pad[3];
	struct tls_go go; /* of Go's crypto/tls alone */
};

enum {
	TLS_RANDOM_DIRECT = ~0U,
};

/* A library's object: key of the cache of those whose sockets were found. */
struct tls_object_key {
	__u64 object; /* its address */
	__u64 tgid;
};

struct tls_object {
	__u64 cookie; /* of its socket; 0: it is of none that is measured */
	__u64 random; /* the last bytes of the random that it had then */
};

enum tls_wanted_why {
	TLS_WANTED_LISTENS, /* it has begun to listen */
	TLS_WANTED_SPEAKS, /* it has received a ClientHello, and is not known to be probed */
};

/* A process that the agent is to look at: a record of the ring tls_wanted. */
struct tls_wanted {
	__u64 start_ns; /* of its group leader, as in struct process_key */
	__u32 tgid;
	__u32 why; /* enum tls_wanted_why */
	__u16 port; /* that it listens on, or was spoken to on */
	__u16 pad[3];
	struct file_id exe;
};

/* A process that the agent has looked at: entry of tls_known, by tgid. */
struct tls_known {
	__u64 start_ns; /* of its group leader: a number that is used again is another process's */
	__u32 epoch; /* tls_epoch then */
	__u32 probed; /* what it speaks TLS with is probed */
};

_Static_assert(sizeof(struct tls_known) == 16, "tls_known has no holes");
_Static_assert(sizeof(struct tls_go) == 16, "tls_go has no holes");
_Static_assert(sizeof(struct tls_object_key) == 16, "tls_object_key has no holes");
_Static_assert(sizeof(struct tls_profile) == 48, "tls_profile has no holes");
_Static_assert(sizeof(struct tls_wanted) == 40, "tls_wanted has no holes");

#endif
