/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drives the HTTP/2 follower over one direction of a connection, and keeps one result an event. Compiles for the kernel,
 * too: there as here the walk is that of include/http2/feed.h, which the including file includes first.
 */
#ifndef SLIPROBE_TESTS_HTTP2_DRIVER_H
#define SLIPROBE_TESTS_HTTP2_DRIVER_H

enum {
	HTTP2_RESULTS_MAX = 1 << 11, /* a power of two */
};

struct http2_result {
	__u8 event; /* enum http2_event */
	__u8 type; /* of the frame that ended the event */
	__u8 ends_stream;
	__u8 promise;
	__u8 hidden;
	__u8 grpc; /* enum http2_media */
	__u8 protocol;
	__u8 method; /* enum http_method */
	__u16 status;
	__u16 grpc_status;
	__u32 content; /* bytes that the block says, plus 1; 0: it does not */
	__u32 path; /* automaton's state */
	__u32 agent; /* likewise */
	__u32 stream;
	__u32 number; /* DATA: bytes; RESET: code; GOAWAY: last stream; GROW: bytes; BAD: enum http2_fault */
	__u32 end; /* offset of the byte after it; GROW, BAD: 0 */
};

/* Texts that a block may refer to in the table: path, user agent, authority. */
enum {
	HTTP2_TEXTS = 3,
};

/* One direction's bytes, from a clean state on. */
struct http2_run {
	struct http2_conn conn;
	struct http2_wide wide;
	__u32 widens; /* GROW attaches `wide` */
	__u32 wide_used;
	__u32 side; /* enum http2_side */
	__u32 offset; /* of the next byte in the whole input */
	__u32 pos; /* of the next byte in the piece being fed */
	__u32 faulty; /* the follower broke its contract */
	__u32 announced; /* UDP port at which HTTP/3 is, by the last answer that says so */
	__u32 n_results; /* may exceed HTTP2_RESULTS_MAX */
	struct http2_result results[HTTP2_RESULTS_MAX];
	/* Of requests, not in the kernel: hashes of the texts that a block has in the table; 0: it has none there. */
	__u32 texts[HTTP2_RESULTS_MAX][HTTP2_TEXTS];
};

static inline void http2_run_block(const struct http2_run *run, const struct http2 *p,
				   struct http2_result *result)
{
	result->promise = (__u8)http2_is_promise(p);
	result->hidden = (__u8)http2_hidden(p);
	result->grpc = (__u8)http2_media(p);
	result->protocol = (__u8)http2_has_protocol(p);
	result->status = (__u16)http2_status(p);
	result->grpc_status = (__u16)http2_grpc_status(p);
	result->content = http2_content_length(p) + 1;
	if (run->side != HTTP2_REQUESTS)
		return;
	result->method = (__u8)http2_method(&run->conn);
	result->path = http2_path(&run->conn);
	result->agent = http2_agent(&run->conn);
}

#ifdef __bpf__
static inline void http2_run_texts(struct http2_run *run, const struct http2 *p, __u32 *ret)
{
	(void)run;
	(void)p;
	(void)ret;
}
#else
/* FNV-1a; not 0 */
static inline __u32 http2_text_hash(__u32 hash, __u8 byte)
{
	return (hash ^ byte) * 16777619 | 1;
}

static inline void http2_run_texts(struct http2_run *run, const struct http2 *p, __u32 *ret)
{
	static const enum http2_name names[HTTP2_TEXTS] = {HTTP2_NAME_PATH, HTTP2_NAME_AGENT,
							   HTTP2_NAME_AUTHORITY};

	for (int i = 0; i < HTTP2_TEXTS; i++) {
		__u32 at = 0, n, hash = 1;

		n = http2_entry_text(p, run->wide_used ? &run->wide : NULL, names[i], &at);
		if (!n || run->conn.text_end - at > HTTP2_TEXT)
			continue;
		while (n--)
			hash = http2_text_hash(hash, run->conn.text[at++ & (HTTP2_TEXT - 1)]);
		ret[i] = hash;
	}
}
#endif

/* Takes an event of the follower; `offset` is behind the bytes it has consumed. */
static inline void http2_run_event(struct http2_run *run, __u32 event)
{
	struct http2 *p = &run->conn.side[run->side & 1];
	struct http2_result *result = &run->results[run->n_results & (HTTP2_RESULTS_MAX - 1)];

	if (event == HTTP2_EV_NONE)
		return;
	run->n_results++;
	__builtin_memset(result, 0, sizeof(*result));
	result->event = (__u8)event;
	/* these are known a few bytes later, as the bytes are cut */
	if (event != HTTP2_EV_GROW && event != HTTP2_EV_BAD)
		result->end = run->offset;
	switch (event) {
	case HTTP2_EV_HEADERS:
		http2_run_block(run, p, result);
		if (http2_announced(p))
			run->announced = http2_announced(p);
		if (run->side == HTTP2_REQUESTS)
			http2_run_texts(run, p,
					run->texts[(run->n_results - 1) & (HTTP2_RESULTS_MAX - 1)]);
		break;
	case HTTP2_EV_DATA:
		result->number = http2_data_bytes(p);
		break;
	case HTTP2_EV_RESET:
		result->number = http2_error_code(p);
		break;
	case HTTP2_EV_GOAWAY:
		result->number = http2_last_stream(p);
		return;
	case HTTP2_EV_GROW:
		result->number = http2_table_bytes(p);
		if (run->widens && !run->wide_used) {
			run->wide_used = 1;
			http2_widen(p, &run->wide);
		}
		return;
	default:
		result->number = p->fault;
		if (!http2_is_lost(p))
			run->faulty = 1;
		return;
	}
	result->type = p->type;
	result->stream = http2_stream(p);
	if (event != HTTP2_EV_RESET)
		result->ends_stream = !!http2_ends_stream(p);
}

struct http2_run_piece {
	struct http2_run *run;
	http2_bytes buf;
	__u32 len;
};

/* Feeds up to the next event, and acts upon it. Returns 1 if there is nothing left to do. */
static inline long http2_run_step(__u32 i, struct http2_run_piece *piece)
{
	struct http2_run *run = piece->run;
	__u32 pos = run->pos, len = piece->len;
	__u32 event;

	(void)i;
	if (pos >= len)
		return 1;
	event = http2_feed(&run->conn, run->wide_used ? &run->wide : NULL,
			   (enum http2_side)(run->side & 1), piece->buf, &run->pos, len);
	if (run->pos <= pos || run->pos > len) {
		run->faulty = 1;
		return 1;
	}
	run->offset += run->pos - pos;
	http2_run_event(run, event);
	return 0;
}

/* The caller has set up *run: state, side, automata. */
static inline void http2_run_feed(struct http2_run *run, http2_bytes buf, __u32 len)
{
	struct http2_run_piece piece = {.run = run, .buf = buf, .len = len};

	run->pos = 0;
	HTTP2_REPEAT(len, http2_run_step, &piece);
}

/* Passes up to `len` opaque bytes that are not there to be fed; returns how many. */
static inline __u32 http2_run_unseen(struct http2_run *run, __u32 len)
{
	struct http2 *p = &run->conn.side[run->side & 1];
	__u64 opaque = http2_opaque(p);
	__u32 n = len < opaque ? len : (__u32)opaque;

	if (!n)
		return 0;
	run->offset += n;
	http2_run_event(run, http2_pass(p, n));
	return n;
}

#endif
