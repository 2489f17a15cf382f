/* SPDX-License-Identifier: GPL-2.0-only */
/* Which service a connection belongs to, and the processes that were found to serve. */
#ifndef SLIPROBE_ABI_IDENTITY_H
#define SLIPROBE_ABI_IDENTITY_H

#include "types.h"

enum {
	/* services: 0 none, 1 .. SERVICE_CONFIGURED_MAX configured, above: SERVICE_FOUND + endpoint */
	SERVICE_NONE = 0,
	SERVICE_CONFIGURED_MAX = 4095, /* ids are not reused while the agent runs */
	SERVICE_FOUND = 4096,
	ENDPOINTS_MAX = 2048, /* id 0: all that found no id of their own. Others are used again */

	SERVICES_MAX = SERVICE_FOUND + ENDPOINTS_MAX,

	IDENTITIES_MAX = 16384,
	UNMEASURED_MAX = 1024,

	COMM_BYTES = 16,
	EXE_BYTES = 256, /* a longer path is kept from its end */
};

/* A process that serves a port: key of the cache of decisions. */
struct identity_key {
	__u64 start_ns; /* the process's start: a pid is reused */
	__u32 tgid;
	__u32 exec_id; /* changes with each exec */
	__u32 netns;
	__u32 generation;
	__u16 port;
	__u16 pad[3];
};

struct identity {
	__u16 policy;
	__u16 service; /* SERVICE_NONE: found, no request seen yet */
};

struct endpoint_key {
	__u32 netns;
	__u16 port;
	__u16 pad;
	char process[COMM_BYTES];
};

struct endpoint {
	union {
		struct {
			__u32 id; /* 0: it is about to get one */
			__u32 number; /* of all ids given out it is the number-th: never used again */
		};
		__u64 given; /* both: they are set at once */
	};
	__u32 tgid; /* the last process seen to serve it */
	__u16 service; /* the last service it was counted for */
	__u16 pad;
	char exe[EXE_BYTES]; /* NUL-terminated */
};

struct unmeasured_key {
	struct endpoint_key endpoint;
	__u32 reason; /* enum blind_reason */
};

/* Connections whose requests cannot be seen: they are blind. */
struct blind {
	__u64 connections;
	__u64 last_ns; /* when the last of them was met */
	__u32 tgid; /* the process that served it */
	__u16 service; /* the configured one it is of; SERVICE_NONE: none */
	__u16 pad;
};

_Static_assert(sizeof(struct identity_key) == 32, "identity_key has no holes");
_Static_assert(sizeof(struct endpoint_key) == 24, "endpoint_key has no holes");
_Static_assert(sizeof(struct unmeasured_key) == 28, "unmeasured_key has no holes");
_Static_assert(sizeof(struct blind) == 24, "blind has no holes");

#endif
