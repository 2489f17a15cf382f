/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The automata of an HTTP/2 connection's requests: where they start, and, when they are others than before, what becomes
 * of the paths and user agents that were inserted. Their texts are walked again, as far as they are kept; what is
 * not is HTTP2_UNKNOWN from then on. The encoder of a table of HTTP2_TABLE_BYTES refers to none that is not kept.
 *
 * The including file has the definitions of parse.h.
 */
#ifndef SLIPROBE_HTTP2_REDECIDE_H
#define SLIPROBE_HTTP2_REDECIDE_H

#include "dfa.h"
#include "http2/parse.h"
#include "http2/state.h"
#include "http2/table.h"
#include "http2/value.h"
#include "http2/words.h"

enum {
	HTTP2_INDEX_HTML_BYTES = 11,
	HTTP2_AGAIN_BYTES = 4, /* that one step walks */
	/* of all entries and texts */
	HTTP2_AGAIN_STEPS = 2 * HTTP2_RING_WIDE + HTTP2_TEXT / HTTP2_AGAIN_BYTES,
};

/* longer than its text: clang would put it into a mergeable section, which BTF cannot describe */
static const char http2_index_html[14] = "/index.html";

struct http2_again {
	struct http2_conn *conn;
	struct http2_wide *wide;
};

/* The one at hand is done, and has this value. */
static inline __attribute__((always_inline)) void http2_again_set(struct http2_conn *conn,
								  struct http2_wide *wide,
								  __u32 value)
{
	struct http2 *p = &conn->side[HTTP2_REQUESTS];
	__u32 age = conn->again_n++;
	__u32 number = p->inserted - 1 - age;

	if (age < HTTP2_RING)
		p->ring[number & (HTTP2_RING - 1)].value = value;
	if (wide)
		wide->ring[number & (HTTP2_RING_WIDE - 1)].value = value;
}

/* Up to HTTP2_AGAIN_BYTES of the text at hand. */
static inline __attribute__((always_inline)) void http2_again_walk(struct http2_conn *conn,
								   struct http2_wide *wide)
{
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_AGAIN_BYTES; i++) {
		if (!conn->again_left)
			break;
		conn->again_dfa = http2_dfa_next(conn->again_dfa,
						 conn->text[conn->again_at & (HTTP2_TEXT - 1)]);
		conn->again_at++;
		conn->again_left--;
	}
	if (!conn->again_left)
		http2_again_set(conn, wide, conn->again_dfa);
}

/* The next older entry, whose text is `n` bytes from `at` on: see http2_again_step(). */
static inline __attribute__((always_inline)) void http2_again_begin(struct http2_conn *conn,
								    struct http2_wide *wide,
								    __u32 name, __u32 at, __u32 n)
{
	__u32 start = name == HTTP2_NAME_PATH ? conn->path_start : conn->agent_start;

	conn->again_at = at;
	if (n && conn->text_end - at > conn->again_room) {
		http2_again_set(conn, wide, HTTP2_UNKNOWN);
	} else if (name == HTTP2_NAME_PATH &&
		   (!n || conn->text[conn->again_at & (HTTP2_TEXT - 1)] != '/')) {
		http2_again_set(conn, wide, DFA_DEAD);
	} else if (!n) {
		http2_again_set(conn, wide, start);
	} else {
		conn->again_left = n;
		conn->again_dfa = start;
	}
}

/* Returns 1 when all entries are done. */
static long http2_again_step(__u32 i, struct http2_again *again)
{
	struct http2_conn *conn = again->conn;
	struct http2_wide *wide = again->wide;
	const struct http2_entry *entry;

	(void)i;
	if (conn->again_left) {
		http2_again_walk(conn, wide);
		return 0;
	}
	entry = http2_inserted(&conn->side[HTTP2_REQUESTS], wide, conn->again_n);
	if (!entry)
		return 1;
	if (entry->name == HTTP2_NAME_PATH || entry->name == HTTP2_NAME_AGENT)
		http2_again_begin(conn, wide, entry->name, entry->at, entry->text);
	else
		conn->again_n++;
	return 0;
}

/* Of the open block what was decided is not known any more. */
static inline void http2_undecide(struct http2 *p)
{
	if (http2_has(p, HTTP2_NAME_PATH))
		p->value[HTTP2_NAME_PATH] = HTTP2_UNKNOWN;
	if (http2_has(p, HTTP2_NAME_AGENT))
		p->value[HTTP2_NAME_AGENT] = HTTP2_UNKNOWN;
	p->undecided = 1;
}

/*
 * The automata start here from now on. In the middle of a request's header block, what the block has said so far
 * of path and user agent is HTTP2_UNKNOWN, so a caller waits for its end if it can. `wide`: that of the requests.
 */
HTTP2_SEPARATE __u32 http2_redecide(struct http2_conn *conn, struct http2_wide *wide,
				    __u32 path_start, __u32 agent_start)
{
	struct http2_again again = {.conn = conn, .wide = wide};
	__u32 path = path_start;
	struct http2 *p;
	__u32 unread;

	if (!conn)
		return 0;
	p = &conn->side[HTTP2_REQUESTS];
	conn->path_start = path_start;
	conn->agent_start = agent_start;
	conn->fixed[HTTP2_FIXED_ROOT] = http2_dfa_next(path, '/');
	HTTP2_LOOP
	for (__u32 i = 0; i < HTTP2_INDEX_HTML_BYTES; i++)
		path = http2_dfa_next(path, (__u8)http2_index_html[i]);
	conn->fixed[HTTP2_FIXED_INDEX] = path;
	conn->fixed[HTTP2_FIXED_AGENT] = agent_start;
	if (p->block)
		http2_undecide(p);
	/* the text being read has overwritten some */
	unread = p->block && p->field == HTTP2_VALUE && p->automaton && p->keeps ? p->n : 0;
	conn->again_room = unread < HTTP2_TEXT ? HTTP2_TEXT - unread : 0;
	conn->again_n = 0;
	conn->again_left = 0;
	HTTP2_REPEAT(HTTP2_AGAIN_STEPS, http2_again_step, &again);
	return 0;
}

#endif
