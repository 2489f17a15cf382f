/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the HTTP/1.x parser: one struct http1 follows one direction of one connection through any
 * number of messages. It keeps only what an SLI needs: method, route, status, framing, body length.
 *
 * The questions that a user of the parser may ask about `state` are in parse.h.
 */
#ifndef SLIPROBE_HTTP1_STATE_H
#define SLIPROBE_HTTP1_STATE_H

#include "types.h"

enum http1_state {
	HTTP1_START, /* between messages: empty lines are skipped */
	/* a header of the PROXY protocol */
	HTTP1_PROXY_LINE, /* version 1: the rest of its line */
	HTTP1_PROXY, /* version 2: behind the first 0 of its signature, up to its length */
	HTTP1_PROXY_REST, /* its last `left` bytes */
	/* request line */
	HTTP1_METHOD,
	HTTP1_TARGET, /* its first byte */
	HTTP1_ABSOLUTE, /* absolute-, authority- or asterisk-form, before the path */
	HTTP1_PATH,
	HTTP1_QUERY,
	HTTP1_VERSION,
	/* status line */
	HTTP1_STATUS_VERSION,
	HTTP1_STATUS_CODE,
	/* head */
	HTTP1_START_LINE_REST,
	HTTP1_LINE, /* first byte of a header line */
	HTTP1_NAME, /* could still become a header that matters */
	HTTP1_SKIP, /* rest of a header line that does not matter */
	HTTP1_LENGTH,
	HTTP1_CODING,
	HTTP1_AGENT,
	HTTP1_CONNECTION,
	HTTP1_ALT_SVC, /* of a response */
	HTTP1_HEAD_LF,
	/* body */
	HTTP1_BODY, /* `left` bytes by Content-Length */
	HTTP1_BODY_CLOSE, /* until the connection closes */
	HTTP1_CHUNK_SIZE,
	HTTP1_CHUNK_EXTENSION,
	HTTP1_CHUNK_DATA,
	HTTP1_CHUNK_END,
	HTTP1_TRAILER, /* first byte of a trailer line */
	HTTP1_TRAILER_LF,
	HTTP1_TRAILER_SKIP,
	HTTP1_BAD, /* lost: cannot be followed any further */
};

enum http1_flag {
	HTTP1_RESPONSE = 1 << 0, /* direction: responses, else requests */
	HTTP1_HAS_LENGTH = 1 << 1,
	HTTP1_BAD_LENGTH = 1 << 2,
	HTTP1_HAS_CODING = 1 << 3,
	HTTP1_CHUNKED = 1 << 4,
	HTTP1_PREFACE = 1 << 5, /* BAD because it is HTTP/2's connection preface */
	HTTP1_TLS = 1 << 6, /* BAD because it looks like a TLS record */
	HTTP1_READY = 1 << 7, /* `dfa` and `ua` are where they start already: see http1_ready() */
};

/* What a head says of the connection: RFC 9112, section 9.3. */
enum http1_connection {
	HTTP1_OLD = 1 << 0, /* its version is HTTP/1.0 */
	HTTP1_CLOSE = 1 << 1, /* options of its Connection header */
	HTTP1_KEEP_ALIVE = 1 << 2,
	HTTP1_CHUNKED_ONCE = 1 << 6, /* chunked is among its codings, but not the last one */
};

/* Headers that matter. */
enum http1_name {
	HTTP1_NAME_LENGTH,
	HTTP1_NAME_CODING,
	HTTP1_NAME_AGENT,
	HTTP1_NAME_CONNECTION,
	HTTP1_NAME_ALT_SVC, /* of a response */
	HTTP1_NAME_OTHER,
};

struct http1 {
	__u8 state; /* enum http1_state */
	__u8 flags; /* enum http1_flag */
	/* position inside whatever `state` matches; HTTP1_BAD: see http1_lost_in(), HTTP1_START: http1_has_begun() */
	__u8 sub;
	__u8 name; /* enum http1_name: this line's header; at its start: the last line's */
	__u16 status;
	__u8 method; /* enum http_method */
	__u8 connection; /* enum http1_connection; not known before the version is */
	/* path automaton: state so far, final once the path has ended; in a response's head: see http1_announced() */
	__u32 dfa;
	__u32 ua; /* User-Agent automaton likewise; DFA_DEAD: header not looked at */
	__u64 left; /* bytes of body or chunk to come; method token, or a length, while it is read */
	__u64 body; /* body bytes passed; in the head: Content-Length */
};

#endif
