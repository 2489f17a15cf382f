/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS connections: what is inside, and what is known of the records around it. By the socket's cookie, as programs
 * on functions of processes cannot ask for a socket's storage.
 *
 * The hooks on TCP make and free an entry, and write what the socket shows. The probes of libraries write what the
 * process has read and written in clear. Either may run while the other does: what one of them writes, the other
 * reads only.
 */
#ifndef SLIPROBE_PROTOCOL_TLS_CONNS_BPF_H
#define SLIPROBE_PROTOCOL_TLS_CONNS_BPF_H

#include "abi.h"
#include "abi/tls.h"
#include "kernel/compat.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "protocol/conn.bpf.h"
#include "tls/state.h"

/*
 * Connections may be TLS that is measured. Set by the agent before it loads the programs: where it is not, the verifier
 * leaves out all that belongs to it.
 */
const volatile __u32 tls_built = 1;

/* Programs for TLS are in place: else a connection that begins with TLS is blind. Set by the agent. */
__u32 tls_on;
/* Set by the agent: the kernel has refused the programs on libraries. The next one need not try. */
__u32 tls_refused;

/* From where on a connection is followed. */
enum tls_joined {
	TLS_JOINED_FIRST, /* from its beginning */
	TLS_JOINED_LATE, /* it is older than the programs: its hello is not known */
	TLS_JOINED_ANSWERED, /* it had been answered before its process was probed: see tls_begins() */
};

/* What was read before any plaintext of a request was told, and in no call that is known to read. */
enum tls_unclaimed {
	TLS_UNCLAIMED_NONE,
	TLS_UNCLAIMED_RECORD, /* a record that may be of a request */
	TLS_UNCLAIMED_BYTES, /* something, before records were walked */
};

struct tls_conn {
	struct conn conn; /* what is inside: its exchanges are the connection's */
	struct tls_match match; /* its records, against the plaintext that the process was given */
	__u8 client_random[TLS_RANDOM_BYTES]; /* if hello_seen */
	/* set by the hooks on TCP */
	__u64 arrived_ns; /* when the bytes of the last read that has completed a record arrived */
	__u64 read_ns; /* and when they were read */
	__u64 sent_ns; /* when bytes were handed over last */
	__u32 netns; /* of the socket, and the port that it serves: see who_begin() */
	__u16 port;
	__u8 hello_seen;
	__u8 joined; /* enum tls_joined */
	__u8 peer_unacked; /* at the last send, as in struct flow */
	__u8 closed; /* enum tls_closing: it was, and what is open waits for what was sent and is not told */
	__u8 closed_from; /* as in struct tcp_conn */
	__u8 peer_reset; /* likewise */
	__u32 tgid; /* that has read its first bytes */
	__u32 users; /* probes that are at work on it, and TLS_GONE */
	__u32 untold; /* records were sent in a call that writes, and has not returned: taken by tls_settle() */
	__u8 doubted; /* records that nobody has told as plaintext */
	/* set by probes, or by the hooks on TCP for what the kernel encrypts */
	__u8 told; /* plaintext of it was seen */
	__u8 differs; /* plaintext and records do not agree: it can no longer be followed */
	__u8 sent_since_read; /* as in struct conn, of plaintext */
	__u8 writing; /* a goroutine is inside of Write: what is sent meanwhile is nested in it, on whatever thread */
	/* set by the hooks on TCP: the socket has shown plaintext of that direction (kTLS), and probes tell it no more */
	__u8 kernel_reads;
	__u8 kernel_writes;
	__u8 unclaimed; /* enum tls_unclaimed: set by the hooks on TCP before any read is told */
	__u64 object_random; /* joined late: of the object that was found to be its */
	__u32 settling; /* programs that settle its answers, or have asked for it: see tls_settle_answers() */
	__u32 held; /* the exchange behind those whose answers were told and not sent: see exchanges_hold() */
	__u32 awaited; /* its socket is destroyed, and a call that writes has not returned: see tls_await() */
	__u8 unprobed; /* set by the hooks on TCP: it began before its process was probed, calls may have been missed */
	/* set by probes */
	__u8 by_go; /* its calls are those of Go */
	__u8 read_told; /* plaintext that was read of it was seen */
	__u8 write_told; /* likewise, written */
};

enum {
	TLS_GONE = 1U << 31,
};

/* Which connection a ClientHello's random is of. */
struct tls_random {
	__u64 cookie; /* of the first one */
	__u32 conns; /* that have it, and are not freed */
	__u32 shared; /* more than one has had it: it tells none from the other */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TLS_CONNS_MAX);
	__type(key, __u64);
	__type(value, struct tls_conn);
} tls_conns SEC(".maps");

struct tls_random_key {
	__u8 bytes[TLS_RANDOM_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TLS_CONNS_MAX);
	__type(key, struct tls_random_key);
	__type(value, struct tls_random);
} tls_randoms SEC(".maps");

/* One entry of zeroes, to make new ones from: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tls_conn);
} tls_blank SEC(".maps");

/* The connection; NULL: it is none of TLS, or has ended. */
static __always_inline struct tls_conn *tls_find(__u64 cookie)
{
	return bpf_map_lookup_elem(&tls_conns, &cookie);
}

/* A new entry, zeroed; NULL: there is no room. */
static __always_inline struct tls_conn *tls_create(__u64 cookie)
{
	struct tls_conn *blank;
	__u32 only = 0;

	blank = bpf_map_lookup_elem(&tls_blank, &only);
	if (!blank || bpf_map_update_elem(&tls_conns, &cookie, blank, BPF_NOEXIST)) {
		stat_error(KERR_CONN_ALLOC);
		return NULL;
	}
	return tls_find(cookie);
}

/* The cookie of the one connection whose ClientHello had this random; 0: none, or more than one. */
static __always_inline __u64 tls_find_random(const struct tls_random_key *key)
{
	const struct tls_random *known = bpf_map_lookup_elem(&tls_randoms, key);

	return known && !known->shared ? known->cookie : 0;
}

/* The connection's ClientHello has been read whole: tls->client_random is its. */
static __noinline int tls_name_random(struct tls_conn *tls, __u64 cookie)
{
	struct tls_random first = {.cookie = cookie, .conns = 1};
	struct tls_random_key key;
	struct tls_random *known;

	if (!tls)
		return 0;
	__builtin_memcpy(key.bytes, tls->client_random, sizeof(key.bytes));
	tls->hello_seen = 1;
	if (!bpf_map_update_elem(&tls_randoms, &key, &first, BPF_NOEXIST))
		return 0;
	known = bpf_map_lookup_elem(&tls_randoms, &key);
	if (!known) {
		stat_error(KERR_CONN_ALLOC);
		return 0;
	}
	known->shared = 1;
	__sync_fetch_and_add(&known->conns, 1);
	return 0;
}

/* For a probe, that may be interrupted at any time: an entry that it holds is not freed meanwhile. */
static __always_inline struct tls_conn *tls_hold(__u64 cookie)
{
	struct tls_conn *tls = tls_find(cookie);

	if (!tls)
		return NULL;
	/* freed by now, it may be another connection's */
	if (!(__sync_fetch_and_add(&tls->users, 1) & TLS_GONE) &&
	    tls->conn.open.origin.id == cookie)
		return tls;
	__sync_fetch_and_add(&tls->users, -1);
	return NULL;
}

/* It is held by nobody, and its socket is destroyed. */
static __noinline int tls_free(struct tls_conn *tls)
{
	struct tls_random_key key;
	struct tls_random *known;
	__u64 cookie;

	if (!tls)
		return 0;
	cookie = tls->conn.open.origin.id;
	if (tls->hello_seen) {
		__builtin_memcpy(key.bytes, tls->client_random, sizeof(key.bytes));
		known = bpf_map_lookup_elem(&tls_randoms, &key);
		if (known && __sync_fetch_and_add(&known->conns, -1) <= 1)
			bpf_map_delete_elem(&tls_randoms, &key);
	}
	bpf_map_delete_elem(&tls_conns, &cookie);
	return 0;
}

_Static_assert(sizeof(struct tls_conn) == sizeof(struct conn) + sizeof(struct tls_match) + 112,
	       "tls_conn has no holes");

#endif
