/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens on a connection: the bytes of each finished read or write go through the parser of
 * their direction, and what the parser reports moves the queue of open requests.
 *
 * The kernel's own sequence numbers say whether all bytes were seen: `copied_seq` is what the
 * process has consumed, `write_seq` what it has written. Bytes that passed some other way (splice to
 * a pipe, zero-copy receive, a hook the kernel skipped) show as a gap, which is harmless inside a
 * body and known to be a loss elsewhere.
 */
#ifndef SLIPROBE_CONN_BPF_H
#define SLIPROBE_CONN_BPF_H

enum {
	CONN_JOINS = 64, /* message starts tried on a connection older than the agent */
	PUMP_STEPS = 1 << 20,
};

struct pump {
	struct sock *sk;
	struct conn *conn;
	struct scratch *scratch;
	__u64 now_ns;
	__u64 arrived_ns; /* of the bytes being read */
};

static __always_inline void conn_ignore(struct conn *conn)
{
	conn->mode = CONN_IGNORED;
}

/* ---- requests ---- */

static __always_inline void rx_begin(struct pump *pump)
{
	pump->conn->first_read_ns = pump->now_ns;
	pump->conn->queue_ns = pump->now_ns - pump->arrived_ns;
}

static __always_inline void rx_method(struct pump *pump)
{
	struct conn *conn = pump->conn;
	struct policy *policy;
	__u32 index;

	if (conn->generation != live_generation) {
		endpoint_key_of(pump->sk, &pump->scratch->endpoint_key);
		identity_resolve(conn, pump->scratch);
	}
	index = conn->policy;
	policy = bpf_map_lookup_elem(&policies, &index);
	if (!policy) {
		stat_error(KERR_POLICY_MISSING);
		return;
	}
	conn->rx.dfa = policy->path_start;
	conn->rx.ua = policy->ua_start;
}

static __always_inline void conn_unmeasured(struct pump *pump, enum blind_reason reason)
{
	endpoint_key_of(pump->sk, &pump->scratch->endpoint_key);
	unmeasured_note(pump->scratch, reason);
}

static __always_inline void conn_push(struct pump *pump)
{
	struct conn *conn = pump->conn;

	if (conn->service == SERVICE_NONE) {
		endpoint_key_of(pump->sk, &pump->scratch->endpoint_key);
		if (!conn->policy) /* answered before its method was read */
			identity_resolve(conn, pump->scratch);
		endpoint_register(conn, pump->scratch);
	}
	request_push(conn);
}

static __always_inline int rx_bad(struct pump *pump)
{
	struct conn *conn = pump->conn;

	switch (conn->mode) {
	case CONN_NEW:
		if (http1_has_path(conn->rx.sub) && !(conn->rx.flags & HTTP1_PREFACE))
			return 1; /* the answer will tell whether this is HTTP: see conn_sent() */
		if (conn->rx.flags & HTTP1_TLS)
			conn_unmeasured(pump, BLIND_TLS);
		if (conn->rx.flags & HTTP1_PREFACE)
			conn_unmeasured(pump, BLIND_HTTP2);
		conn_ignore(conn);
		break;
	case CONN_OLD:
		http1_reset(&conn->rx);
		if (conn->joins_left)
			conn->joins_left--;
		else
			conn_ignore(conn);
		break;
	default:
		stat_error(KERR_HEAD_UNPARSABLE);
	}
	return 1;
}

static __always_inline void rx_end(struct conn *conn)
{
	http1_reset(&conn->rx);
	conn->promoted = 0;
}

/* Returns 1 if the rest of the operation is of no interest. */
static __noinline int rx_event(struct pump *pump, __u32 event)
{
	struct conn *conn = pump->conn;

	switch (event) {
	case HTTP1_EV_BEGIN:
		rx_begin(pump);
		return 0;
	case HTTP1_EV_METHOD:
		rx_method(pump);
		return 0;
	case HTTP1_EV_LINE:
		conn->mode = CONN_HTTP;
		return 0;
	case HTTP1_EV_HEAD:
		if (!conn->promoted)
			conn_push(pump);
		event = http1_body_begin(&conn->rx, 0);
		if (event == HTTP1_EV_BAD)
			return rx_bad(pump);
		if (event == HTTP1_EV_END)
			rx_end(conn);
		return 0;
	case HTTP1_EV_END:
		rx_end(conn);
		return 0;
	case HTTP1_EV_BAD:
		return rx_bad(pump);
	default:
		return 0;
	}
}

/* ---- responses ---- */

/* A request whose head is on its way, or could not be parsed, can be answered already. */
static __always_inline bool rx_in_head(const struct conn *conn)
{
	__u8 state = conn->rx.state;

	return conn->mode == CONN_HTTP &&
	       ((state > HTTP1_START && state < HTTP1_BODY) || state == HTTP1_BAD) &&
	       !conn->promoted;
}

static __always_inline int tx_bad(struct pump *pump)
{
	struct conn *conn = pump->conn;

	if (conn->head == 1) {
		conn_ignore(conn); /* never was HTTP */
		return 1;
	}
	requests_lose(conn, LOST_BAD_RESPONSE);
	conn->mode = CONN_OLD;
	conn->joins_left = CONN_JOINS;
	conn->promoted = 0;
	http1_reset(&conn->rx);
	http1_reset(&conn->tx);
	return 1;
}

static __always_inline int tx_begin(struct pump *pump)
{
	struct conn *conn = pump->conn;

	if (conn->head != conn->tail || rx_in_head(conn))
		return 0;
	stat_error(KERR_RESPONSE_UNSOLICITED);
	http1_reset(&conn->tx);
	return 1;
}

static __always_inline void tx_end(struct pump *pump)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(pump->sk);
	bool wait = pump->sk->__sk_common.skc_state == TCP_CLOSE_WAIT && tp &&
		    tp->snd_una != tp->write_seq;

	request_answered(pump->conn, wait);
	http1_reset(&pump->conn->tx);
}

static __always_inline int tx_head(struct pump *pump)
{
	struct conn *conn = pump->conn;
	struct request *request;
	__u32 status = conn->tx.status;
	__u32 method = HTTP_METHOD_OTHER;
	bool tunnel;

	if (status < 200 && status != 101) {
		http1_reset(&conn->tx);
		return 0;
	}
	if (conn->head == conn->tail) {
		if (conn->head == 1 && conn->rx.state == HTTP1_BAD && http1_has_path(conn->rx.sub))
			stat_error(KERR_HEAD_UNPARSABLE);
		/* its path may have more to come */
		if (conn->rx.state == HTTP1_PATH || conn->rx.state == HTTP1_BAD)
			conn->rx.dfa = DFA_DEAD;
		conn_push(pump);
		conn->promoted = conn->rx.state != HTTP1_BAD;
	}
	request = request_find(conn, conn->tail);
	if (request)
		method = request->method;
	tunnel = status == 101 || (method == HTTP_METHOD_CONNECT && status < 300);
	if (http1_body_begin(&conn->tx, tunnel || status == 204 || status == 304 ||
						method == HTTP_METHOD_HEAD) != HTTP1_EV_END)
		return 0;
	tx_end(pump);
	if (!tunnel)
		return 0;
	conn_ignore(conn);
	return 1;
}

static __noinline int tx_event(struct pump *pump, __u32 event)
{
	switch (event) {
	case HTTP1_EV_BEGIN:
		return tx_begin(pump);
	case HTTP1_EV_HEAD:
		return tx_head(pump);
	case HTTP1_EV_END:
		tx_end(pump);
		return 0;
	case HTTP1_EV_BAD:
		return tx_bad(pump);
	default:
		return 0;
	}
}

/* ---- the pump ---- */

struct parse {
	struct http1 *parser;
	struct io *io;
	__u32 event; /* enum http1_event of the last step */
};

static long parse_step(__u32 i, struct parse *parse)
{
	struct io *io = parse->io;
	__u32 pos = io->pos, len = io->len;
	__u32 result;

	if (pos >= len || pos >= IO_CHUNK || len > IO_CHUNK)
		return 1;
	result = http1_step(parse->parser, io->buf, pos, len);
	io->pos = pos + http1_result_consumed(result);
	parse->event = http1_result_event(result);
	return parse->event != HTTP1_EV_NONE || http1_opaque(parse->parser);
}

/* Parses the copied bytes up to the first event, opaque bytes, or their end. */
__noinline __u32 parse_chunk(struct http1 *parser, struct io *io)
{
	struct parse parse = {.parser = parser, .io = io};

	if (!parser || !io)
		return HTTP1_EV_NONE;
	bpf_loop(IO_CHUNK, parse_step, &parse, 0);
	return parse.event;
}

/* One step of the walk over an operation's bytes. Returns 1 when there is nothing left to do. */
static __always_inline long pump_step(struct pump *pump, const bool sending)
{
	struct http1 *parser = sending ? &pump->conn->tx : &pump->conn->rx;
	struct io *io = &pump->scratch->io;
	__u64 opaque = http1_opaque(parser);
	__u32 event;
	__u64 n;

	if (io->pos < io->len) {
		n = io->len - io->pos;
		if (opaque) {
			n = n < opaque ? n : opaque;
			io->pos += n;
			event = http1_pass(parser, n);
		} else {
			event = parse_chunk(parser, io);
		}
	} else {
		if (!io->left)
			return 1;
		if (!io->segment_left)
			return !io_next_segment(io);
		n = io->segment_left < io->left ? io->segment_left : io->left;
		if (!opaque)
			return !io_copy(io, n);
		n = n < opaque ? n : opaque;
		io_advance(io, n);
		event = http1_pass(parser, n);
	}
	if (event == HTTP1_EV_NONE)
		return 0;
	if (sending ? tx_event(pump, event) : rx_event(pump, event)) {
		io->left = 0; /* on purpose: the rest is not looked at */
		return 1;
	}
	return 0;
}

static long rx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump, false);
}

static long tx_pump_step(__u32 i, struct pump *pump)
{
	return pump_step(pump, true);
}

/*
 * `n` bytes passed without their payload being readable. Inside a body that is all the same;
 * elsewhere the direction can no longer be followed. Returns false then.
 */
static __always_inline bool rx_unseen(struct pump *pump, __u64 n)
{
	struct http1 *rx = &pump->conn->rx;

	if (http1_opaque(rx) < n)
		return false;
	rx_event(pump, http1_pass(rx, n));
	return true;
}

static __always_inline bool tx_unseen(struct pump *pump, __u64 n)
{
	struct http1 *tx = &pump->conn->tx;

	if (http1_opaque(tx) < n)
		return false;
	tx_event(pump, http1_pass(tx, n));
	return true;
}

/* ---- receiving ---- */

/* First operation seen on a socket: is it a server's, and from its beginning? */
static __noinline struct conn *conn_create(struct sock *sk, struct tcp_sock *tp, __u32 received)
{
	__u64 unread, consumed;
	struct conn *conn;

	if (!sk || !tp)
		return NULL;
	conn = bpf_sk_storage_get(&conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!conn) {
		stat_error(KERR_CONN_ALLOC);
		return NULL;
	}
	unread = tp->rcv_nxt - tp->copied_seq;
	consumed = tp->bytes_received - unread;
	conn->rx_seq = tp->copied_seq - received;
	conn->tx_seq = tp->write_seq;
	conn->cookie = bpf_get_socket_cookie(sk);
	conn->tx.flags = HTTP1_RESPONSE;
	conn->head = 1;
	conn->tail = 1;
	conn->done = 1;
	conn->joins_left = CONN_JOINS;
	conn->mode = CONN_OLD;
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		conn->mode = CONN_IGNORED; /* NFS and the like: not the process's own bytes */
	else if (received && consumed <= (__u64)received + 1)
		conn->mode = CONN_NEW; /* + 1: a FIN counts as one byte */
	else if (!received && consumed == 0)
		conn->mode = CONN_IGNORED; /* writes first: a client, or not HTTP */
	return conn;
}

/*
 * Not a TCP socket. One of MPTCP that reads first is a server's: noted once, on both sides of it a
 * mark keeps the later operations cheap.
 */
static __always_inline int conn_other_protocol(struct sock *sk, bool reading)
{
	__u32 zero = SCRATCH_RECV;
	struct pump pump = {.sk = sk};

	if (sk->sk_protocol != IPPROTO_MPTCP)
		return 0;
	pump.conn = bpf_sk_storage_get(&conns, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!pump.conn) {
		stat_error(KERR_CONN_ALLOC);
		return 0;
	}
	conn_ignore(pump.conn);
	pump.scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (reading && pump.scratch)
		conn_unmeasured(&pump, BLIND_MPTCP);
	return 0;
}

static __always_inline void rx_resync(struct conn *conn)
{
	if (conn->rx.state == HTTP1_BAD && conn->turn && conn->head == conn->tail)
		rx_end(conn);
	conn->turn = 0;
}

static __always_inline int conn_received(struct sock *sk, int ret, int flags)
{
	__u32 zero = SCRATCH_RECV;
	struct pump pump = {.sk = sk};
	struct tcp_sock *tp;
	struct conn *conn;
	__u32 gap;
	int found;

	if (ret <= 0) {
		io_failed();
		return 0;
	}
	if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB))
		return 0;
	/* a lingering close: what is read after our FIN is thrown away, and can have no answer */
	if (sk->sk_shutdown & SEND_SHUTDOWN)
		return 0;
	conn = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (conn && conn->mode == CONN_IGNORED)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return conn_other_protocol(sk, true);
	if (!conn)
		conn = conn_create(sk, tp, ret);
	if (!conn || conn->mode == CONN_IGNORED)
		return 0;
	pump.conn = conn;
	pump.scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!pump.scratch) {
		stat_error(KERR_SCRATCH);
		return 0;
	}
	pump.now_ns = bpf_ktime_get_ns();
	pump.arrived_ns = arrival_ns(sk, tp, ret, pump.now_ns);

	gap = tp->copied_seq - conn->rx_seq - ret;
	conn->rx_seq = tp->copied_seq;
	if (gap == 1 && (sk->sk_shutdown & RCV_SHUTDOWN))
		gap = 0; /* the FIN was consumed too */
	if (conn->mode == CONN_OLD) {
		/* only a read that begins a turn can begin a request, or go on with its head */
		if (!conn->turn && conn->rx.state == HTTP1_START && conn->joins_left < CONN_JOINS)
			return 0;
		gap = 0;
	}
	rx_resync(conn);
	if ((__s32)gap < 0) {
		stat_error(KERR_SEQ_BACK);
	} else if (gap && !rx_unseen(&pump, gap)) {
		stat_error(KERR_RX_GAP);
		conn->rx.state = HTTP1_BAD;
	}

	found = io_init(&pump.scratch->io, sk, ret);
	if (found != IO_FOUND || (flags & MSG_TRUNC)) {
		if (rx_unseen(&pump, ret))
			return 0;
		if (conn->mode == CONN_HTTP) {
			stat_error(KERR_NO_BUFFER);
			conn->rx.state = HTTP1_BAD;
			return 0;
		}
		if (conn->mode == CONN_OLD && found != IO_URING && found != IO_COMPAT)
			return 0;
		conn_unmeasured(&pump, found == IO_URING    ? BLIND_IO_URING
				       : found == IO_COMPAT ? BLIND_COMPAT
							    : BLIND_OPAQUE);
		conn_ignore(conn);
		return 0;
	}
	bpf_loop(PUMP_STEPS, rx_pump_step, &pump, 0);
	if (pump.scratch->io.left && conn->mode == CONN_HTTP) {
		stat_error(KERR_PUMP_LIMIT);
		conn->rx.state = HTTP1_BAD;
	}
	return 0;
}

/* ---- sending ---- */

/* The socket is closed: what is still open will never be answered. */
static __always_inline void conn_closed(struct sock *sk, struct conn *conn, bool gone)
{
	bool peer_first = conn->peer_reset || conn->old_state == TCP_CLOSE_WAIT;
	struct ending how = {
		.outcome = peer_first ? OUTCOME_CLIENT_ABORT : OUTCOME_SERVER_ABORT,
		.answered = conn->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE,
		.gone = gone,
		.lost = -1,
	};

	requests_end(conn, &how);
}

/*
 * The first thing seen of an older connection is a send, though what it answers arrived after we
 * were there: the process was inside the read already when the exit of that was hooked. The request
 * is counted without its method and route, if what is sent is a response.
 */
static __always_inline void conn_join_answering(struct conn *conn, struct tcp_sock *tp, __u32 sent)
{
	__u64 age_ns = arrival_age_ticks(tp) * tick_ns;
	__u64 now_ns = bpf_ktime_get_ns();

	if (age_ns > now_ns || now_ns - age_ns < attached_ns + ARRIVAL_SLACK_TICKS * tick_ns)
		return;
	conn->mode = CONN_HTTP;
	conn->rx.state = HTTP1_BAD;
	conn->first_read_ns = now_ns - age_ns;
	conn->tx_seq -= sent;
}

static __always_inline int conn_sent(struct sock *sk, int ret)
{
	__u32 one = SCRATCH_SEND;
	struct pump pump = {.sk = sk};
	struct tcp_sock *tp;
	struct conn *conn;
	__u32 gap;

	conn = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (ret <= 0) {
		io_failed();
		if (conn && sk->__sk_common.skc_state == TCP_CLOSE)
			conn_closed(sk, conn, false);
		return 0;
	}
	if (conn && conn->mode == CONN_IGNORED)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return conn_other_protocol(sk, false);
	if (!conn) {
		conn = conn_create(sk, tp, 0);
		if (!conn)
			return 0;
		if (conn->mode == CONN_OLD)
			conn_join_answering(conn, tp, ret);
	}
	conn->turn = 1;
	gap = tp->write_seq - conn->tx_seq - ret;
	/* "GET /..." has come, but no end of the line, or none that makes sense */
	if (conn->mode == CONN_NEW &&
	    http1_has_path(conn->rx.state == HTTP1_BAD ? conn->rx.sub : conn->rx.state))
		conn->mode = CONN_HTTP;
	if (conn->mode != CONN_HTTP) {
		conn->tx_seq = tp->write_seq;
		/* a server that speaks before it has read a request is none of HTTP */
		if (conn->mode == CONN_NEW)
			conn_ignore(conn);
		return 0;
	}
	pump.conn = conn;
	pump.scratch = bpf_map_lookup_elem(&scratches, &one);
	if (!pump.scratch) {
		stat_error(KERR_SCRATCH);
		return 0;
	}
	pump.now_ns = bpf_ktime_get_ns();

	if ((__s32)gap < 0) {
		stat_error(KERR_SEQ_BACK);
	} else if (gap && !tx_unseen(&pump, gap)) {
		stat_error(KERR_TX_GAP);
		requests_lose(conn, LOST_UNSEEN_BYTES);
		tx_bad(&pump);
		conn->tx_seq = tp->write_seq;
		return 0;
	}
	if (io_init(&pump.scratch->io, sk, ret) != IO_FOUND) {
		if (!tx_unseen(&pump, ret)) {
			stat_error(KERR_NO_BUFFER);
			requests_lose(conn, LOST_UNREADABLE);
			tx_bad(&pump);
		}
	} else {
		bpf_loop(PUMP_STEPS, tx_pump_step, &pump, 0);
		if (pump.scratch->io.left && conn->mode == CONN_HTTP) {
			stat_error(KERR_PUMP_LIMIT);
			requests_lose(conn, LOST_UNREADABLE);
			tx_bad(&pump);
		}
	}
	conn->tx_seq = tp->write_seq;
	if (sk->__sk_common.skc_state == TCP_CLOSE)
		conn_closed(sk, conn, false);
	return 0;
}

/* ---- closing ---- */

/*
 * A change of TCP state, before it takes place. Runs in any context, also in the middle of a send on
 * the same socket: the peer gets the last byte and closes before the send hook has seen it. So an
 * open request is ended here only if the bytes written are the bytes seen; else the send hook, or at
 * last the socket's destruction, ends it.
 */
static __always_inline int conn_state(struct sock *sk, int old_state, int new_state)
{
	struct ending how = {.lost = -1};
	struct tcp_sock *tp;
	struct conn *conn;
	int error;

	if (new_state != TCP_FIN_WAIT1 && new_state != TCP_LAST_ACK && new_state != TCP_CLOSE)
		return 0;
	conn = bpf_sk_storage_get(&conns, sk, 0, 0);
	if (!conn || conn->head == conn->done)
		return 0;
	if (new_state == TCP_FIN_WAIT1) {
		/* we close first */
		how.outcome = OUTCOME_SERVER_ABORT;
		how.answered = OUTCOME_COMPLETE;
		how.at_close = 1 + OUTCOME_COMPLETE;
		requests_end(conn, &how);
		return 0;
	}
	if (new_state == TCP_LAST_ACK) {
		/* the peer closed its side first; whether it is still there shows at TCP_CLOSE */
		conn->old_state = TCP_CLOSE_WAIT;
		return 0;
	}
	error = sk->sk_err;
	if (old_state == TCP_ESTABLISHED || old_state == TCP_CLOSE_WAIT)
		conn->old_state = old_state;
	conn->peer_reset = error != 0 && error != ECONNABORTED;
	tp = bpf_skc_to_tcp_sock(sk);
	if (conn->peer_reset && old_state != TCP_LAST_ACK && tp && tp->write_seq != conn->tx_seq)
		return 0;
	if (old_state == TCP_LAST_ACK) {
		how.outcome = OUTCOME_CLIENT_ABORT;
		how.answered = conn->peer_reset ? OUTCOME_CLIENT_ABORT : OUTCOME_COMPLETE;
		how.at_close = 1 + how.answered;
		requests_end(conn, &how);
		return 0;
	}
	conn_closed(sk, conn, false);
	return 0;
}

/* No process can reach the socket any more: nothing is in flight on it after this. */
static __always_inline int conn_destroyed(struct sock *sk)
{
	struct conn *conn = bpf_sk_storage_get(&conns, sk, 0, 0);

	if (!conn || conn->head == conn->done)
		return 0;
	/* the kernel skips the state hook in a soft interrupt that has interrupted it */
	if (!conn->old_state && !conn->peer_reset)
		conn->peer_reset = sk->sk_err != 0 && sk->sk_err != ECONNABORTED;
	conn_closed(sk, conn, true);
	return 0;
}

#endif
