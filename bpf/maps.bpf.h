/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All maps and globals. Everything a count depends on is preallocated: no count is ever lost because
 * the kernel could not allocate in the middle of a request.
 */
#ifndef SLIPROBE_MAPS_BPF_H
#define SLIPROBE_MAPS_BPF_H

/* State of each TCP connection; freed with its socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct conn);
} conns SEC(".maps");

/* Requests behind another one on the same connection (pipelining). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PENDING_MAX);
	__type(key, struct pending_key);
	__type(value, struct request);
} pending SEC(".maps");

/*
 * ---- counters ----
 *
 * Nearly all requests end in the send hook. What it counts is per CPU, and its own: it needs no lock
 * (counter_add_own()). What other programs count (closed connections, resets, the walk) is in tables of
 * the same layout that they share, *_shared. A count is the sum of both.
 */
#define TWIN_TABLES(name, entries, value_type)                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name SEC(".maps");                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name##_shared SEC(".maps")

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STAT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} stats SEC(".maps");

/* a series' id, given out once: its index in the tables below */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERIES_MAX);
	__type(key, struct series_key);
	__type(value, __u32);
} series_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_IDS);
	__type(key, __u32);
	__type(value, struct series_key);
} series_keys SEC(".maps");

/* ids by a hash of the key: spares looking in `series_ids` for those counted a moment ago */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_RECENT);
	__type(key, __u32);
	__type(value, __u32);
} series_recent SEC(".maps");

TWIN_TABLES(series, SERIES_IDS / BLOCK, struct series_block);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERIES_IDS);
	__type(key, __u32);
	__type(value, struct hist_ids);
} hist_ids SEC(".maps");

TWIN_TABLES(hist, HIST_GROUPS_MAX / BLOCK, struct hist_block);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, SPLITS_MAX);
	__type(key, struct split_key);
	__type(value, __u64);
} splits SEC(".maps");

TWIN_TABLES(slo_counts, SLO_COUNTS_MAX, struct slo_counts);

/* ---- configuration, written by the agent; an entry in use is never changed ---- */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIVE_SLOTS);
	__type(key, __u32);
	__type(value, struct live);
} live SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POLICIES_MAX);
	__type(key, __u32);
	__type(value, struct policy);
} policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLO_CRITERIA_MAX);
	__type(key, __u32);
	__type(value, struct slo_criteria);
} slo_criteria SEC(".maps");

/* the agent sizes these by its configuration before loading */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dfa_state);
} dfa_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dfa_cell);
} dfa_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct accept);
} accepts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct service_set);
} service_sets SEC(".maps");

struct service_port_key {
	__u32 generation;
	__u32 port;
};

/* (generation, port) -> index in service_sets */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERVICE_PORTS_MAX);
	__type(key, struct service_port_key);
	__type(value, __u32);
} service_ports SEC(".maps");

/* set by the walk: policies that open requests are judged by */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POLICIES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} policies_used SEC(".maps");

/* ---- who is who ---- */

/* a cache: what is evicted is decided again */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, IDENTITIES_MAX);
	__type(key, struct identity_key);
	__type(value, struct identity);
} identities SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENDPOINTS_MAX);
	__type(key, struct endpoint_key);
	__type(value, struct endpoint);
} endpoints SEC(".maps");

/* one entry of zeroes to make new ones from: too large for the stack */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct endpoint);
} endpoint_blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UNMEASURED_MAX);
	__type(key, struct unmeasured_key);
	__type(value, __u64);
} unmeasured SEC(".maps");

/* ---- work space ---- */

enum {
	EXE_ROOM = 4096, /* bytes for a path while it is put together; a power of two */
};

struct io {
	__u64 left; /* bytes of the operation not looked at yet */
	__u64 segment; /* user address of the segment's next byte, and how many it has left */
	__u64 segment_left;
	__u64 iov; /* user address of the next iovec, and how many there are */
	__u64 iov_left;
	__u32 pos; /* in buf */
	__u32 len;
	struct chunk chunk;
};

/* what the read going on on this CPU has found before it changed it, see arrival.bpf.h */
struct reading {
	__u64 sock; /* address of the socket being read; 0: none */
	__u64 arrived_us;
	__u32 copied_seq;
	__u32 pad;
};

struct call {
	__u64 regs; /* address of a system call's registers */
	__u64 regs_offset; /* likewise, in the stack of any task; 0: not known yet */
};

struct scratch {
	struct reading reading; /* SCRATCH_RECV's */
	struct call call;
	struct io io;
	struct endpoint_key endpoint_key;
	__u32 exe_pos; /* in exe: where the path begins */
	__u32 dfa;
	char exe[EXE_ROOM + EXE_BYTES];
};

enum scratch_user {
	SCRATCH_RECV,
	SCRATCH_SEND,
	SCRATCH_USERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_USERS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

struct mmsg {
	__u64 vector; /* user address of the mmsghdr array */
	__u32 next; /* message the next operation of this call is for */
	__u32 last_len; /* what the kernel will have written to the message before */
};

/* progress of sendmmsg and recvmmsg calls, by thread */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct mmsg);
} mmsgs SEC(".maps");

enum {
	IGNORED_SLOTS = 1024, /* a power of two */
};

/*
 * Complements of the cookies of sockets found to be of no interest, by the cookies' lower bits: spares
 * looking for their state. Cookies are never used again; no cookie's complement is 0.
 */
__u64 ignored[IGNORED_SLOTS];

/* ---- globals, read or written by the agent through .bss ---- */

__u32 live_generation; /* `live` slot is this modulo LIVE_SLOTS; 0: not configured yet */
__u32 endpoint_last; /* last id given out */
__u32 series_last; /* likewise */
__u32 hist_last; /* likewise */
__u32 hist_groups; /* ids there are, 0 included; set before loading */
__u32 mmsg_seen; /* some process uses sendmmsg or recvmmsg on TCP */
__u64 attached_ns; /* when all hooks were in place */
__u64 tick_ns; /* length of the kernel's jiffy */
__u64 walk_unanswered_ns; /* requests older than this are ended by the walk */
__u64 walk_in_flight; /* result of the walk */
__u32 walk_number; /* of a walk over files, which meets a connection once for each descriptor */

#endif
