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

/* A file as the kernel knows it: a number that is used again for another file comes with another generation. */
struct file_id {
	__u64 ino;
	__u32 dev;
	__u32 generation;
};

/* A question of the agent's: the file that its descriptor is open on. */
struct descriptor {
	__u32 fd;
	__u32 pad;
	struct file_id file; /* the answer */
};

/* What is the host's own: by it, processes in namespaces of somebody else's making are told apart. */
struct host_view {
	struct file_id root; /* its root directory */
	__u32 mnt_ns[2]; /* the first process's, and the agent's */
	__u32 netns[2]; /* likewise */
};

/* Whose process it is; numbers of users are the host's. Read for each new connection. */
struct who_owner {
	__u64 cgroup; /* its id in the cgroup v2 hierarchy */
	__u32 uid; /* effective */
	/*
	 * The user that quotas go by: in a user namespace the one who has made the outermost, so that
	 * the many users of a subordinate range are one. Of one that root has made: `uid`.
	 */
	__u32 quota_uid;
	__u32 mnt_ns; /* inode numbers, as in /proc/PID/ns */
	__u32 user_ns;
	__u8 foreign_mnt_ns : 1; /* its mounts may be of somebody else's making than the host's root */
	__u8 private_mnt_ns : 1; /* it is not the host's own, and not foreign: the host's root has made it */
	__u8 foreign_user_ns; /* it is not the host's */
	__u8 roots_user_ns; /* the host's root has made the outermost one */
	__u8 roots_netns; /* its network namespace is of the host's root's making */
	__u32 outer_user_ns; /* the outermost user namespace around it, but for the host's; 0: none */
};

/* A process that serves a port: key of the cache of decisions. */
struct identity_key {
	__u64 start_ns; /* the process's start: a pid is reused */
	__u64 cgroup; /* these may change while it runs, and are looked at for each new connection */
	__u32 uid;
	__u32 mnt_ns;
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
	__u16 version; /* id, see abi/process; 0: not known */
	__u16 told; /* the epoch in which the process was told of: see who/process */
};

/* What keeps a process from being counted for a configured service that it fits otherwise. */
enum near_lack {
	LACKS_NETNS = 1, /* the socket's network namespace is another one */
	LACKS_MOUNTS = 2, /* its mounts, or those of its executable, are not of the host's making */
};

struct endpoint_key {
	__u32 netns;
	__u32 uid; /* of the process */
	__u16 port;
	__u16 foreign; /* its mount namespace is */
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
	struct who_owner owner; /* of the last process seen to serve it */
	__u32 tgid; /* the last process seen to serve it */
	__u16 service; /* the last service it was counted for */
	__u16 near; /* the configured one that it would be but for `near_lacks`; SERVICE_NONE: none */
	__u32 near_lacks; /* bits: enum near_lack */
	__u32 pad;
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
	__u16 place; /* of its owner, from 1 on: see abi/quota */
	__u32 found; /* it was made for a listener of no configured service */
	__u32 pad;
};

_Static_assert(sizeof(struct file_id) == 16, "file_id has no holes");
_Static_assert(sizeof(struct who_owner) == 32, "who_owner has no holes");
_Static_assert(sizeof(struct identity_key) == 48, "identity_key has no holes");
_Static_assert(sizeof(struct endpoint_key) == 28, "endpoint_key has no holes");
_Static_assert(sizeof(struct unmeasured_key) == 32, "unmeasured_key has no holes");
_Static_assert(sizeof(struct blind) == 32, "blind has no holes");

#endif
