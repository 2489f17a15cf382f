/* SPDX-License-Identifier: GPL-2.0-only */
/* State of one connection, whatever carries it. */
#ifndef SLIPROBE_PROTOCOL_CONN_BPF_H
#define SLIPROBE_PROTOCOL_CONN_BPF_H

#include "abi.h"
#include "exchange/exchange.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/state.bpf.h"
#include "who/served.bpf.h"

/*
 * The hook that finds the connection says whether it is new, old, or of no interest. From then on the
 * protocol changes the mode, by what it reads; but it is the hook that takes CONN_NEW to CONN_HTTP, when
 * something is answered: whatever was read, the answer tells whether this is HTTP.
 */
enum conn_mode {
	CONN_NEW, /* its first bytes were seen, and no whole line of a request yet */
	CONN_SPOKEN, /* its server spoke first, or has switched protocols: HTTP/2, if its preface is next */
	CONN_OLD, /* older than the agent, or lost: joins at its next request */
	CONN_HTTP, /* its requests are counted */
	CONN_IGNORED, /* no server of a protocol that is measured, or a tunnel by now */
};

struct conn {
	__u8 mode; /* enum conn_mode */
	__u8 protocol; /* enum protocol */
	__u8 role; /* enum role */
	__u8 sent_since_read; /* set by the hook on sending, taken by that on reading */
	__u8 peer_gone; /* the peer closed its side, and then reset the connection */
	__u8 dialled; /* this host opened it: its process is no listener */
	__u8 blind; /* it was counted as blind */
	__u8 pad[1];
	struct served served;
	struct exchanges open;
	union protocol_state state;
};

/* Its next operation is told anew whose it is: only then flow->who names it. */
static __always_inline void conn_rename(struct conn *conn)
{
	conn->served.generation = 0;
}

/* True once, for a listener's connection: it is to be counted as blind. */
static __always_inline bool conn_goes_blind(struct conn *conn)
{
	if (conn->dialled || conn->blind)
		return false;
	conn->blind = 1;
	return true;
}

/*
 * An answer that was sent at sent_ns (0: just now) had no peer to take it any more. A library's call tells an answer
 * after it was sent: the peer may have taken it, and left, by then.
 */
static __always_inline bool conn_had_lost_peer(const struct conn *conn, __u64 sent_ns)
{
	return conn->peer_gone && !(sent_ns && sent_ns < conn->open.gone_ns);
}

static __always_inline void conn_ignore(struct conn *conn)
{
	conn->mode = CONN_IGNORED;
}

#endif
