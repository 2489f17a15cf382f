/* SPDX-License-Identifier: GPL-2.0-only */
/* What a TLS connection shows from outside: its records. What is inside is in tls_conns. */
#ifndef SLIPROBE_PROTOCOL_TLS_OUTER_BPF_H
#define SLIPROBE_PROTOCOL_TLS_OUTER_BPF_H

#include "kernel/helpers.bpf.h"
#include "tls/state.h"

enum {
	TLS_DIRECTIONS = 2,
	TLS_SENT_MAX = 255,
	TLS_EARLY_MAX = 8, /* a power of two */
};

/* What client and server have sent in turn, of application data: a handshake's is left out, as far as it is known. */
enum tls_turns {
	TLS_UNASKED,
	TLS_ASKED, /* the client has sent a request, it seems */
	TLS_ANSWERED, /* and the server something behind it */
	TLS_ASKED_AGAIN,
	TLS_ANSWERED_AGAIN,
	TLS_WENT_ON, /* and the client once more: the first request was read, if anything was */
};

/* Since when records are walked. */
enum tls_since {
	TLS_SINCE_FIRST,
	TLS_SINCE_LATER, /* the first that was read since there are programs */
	TLS_SINCE_READS, /* something was read before it, by which it was not known */
};

struct tls_outer {
	struct tls_records records[TLS_DIRECTIONS]; /* by enum tls_from */
	struct tls_hello hello;
	__u64 first_read_ns; /* of its first bytes: they may turn out to be none of TLS */
	__u64 queue_ns;
	__u8 speaks; /* the server has sent a record */
	__u8 sent; /* records of application data by the client: at most TLS_SENT_MAX */
	__u8 turns; /* enum tls_turns */
	__u8 late; /* enum tls_since: not 0, it is older than the programs */
	__u8 looks; /* it may be blind, as far as the last record tells */
	__u8 decided; /* it was counted as blind */
	__u8 hidden; /* enum blind_reason: its bytes cannot be seen, for that; 0: they can */
	__u8 n_early; /* of `early`; TLS_EARLY_MAX + 1: there were more */
	/* Lengths of records of application data in the read that the connection began with: early data. */
	__u16 early[TLS_EARLY_MAX];
};

#endif
