/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the follower of one HTTP/2 connection: where each direction is in its frames and in its header blocks,
 * and what later fields may refer to. It keeps only what an SLI needs.
 *
 * The questions that a user of the follower may ask are in parse.h.
 *
 * HPACK (RFC 7541) counts the entries of its dynamic table from the newest one, and no encoder refers to an
 * entry that the table has evicted. So the last insertions answer every reference, without the table's size, and
 * without evictions: an entry takes 32 bytes of the table at least, a table of 4,096 bytes has 128 at most. An entry
 * that is larger than the table empties it, and here it is an insertion like any other. What an index refers to
 * that is further back, or older than what was seen, is known to be hidden.
 */
#ifndef SLIPROBE_HTTP2_STATE_H
#define SLIPROBE_HTTP2_STATE_H

#include "types.h"

enum {
	HTTP2_PREFACE_BYTES = 24,
	HTTP2_HEADER_BYTES = 9, /* of a frame */
	HTTP2_TYPE_AT = 3, /* of these, the one that tells its type */
	HTTP2_TABLE_BYTES = 4096, /* of the table that each encoder may use, unasked */
	HTTP2_WIDE_BYTES = 65536, /* of the table whose references struct http2_wide answers all */
	HTTP2_ENTRY_BYTES = 32, /* that an entry takes at least */

	/* powers of two: positions are masked */
	HTTP2_RING = 128,
	HTTP2_RING_WIDE = 2048,
	HTTP2_TEXT = 4096,
	HTTP2_SCRATCH = 32,
};

enum http2_side {
	HTTP2_REQUESTS, /* what the client sends */
	HTTP2_RESPONSES,
};

/* Fields of interest. */
enum http2_name {
	HTTP2_NAME_OTHER,
	HTTP2_NAME_METHOD,
	HTTP2_NAME_PATH,
	HTTP2_NAME_STATUS,
	HTTP2_NAME_AGENT,
	HTTP2_NAME_GRPC_STATUS,
	HTTP2_NAME_CONTENT_TYPE,
	HTTP2_NAME_PROTOCOL,
	HTTP2_NAME_CONTENT_LENGTH,
	HTTP2_NAME_AUTHORITY, /* for its text alone */
	HTTP2_NAME_ALT_SVC,
	HTTP2_NAME_HIDDEN, /* it was referred to, and its insertion was not seen */
	HTTP2_NAMES = 16, /* a power of two */
};

/* Media types of interest. */
enum http2_media {
	HTTP2_MEDIA_OTHER,
	HTTP2_MEDIA_GRPC,
	HTTP2_MEDIA_GRPC_WEB, /* the status of an answer with a body is in the body */
};

/* A field's value that is not known; else it is, by name: */
#define HTTP2_UNKNOWN (~0U)
/*
 *	METHOD          enum http_method
 *	PATH, AGENT     the automaton's state behind it
 *	STATUS          the code; 0: it is none
 *	GRPC_STATUS     enum grpc_status
 *	CONTENT_TYPE    enum http2_media
 *	CONTENT_LENGTH  bytes
 *	ALT_SVC         the UDP port at which HTTP/3 is announced, by the first that the connection has told; 0: none
 */

/* An insertion into the dynamic table. */
struct http2_entry {
	__u32 value;
	__u32 at; /* where its text begins, of all texts that were kept so far: see struct http2_conn */
	__u16 text; /* bytes of its text that are kept; 65535: or more */
	__u8 name; /* enum http2_name */
	__u8 pad;
};

/* What a frame is read in. */
enum http2_state {
	HTTP2_HEADER, /* its header, or before it */
	HTTP2_PREFACE, /* before the first frame of the requests */
	HTTP2_PAD_LENGTH,
	HTTP2_PREFIX, /* of a header block: priority, or the promised stream */
	HTTP2_BLOCK, /* a fragment of a header block */
	HTTP2_CONTROL, /* RST_STREAM, GOAWAY: what is of interest of it */
	HTTP2_PAYLOAD, /* what is of no interest */
	HTTP2_PADDING,
	HTTP2_BAD, /* lost: cannot be followed any further */
};

/* Where a header block is, which frames may cut anywhere. */
enum http2_field {
	HTTP2_FIELD, /* before the first byte of a field */
	HTTP2_INTEGER, /* in an integer that goes on behind its first byte */
	HTTP2_NAME_LENGTH,
	HTTP2_NAME,
	HTTP2_NAME_SKIP,
	HTTP2_VALUE_LENGTH,
	HTTP2_VALUE,
	HTTP2_VALUE_SKIP,
};

/* What an integer is. */
enum http2_integer {
	HTTP2_INT_FIELD, /* index of a field */
	HTTP2_INT_NAME, /* index of a field's name */
	HTTP2_INT_SIZE, /* of the dynamic table */
	HTTP2_INT_NAME_LENGTH,
	HTTP2_INT_VALUE_LENGTH,
};

/* Why a direction is HTTP2_BAD. */
enum http2_fault {
	HTTP2_NO_FAULT,
	HTTP2_FAULT_UNSEEN, /* the caller lost it */
	HTTP2_FAULT_PREFACE,
	HTTP2_FAULT_FRAME, /* a header that no frame has */
	HTTP2_FAULT_ORDER, /* a frame inside a header block, or CONTINUATION outside of one */
	HTTP2_FAULT_PADDING, /* longer than its frame */
	HTTP2_FAULT_CUT, /* the block ends inside a field */
	HTTP2_FAULT_INTEGER,
	HTTP2_FAULT_INDEX, /* 0 */
	HTTP2_FAULT_HUFFMAN,
};

/* One direction. */
struct http2 {
	/* frames */
	__u8 state; /* enum http2_state */
	__u8 fault; /* enum http2_fault */
	__u8 type; /* of the frame being read: enum http2_type */
	__u8 flags; /* of it */
	__u8 have; /* bytes of the preface, or of a frame's header, prefix or control payload */
	__u8 pad; /* bytes behind the payload */
	__u8 begun; /* a frame was read */
	__u8 block; /* a header block is open */
	__u8 block_type; /* of the frame that began the last block */
	__u8 block_flags; /* of it */
	__u8 field; /* enum http2_field */
	__u8 integer; /* enum http2_integer that is read; HTTP2_INT_NAME: see `insert` */
	__u8 shift; /* of its next byte */
	__u8 insert; /* the field being read is to be inserted */
	__u8 huffman; /* the string being read is in Huffman's code */
	__u8 name; /* enum http2_name of the field being read */
	__u32 left; /* bytes of the frame's payload, without padding */
	__u32 stream; /* of the frame being read */
	__u32 bytes; /* of the payload: of a DATA frame, without padding */
	__u32 last; /* RST_STREAM's error code, GOAWAY's last stream */
	__u32 table; /* bytes of the dynamic table that the sender has told last */
	union {
		__u8 header_bytes[8]; /* the first ones of a frame's header that is cut */
		__u64 header;
	};
	/* the field being read */
	__u32 number; /* its integer */
	__u32 string; /* bytes of its string that are to come */
	__u32 n; /* bytes of the string's text so far */
	__u32 dfa; /* of a path, or user agent: the automaton's state so far */
	__u32 n_bits; /* of `bits`: those read and not decoded yet, at the low end */
	__u16 seen; /* 1 << enum http2_name: fields of the block */
	__u8 automaton; /* the text goes through it */
	__u8 keeps; /* the text goes to http2_conn.text, too */
	__u8 undecided; /* that automaton is no longer in force */
	__u8 grows; /* HTTP2_EV_GROW is due */
	__u8 event; /* enum http2_event of the last step */
	__u8 turn; /* bytes of the value that the step has read */
	__u8 joined; /* insertions have gone by unseen, or some of their names are hidden: up to `unseen` */
	__u8 pad3[3];
	__u64 bits;
	union {
		__u8 scratch[HTTP2_SCRATCH]; /* the text of a short value; bytes of a name */
		__u64 words[HTTP2_SCRATCH / 8];
	};
	__u32 value[HTTP2_NAMES]; /* by name, of those `seen` */
	/*
	 * By name, of path, user agent and authority: the insertion that the block has made, or referred to, the first one is
	 * 1; 0: none
	 */
	__u32 from[HTTP2_NAMES];
	/* what was inserted */
	__u32 inserted; /* how many so far */
	__u32 unseen; /* if `joined`: insertions up to the last one that is not known */
	struct http2_entry ring[HTTP2_RING];
};

/* What was inserted into a table above HTTP2_TABLE_BYTES, besides `ring`: see http2_widen(). Zeroed before. */
struct http2_wide {
	__u32 from; /* entry of the ring that is the first one here: its number among all */
	__u32 pad4;
	struct http2_entry ring[HTTP2_RING_WIDE];
};

/* Both directions of a connection, zeroed before http2_init(). */
struct http2_conn {
	struct http2 side[2]; /* by enum http2_side */
	__u32 path_start; /* where the automata of requests start */
	__u32 agent_start;
	/* behind "/", "/index.html" and an empty user agent, which the static table has */
	__u32 fixed[4];
	__u32 text_end; /* bytes of `text` so far; the value being read goes behind them */
	__u8 text
		[HTTP2_TEXT]; /* of the last inserted paths, up to '?' or '#', user agents and authorities */
	/* see redecide.h */
	__u32 again_n; /* entries done */
	__u32 again_room; /* bytes of `text` that are kept */
	__u32 again_at; /* next byte of its text */
	__u32 again_left;
	__u32 again_dfa;
};

_Static_assert(sizeof(struct http2_entry) == 12, "http2_entry has no holes");
_Static_assert(sizeof(struct http2_conn) <= 8192, "a connection's state is bounded");

#endif
