/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that serve, and the versions that they are of: see bpf/who/process.bpf.h. Times are in ns of
 * CLOCK_MONOTONIC, unless they are a file's.
 *
 * A version of a service is what its processes have in common that do not differ in `facts`: the version that they
 * were told by their environment; else, for an interpreter, the program that was started, with all that it has forked;
 * else the executable, as a file. It has an id as long as it is counted. Several ids may turn out to be one version by
 * name: that is for the agent to see, which adds them up.
 */
#ifndef SLIPROBE_ABI_PROCESS_H
#define SLIPROBE_ABI_PROCESS_H

#include "abi/identity.h"
#include "abi/policy.h"
#include "abi/sample.h"
#include "types.h"

enum {
	/* versions: ids from 1 on */
	VERSIONS_MAX = 4096,
	VERSIONS_FOUND_MAX = 1024, /* of all found services */
	VERSION_IDS_OF_SERVICE =
		64, /* of a configured service: restarts of interpreters included */
	VERSION_IDS_OF_FOUND = 4,
	VERSION_SLOTS = 2, /* SLOs of a version that are counted without a search; a power of two */
	VERSION_SLOS_MAX = 16384, /* pairs of a version and another SLO */

	SERVING_MAX = 16384, /* processes whose end is told */
	IMAGES_MAX = 4096,

	PROCESSES_RING_BYTES = 256 << 10,
	PROCESSES_PER_SECOND = 20, /* told of a service */

	BUILD_ID_BYTES = 20,
	TOLD_BYTES = 128, /* a longer version is cut */
	ARGS_BYTES = 512,

	ENV_NAMES_MAX = 8, /* that a version is looked for under */
	ENV_VERSION = 0, /* OTEL_SERVICE_VERSION */
	ENV_ATTRIBUTES = 1, /* OTEL_RESOURCE_ATTRIBUTES, of which service.version alone is taken */
	ENV_CONFIGURED = 2, /* and up */
	ENV_NAME_BYTES = 64, /* '=' included */

	INTERPRETERS_MAX = 32,
};

#define VERSION_ATTRIBUTE "service.version="

/* FNV-1a, by which names are told apart in the kernel: of variables, and of interpreters. */
#define PROCESS_HASH_BASIS 0xcbf29ce484222325ULL
#define PROCESS_HASH_PRIME 0x100000001b3ULL

enum build_id_kind {
	BUILD_ID_NONE, /* it has none, or it could not be read */
	BUILD_ID_GNU, /* bytes */
	BUILD_ID_GO, /* the beginning of its text */
};

/* A file as it was when the process was first seen. */
struct file_facts {
	__u64 ino;
	__u64 bytes;
	__u64 changed_ns; /* mtime, since 1970 */
	__u32 dev;
	__u32 generation;
};

struct process_facts {
	__u32 kind; /* RECORD_PROCESS */
	__u32 parent_tgid;
	struct process_key process;
	/* the process from which it was forked, and did not exec since: a master's workers have it in common */
	__u64 root_start_ns;
	__u32 root_tgid;
	__u32 uid;
	__u64 seen_ns;
	__u64 facts; /* a hash, see above */
	struct file_facts exe;
	__u16 service; /* id */
	__u16 version; /* id; 0: there are too many */
	__u16 port;
	__u16 args_bytes;
	__u8 told_by; /* 1 + ENV_*: the variable that `told` is of; 0: none */
	__u8 interpreter;
	__u8 foreign_mnt_ns; /* its paths are not the host's */
	__u8 build_id_kind; /* enum build_id_kind */
	__u8 build_id_bytes;
	__u8 build_id[BUILD_ID_BYTES];
	__u8 pad[7];
	char comm[COMM_BYTES]; /* of its leader */
	char told[TOLD_BYTES]; /* NUL-terminated, as those below but `args` */
	char exe_path[EXE_BYTES];
	char cwd[EXE_BYTES];
	char cgroup[EXE_BYTES];
	char args[ARGS_BYTES]; /* args_bytes of them, each ended by NUL; the last may be cut */
};

/* A process of which process_facts have been told has ended. */
struct process_exit {
	__u32 kind; /* RECORD_EXIT */
	__u32 code; /* as of wait(2) */
	struct process_key process;
	__u64 ended_ns;
	__u32 oom; /* the kernel has chosen it when it was out of memory */
	__u32 pad;
};

/* Key of `version_ids`. */
struct version_key {
	__u64 facts;
	__u64 service; /* id */
};

/* What is known of a version: entry of `versions`. */
struct version {
	struct version_key key; /* service 0: nobody has the id */
	__u64 first_ns;
	struct file_facts exe;
	__u8 told_by;
	__u8 interpreter;
	__u8 build_id_kind;
	__u8 build_id_bytes;
	__u8 build_id[BUILD_ID_BYTES];
	char told[TOLD_BYTES];
	char exe_path[EXE_BYTES];
};

enum {
	VERSION_NAME_BYTES = 40,
	SCRIPT_BYTES = 256,
};

/* What an agent has found out of a version, for the next one: entry of `version_notes`. The kernel does not look. */
struct version_note {
	__u64 last_ns; /* when its counters were last seen to move */
	__u32 kind; /* of agent/version_name; 0: nothing is noted */
	__u32 waits; /* the id was given back, and waits for an hour */
	char name[VERSION_NAME_BYTES];
	char script[SCRIPT_BYTES];
};

/* Requests of a version, on one CPU: `shared` by all programs but that on sending. */
struct version_requests {
	__u64 sent;
	__u64 shared;
};

/*
 * An SLO's counters, as versions name them: index in `slo_counts` + 1, and above it how often that index has become
 * another SLO's, so that what was counted for a former one is not taken for this one's.
 */
static inline __u32 version_slo_name(__u32 slo, __u16 birth)
{
	return (slo + 1) | (__u32)birth << 16;
}

static inline __u32 version_slo_index(__u32 name)
{
	return (name & 0xffff) - 1;
}

/* Key of `version_slos`. */
struct version_slo_key {
	__u32 slo; /* version_slo_name() */
	__u32 version;
};

enum version_verdict {
	VERSION_GOOD_SENT, /* counted by the program on sending, without a lock */
	VERSION_GOOD,
	VERSION_BAD,
	VERSION_VERDICTS,
};

struct version_slo {
	__u64 n[VERSION_VERDICTS];
};

/* On one CPU: entry of `version_slots`, VERSION_SLOTS for each version. */
struct version_slot {
	__u32 slo; /* version_slo_name(); 0: nobody's yet */
	__u32 pad;
	struct version_slo counts;
};

/* A process whose end is to be told: entry of `serving`, by tgid. */
struct serving {
	__u64 start_ns;
	__u32 exec_id;
	__u32 pad;
};

/* Key of `images`: a program that was started, and all that it has forked. */
struct image_key {
	__u64 root_start_ns;
	__u64 stack; /* where its stack began: another exec has another one */
};

/* How many processes of a service were told in a second. */
struct told_pace {
	__u32 second;
	__u32 n;
};

_Static_assert(SLO_COUNTS_MAX < 0xffff, "an index fits its name");
_Static_assert(sizeof(struct version_slot) == 32, "version_slot has no holes");
_Static_assert(sizeof(struct file_facts) == 32, "file_facts has no holes");
_Static_assert(sizeof(struct process_facts) ==
		       128 + COMM_BYTES + TOLD_BYTES + 3 * EXE_BYTES + ARGS_BYTES,
	       "process_facts has no holes");
_Static_assert(sizeof(struct process_exit) == 40, "process_exit has no holes");
_Static_assert(sizeof(struct version) == 80 + TOLD_BYTES + EXE_BYTES, "version has no holes");

#endif
