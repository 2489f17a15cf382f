/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What leaves the kernel as an event of its own, through ring buffers: samples of requests, and what is known of
 * the processes that serve. Counts do not depend on any of it: a record that finds no room is counted, and lost.
 *
 * Each record begins with the __u32 `kind`. Times are in ns of CLOCK_MONOTONIC.
 */
#ifndef SLIPROBE_ABI_SAMPLE_H
#define SLIPROBE_ABI_SAMPLE_H

#include "abi/identity.h"
#include "types.h"

enum {
	SAMPLE_HEAD_MAX = 1024, /* bytes of a request's head that are kept, at most */
	SAMPLE_UNKNOWN_32 = 0xffffffff,
	SAMPLE_RATE_MAX = 100000, /* a second */

	VERSIONS_OF_SERVICE = 8, /* told apart; older ones are folded */
};

/* Of the rings: a power of two, and whole pages. */
enum {
	SAMPLES_BYTES = 4 << 20, /* requests of configured services */
	SAMPLES_FOUND_BYTES = 1 << 20, /* of found ones */
};

enum sample_ring {
	SAMPLE_RING,
	SAMPLE_RING_FOUND,
	SAMPLE_RINGS,
};

enum {
	EXCERPTS_MAX = 32768, /* heads of requests that are kept, one a connection: 2 KiB each */
	EXCERPTS_FOUND_MAX = EXCERPTS_MAX / 4, /* of connections of found services */
};

#define SAMPLE_UNKNOWN_64 (~0ULL)

enum record_kind {
	RECORD_SAMPLE = 1, /* struct sample */
	RECORD_PROCESS = 2, /* struct process_facts */
	RECORD_EXIT = 3, /* struct process_exit */
	RECORD_STREAM_HEAD = 4, /* struct stream_head */
};

enum sample_flag {
	SAMPLE_BAD =
		1
		<< 0, /* for an SLO; or, eligible for none: an abort, unanswered, or status_failed() */
	SAMPLE_HEAD_CUT =
		1 << 1, /* more was read than is kept: of the head, unless its end is in `head` */
	SAMPLE_HEAD_PART = 1 << 2, /* its beginning is not known: `head` is empty */
	SAMPLE_THREAD_MOVED = 1 << 3, /* another thread has answered than has read */
	SAMPLE_STREAM = 1 << 4, /* the connection is one of HTTP/2: see struct stream_head */
	SAMPLE_STREAM_HEAD = 1 << 5, /* that is behind the sample; set where the two are joined */
};

/* How much is sampled. Set by the agent while the programs run. */
struct sample_settings {
	__u32 on; /* there is somebody who reads them */
	__u32 bad_per_second; /* of each class of bad requests */
	__u32 good_per_second; /* of each service */
	__u32 head_bytes; /* up to SAMPLE_HEAD_MAX */
};

/* A process, never confused with a later one of the same number, nor with the program it was before an exec. */
struct process_key {
	__u64 start_ns; /* of its leader, since boot */
	__u32 tgid;
	__u32 exec_id;
};

struct sample {
	__u32 kind; /* RECORD_SAMPLE */
	/*
	 * So many requests of its class were counted since the last sample of it, this one included: the sum over a
	 * class's samples is its exact count. The classes of a service: good, and of bad ones one for each SLO that is the
	 * first that they are bad for, and one for those of no SLO. Good ones are counted by each processor for itself.
	 */
	__u32 stands_for;
	__u64 ended_ns;
	__u64 first_read_ns;
	__u64 queue_ns;
	__u64 service_ns;
	__u64 first_byte_ns; /* of the answer, from first_read_ns on; SAMPLE_UNKNOWN_64: there was none */
	__u64 bytes_in; /* of the request, head and body, as far as it was read; SAMPLE_UNKNOWN_64 */
	__u64 bytes_out; /* of the answer, head and body; SAMPLE_UNKNOWN_64 */
	__u64 body_bytes; /* of the answer */
	__u64 bad_slos; /* bit n: the policy's SLO n */
	__u64 eligible_slos; /* likewise: it was good or bad for the SLO */
	/*
	 * The thread was ready, and waited for a CPU, from when the request had arrived until the answer. For the wait before
	 * the read it is what the thread has waited since its last read, queue_ns at most. SAMPLE_UNKNOWN_64
	 */
	__u64 run_delay_ns;
	__u64 connection; /* its id */
	struct process_key process; /* that has answered, or was to */
	__u32 tid;
	__u32 number; /* of the request on its connection, from 1 on */
	__u32 generation; /* of the configuration that `policy`, `route` and `bad_slos` are of */
	__u32 version; /* id, see struct process_facts; 0: not known */
	__u32 rtt_us; /* smoothed; SAMPLE_UNKNOWN_32 */
	__u32 retransmits; /* segments, since the request was read; SAMPLE_UNKNOWN_32 */
	__u32 window_full_ms; /* that the peer's window was full, since then; SAMPLE_UNKNOWN_32 */
	__u16 service; /* id */
	__u16 policy;
	__u16 route;
	__u16 status; /* status.h; 0 unless complete */
	__u8 method; /* enum http_method */
	__u8 role; /* enum role */
	__u8 outcome; /* enum outcome */
	__u8 flags; /* enum sample_flag */
	__u16 local_port;
	__u16 peer_port;
	__u8 peer[16]; /* IPv6, or IPv4 mapped into it; all 0: not known */
	char comm[COMM_BYTES]; /* of the thread */
	__u16 head_bytes; /* that follow */
	__u16 cpu; /* the processor that has counted what a good one stands for */
	__u16 pad[2];
	char head[]; /* the first bytes of the request as they were read, PROXY header included */
};

enum {
	STREAM_BLOCK_MAX = 448, /* bytes of a request's header block that are kept, at most */
	STREAM_TEXT_MAX = 192, /* likewise, of a text of the table */
};

/* Fields that a header block mostly refers to in the table. */
enum stream_text_of {
	STREAM_PATH, /* up to '?' or '#' */
	STREAM_AGENT,
	STREAM_AUTHORITY,
	STREAM_TEXTS,
};

/* A text of the table, plain: the first bytes of it. */
struct stream_text {
	__u16 bytes; /* of all of it, or 65535; 0: there is none */
	__u16 first; /* of those that are kept: so many in `text`, and those behind them in `rest` */
	char text[STREAM_TEXT_MAX];
	char rest[STREAM_TEXT_MAX];
};

/* The head of a sample of HTTP/2: a record of its own, which comes before the sample's. */
struct stream_head {
	__u32 kind; /* RECORD_STREAM_HEAD */
	__u32 number; /* as in the sample */
	__u64 connection; /* likewise */
	__u16 block_bytes; /* of `block` */
	__u8 cut; /* the block goes on */
	__u8 has_texts; /* else the record ends before `texts` */
	char block[STREAM_BLOCK_MAX]; /* fields of RFC 7541, section 6 */
	struct stream_text texts[STREAM_TEXTS];
};

_Static_assert(sizeof(struct stream_text) == 4 + 2 * STREAM_TEXT_MAX, "stream_text has no holes");
_Static_assert(sizeof(struct stream_head) ==
		       20 + STREAM_BLOCK_MAX + STREAM_TEXTS * sizeof(struct stream_text),
	       "stream_head has no holes");
_Static_assert(sizeof(struct process_key) == 16, "process_key has no holes");
_Static_assert(sizeof(struct sample) == 208, "sample has no holes");

#endif
