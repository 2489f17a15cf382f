/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of a TLS connection from outside of its encryption: the headers of its records, its two hellos, and
 * how much plaintext its records had and its process was given. RFC 8446 (TLS 1.3), RFC 5246 (1.2).
 *
 *	records.h   walks the records of one direction
 *	hello.h     client_random and cipher suite, out of the hellos' bytes
 *	match.h     holds the records of both directions against what the library's calls were given; in parts:
 *	            cipher.h, hidden.h, match_read.h, match_write.h
 *
 * All of it is pure, and compiles for the kernel and for user space.
 */
#ifndef SLIPROBE_TLS_STATE_H
#define SLIPROBE_TLS_STATE_H

#include "abi/tls.h"
#include "types.h"

#ifdef __bpf__
#define TLS_LOOP _Pragma("clang loop unroll(disable)") /* before a loop that must not be unrolled */
#define TLS_SEPARATE                                                                               \
	__attribute__((noinline)) /* of a function that is verified once, not in each caller */
#else
#define TLS_LOOP
#define TLS_SEPARATE static inline
#endif

enum {
	TLS_CHANGE_CIPHER_SPEC = 0x14, /* RFC 8446, section 5.1: the first type of a record */
	TLS_ALERT = 0x15,
	TLS_HANDSHAKE = 0x16,
	TLS_APPLICATION_DATA = 0x17, /* the last of TLS 1.3 */
	TLS_HEARTBEAT = 0x18, /* RFC 6520 */
	TLS_MAJOR = 3,
	TLS_MINOR_MAX = 4,
	TLS_MINOR_13 = 4, /* TLS 1.3; 3: 1.2 */
	TLS_HEADER_BYTES = 5,
	TLS_PLAIN_MAX = 16384,
	TLS_LENGTH_MAX = 16384 + 2048,
};

/* Who has sent what a direction carries. */
enum tls_from {
	TLS_FROM_CLIENT,
	TLS_FROM_SERVER,
};

/* ---- records.h ---- */

enum tls_records_state {
	TLS_RECORDS_HEADER, /* at or in a record's header */
	TLS_RECORDS_BODY, /* its last `left` bytes are still to come */
	TLS_RECORDS_HELLO, /* likewise, and they are bytes of a hello, which has to be read */
	TLS_RECORDS_LATE, /* joined in the middle: headers are looked for where operations begin */
	TLS_RECORDS_LOST, /* cannot be followed any further */
};

/* One direction of a connection. */
struct tls_records {
	__u8 state; /* enum tls_records_state */
	__u8 have; /* bytes of the header that are known */
	__u8 type;
	__u8 late; /* joined in the middle: goes back to TLS_RECORDS_LATE instead of being lost */
	__u16 length; /* of the record's body */
	__u16 left;
};

/* What a step has completed: a set of bits. */
enum tls_event {
	TLS_EV_NONE,
	TLS_EV_HELLO =
		1 << 0, /* this direction's hello is read as far as it matters: see tls_hello_*() */
	TLS_EV_RECORD = 1 << 1, /* a record is whole: its `type` and the `length` of its body */
	TLS_EV_LOST =
		1
		<< 2, /* not TLS, or bytes that had to be seen were not: lost (or late) from here on */
};

/* ---- hello.h ---- */

enum tls_hello_state {
	TLS_HELLO_WAITED, /* not whole yet */
	TLS_HELLO_KNOWN,
	TLS_HELLO_UNKNOWN, /* there was none, or it went by unseen */
};

struct tls_hello {
	__u8 random[TLS_RANDOM_BYTES]; /* of the ClientHello */
	__u8 client; /* enum tls_hello_state */
	__u8 server;
	__u8 client_have; /* bytes of the message that are read */
	__u8 server_have;
	__u8 session; /* length of the ServerHello's session ID */
	__u8 minor; /* its version; a suite of TLS 1.3 says 1.3 */
	__u16 suite; /* its cipher suite */
};

/* ---- match.h ---- */

/* Seen from the process: it reads what the peer sends. */
enum tls_way {
	TLS_WAY_READ,
	TLS_WAY_WRITE,
	TLS_WAYS,
};

enum tls_verdict {
	TLS_MATCHES,
	TLS_PENDING, /* one of the two is ahead, as it may be at that moment; or nothing can be said yet */
	TLS_PLAINTEXT_WITHOUT_RECORD, /* a fault: the plaintext is not this connection's */
	TLS_RECORD_WITHOUT_PLAINTEXT, /* a fault: plaintext went by that no probe has told */
};

/* Why a way is looked at. */
enum tls_end {
	TLS_GOES_ON, /* an answer is complete; more may come */
	TLS_BROKEN, /* the connection is gone, and what was written last may never have been sent */
	TLS_ENDED, /* all was sent: it was closed in order, or the peer has answered to all of it by its next request */
};

/* Where the socket operation was that a record is of. */
enum tls_inside {
	TLS_OUTSIDE, /* in no call of the library that is known to do so */
	TLS_INSIDE, /* in a call that reads, or writes, as it does, on this thread */
	TLS_INSIDE_LATE, /* likewise, but it had begun before: some of the record was sent by then */
};

/* What a record's body has besides plaintext: RFC 8446, section 5.2; RFC 5246, section 6.2.3. */
struct tls_cipher {
	__u16 suite;
	__u8 minor; /* 0: nothing of it is known */
	__u8 overhead; /* at least this much */
	__u8 spread; /* and up to so much more, by padding */
	__u8 finished; /* TLS 1.3: bytes of a Finished message */
	__u8 pad[2];
};

/*
 * Padding of a way's records in TLS 1.3. It is known where all of them are padded to a multiple of one block: those of
 * the handshake are, too, whose sizes have no such divisor by nature.
 */
struct tls_padding {
	__u16 block; /* the greatest common divisor of what was encrypted, by record; 0: none seen */
	__u16 records; /* so many; TLS_PADDING_UNKNOWN: the handshake was not seen */
};

enum tls_match_flag {
	TLS_MATCH_SYNCED = 1 << 0, /* records and calls are in step: a difference is a fault */
	TLS_MATCH_OPEN =
		1 << 1, /* plaintext was told: no handshake but where there is evidence of one */
	TLS_MATCH_FINISHED = 1 << 2, /* read way: the peer's handshake is behind */
	TLS_MATCH_OFF = 1 << 3,
	TLS_MATCH_BULK = 1 << 4, /* read way: `left` is of several records */
	TLS_MATCH_WAITS = 1 << 4, /* write way: a call was told since both were last the same */
	TLS_MATCH_OUTSIDE =
		1 << 5, /* write way: some of what waits for a call was sent outside of any */
	TLS_MATCH_MANY = 1 << 6, /* write way: `hidden` had no room for all */
	TLS_MATCH_TRIED =
		1 << 7, /* write way: the last call has failed, and is to be tried again */
};

enum {
	TLS_RING = 16, /* a power of two */
	TLS_HIDDEN_SUMS = 6,
	TLS_PADDING_UNKNOWN = 0xffff,
};

/*
 * Read way: records wait for the calls that return them. Records and calls may be told by two threads at a time: each
 * writes its own fields. `over` is exchanged.
 */
struct tls_read {
	/* where records are told */
	__u16 body[TLS_RING]; /* lengths of records that no call has had yet */
	__u32 tail; /* of `body`: counts, and does not wrap */
	__u32 over; /* plaintext of those that found no room */
	struct tls_padding padding;
	__u16 asked; /* bits of `body`: came when the process had sent a hidden message, and no plaintext since */
	/* where calls are told */
	__u16 doubt; /* bytes that may have been taken from the wrong record: from padding, or a hidden message */
	__u32 head;
	__u32 left; /* of what a call has had a part of: plaintext, at most */
	__u32 want; /* of the call that is looked at */
	__u8 flags; /* enum tls_match_flag */
	__u8 verdict; /* enum tls_verdict: a fault stays */
	__u8 flights; /* hidden messages of a handshake that were passed */
	__u8 missed; /* plaintext was passed: the call that has had it was not told, nor any before it */
};

/* Write way: whichever of records and calls comes first waits for the other. */
struct tls_write {
	__u64 told; /* plaintext of calls, since the connection began */
	__u64 sent; /* of records, at most, without hidden messages */
	__u32 slack; /* that much less, at least: since both were last the same */
	__u32 hidden[TLS_HIDDEN_SUMS]; /* sums of records since then that may be hidden messages */
	__u32 hides; /* the sum of all of these */
	struct tls_padding padding;
	__u16 records; /* since then */
	__u8 n_hidden;
	__u8 flags;
	__u8 verdict;
	__u8 asked; /* flights of the read way that were there when both were last the same */
	__u8 unproven; /* the first of `hidden`, counted from 1, that is one if the peer answers it by a handshake; 0: none */
	__u8 calling; /* what was sent is of a call that has not been told yet */
	__u8 strays; /* since then a record was sent that was not TLS_INSIDE */
	__u8 pad[3];
};

struct tls_match {
	struct tls_read read;
	struct tls_write write;
	struct tls_cipher cipher;
	__u8 role; /* enum tls_from: what the process is */
	__u8 pad[7];
};

_Static_assert(sizeof(struct tls_records) == 8, "tls_records has no holes");
_Static_assert(sizeof(struct tls_hello) == 40, "tls_hello has no holes");
_Static_assert(sizeof(struct tls_read) == 64, "tls_read has no holes");
_Static_assert(sizeof(struct tls_write) == 64, "tls_write has no holes");
_Static_assert(sizeof(struct tls_match) == 144, "tls_match has no holes");

#endif
