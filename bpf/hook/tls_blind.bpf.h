/* SPDX-License-Identifier: GPL-2.0-only */
/* TLS connections that have been answered, and of whose inside nothing is known, or not all of it. */
#ifndef SLIPROBE_HOOK_TLS_BLIND_BPF_H
#define SLIPROBE_HOOK_TLS_BLIND_BPF_H

#include "abi.h"
#include "hook/conns.bpf.h"
#include "hook/tls_wanted.bpf.h"
#include "kernel/helpers.bpf.h"
#include "kernel/ktls.bpf.h"
#include "kernel/policy.bpf.h"
#include "protocol/tls.bpf.h"
#include "protocol/tls_conns.bpf.h"
#include "who/unmeasured.bpf.h"

enum {
	/* programs on ends, which may interrupt each other */
	TLS_END_STATE,
	TLS_END_DESTROYED,
	TLS_END_SLOTS,
};

/* The kernel encrypts what the process reads or writes, and the hooks do not see that. */
static __always_inline void tls_hidden_in_kernel(struct tcp_conn *tcp)
{
	if (ktls_is_hidden(tcp->conn.open.origin.transport))
		tls_outer_of(&tcp->conn)->hidden = BLIND_TLS_KERNEL;
}

/* What was told of a connection is not what its records had. `ends`: nothing more will be told of it. */
static __always_inline bool tls_differs(const struct tls_outer *outer, struct tls_conn *tls,
					bool ends)
{
	const struct tls_records *sent = &outer->records[SIDE_RESPONSE];
	bool is_cut = sent->state == TLS_RECORDS_BODY || sent->have;
	/* a peer that has closed first is not sent all that was written for it */
	bool is_left = tls->peer_reset || tls->closed_from == TCP_CLOSE_WAIT;
	enum tls_end end = is_left || is_cut ? TLS_BROKEN : TLS_ENDED;

	if (tls->differs || tls->doubted)
		return true;
	return ends && !tls->untold &&
	       (tls_match_is_fault(tls_match_settled(&tls->match, TLS_WAY_READ, end)) ||
		tls_match_is_fault(tls_match_settled(&tls->match, TLS_WAY_WRITE, end)));
}

/* Why a connection that has been answered is blind; BLIND_REASON_COUNT: it is not, as far as is known. */
static __always_inline __u32 tls_blind_reason(const struct tls_outer *outer, struct tls_conn *tls,
					      bool ends)
{
	if (outer->hidden)
		return outer->hidden;
	if (outer->turns < TLS_ANSWERED)
		return BLIND_REASON_COUNT;
	if (!tls)
		return BLIND_TLS;
	if (tls->told)
		return tls_differs(outer, tls, ends) ? BLIND_TLS_DIFFERS : BLIND_REASON_COUNT;
	if (tls_read_is_handshake(&tls->match))
		return BLIND_REASON_COUNT;
	if (!tls_is_probed())
		return BLIND_TLS;
	/* a library may have read the request, and nobody has asked it for it yet */
	if (outer->turns < TLS_WENT_ON && !ends)
		return BLIND_REASON_COUNT;
	return tls->joined ? BLIND_TLS_LATE : BLIND_TLS_UNBOUND;
}

/* Nobody has told what it was asked and answered so far. Its process may be probed yet. */
static __always_inline void tls_passed_by(struct tls_conn *tls)
{
	tls_match_unsync(&tls->match, TLS_WAY_READ);
	tls_match_unsync(&tls->match, TLS_WAY_WRITE);
	tls->joined = TLS_JOINED_ANSWERED;
}

/* Counts the connection as blind if it is, once. `ends`: no more will be told of it. In the process's own context. */
static __always_inline int tls_look(struct tcp_conn *tcp, struct tls_conn *tls,
				    struct who_work *who, __u32 ends)
{
	struct tls_outer *outer;
	struct conn *conn;
	__u32 reason;

	if (!tcp || !who)
		return 0;
	outer = tls_outer_of(&tcp->conn);
	if (outer->decided)
		return 0;
	reason = tls_blind_reason(outer, tls, ends);
	if (reason == BLIND_REASON_COUNT)
		return 0;
	outer->decided = 1;
	conn = tls ? &tls->conn : &tcp->conn;
	if (conn_goes_blind(conn))
		blind_note(&conn->served, who, live_generation, reason);
	if (tls && reason == BLIND_TLS)
		tls_passed_by(tls);
	return 0;
}

#endif
