/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work space for deciding whose connection it is: too large for the stack. Besides, the verifier must not know what
 * a callback of bpf_loop() leaves for its next turn: see kernel/compat.
 */
#ifndef SLIPROBE_WHO_WORK_BPF_H
#define SLIPROBE_WHO_WORK_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

enum {
	NO_SERVICE = 0xffffffff,
	EXE_ROOM = 4096, /* bytes for a path while it is put together; a power of two */
	PROCESS_TEXT = 256,
	PROCESS_NOTES = 3,
};

/* Reading the facts of a process: see who/process. */
struct process_work {
	struct process_facts facts;
	__u64 at, end; /* in the process's memory: what is read next */
	__u64 phdr; /* address of its program headers; 0: not known */
	__u64 phdrs;
	__u64 bias; /* where it is loaded, less where it says it is */
	__u64 page; /* the address of its file's first page in the kernel, which is read instead; 0: its memory is */
	__u64 folio, mapping; /* which page that is */
	struct {
		__u64 at, end, align;
	} notes[PROCESS_NOTES]; /* where there are some */
	__u32 n_notes;
	__u32 unread; /* some of it is not in memory now */
	__u32 slot; /* ENV_*: of the name that the version is told by; ENV_NAMES_MAX: none so far */
	__u32 not_below; /* names that tell nothing: those before this one */
	__u64 value; /* where it is told */
	__u32 in_variable; /* what is read next is the middle of a variable of its environment */
	__u32 matched; /* bytes of an attribute's name, see attribute_step() */
	__u32 told_bytes;
	struct image_key image;
	__u32 tell; /* there is room to tell of it */
	char text[PROCESS_TEXT];
};

struct who_work {
	struct endpoint_key endpoint_key; /* its user is known with the owner */
	bool owner_known;
	struct who_owner owner; /* see who/owner */
	struct endpoint_owners charged; /* see who/quota */
	/* a path that is put together from its end: of the executable, or of the cgroup */
	__u32 path_pos; /* in path: where it begins */
	bool path_whole; /* nothing is missing in front */
	bool exe_deleted; /* replaced since, by an upgrade */
	__u32 root_pos; /* where it goes through the host's root directory, last met; 0: nowhere */
	__u32 unit_pos, unit_end; /* of the first part that is no slice; 0: there is none */
	__u32 id_pos; /* of a container's id; 0: there is none */
	__u32 id_run; /* hex digits in a row */
	__u32 text_pos, text_end; /* what is matched */
	__u32 dfa;
	__u64 services[SERVICE_SET_WORDS]; /* those that match so far */
	__u32 first; /* the number of the first of them; NO_SERVICE: there is none */
	__u32 near; /* the number of the one that would match but for near_lacks; NO_SERVICE: none */
	__u32 near_lacks; /* bits: enum near_lack */
	char name[EXE_BYTES]; /* one part of the path */
	char path[EXE_ROOM + EXE_BYTES];
	struct process_work process;
};

/* The current process, and the socket that it serves. */
static __always_inline void who_begin(struct who_work *work, __u32 netns, __u16 port)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct endpoint_key *key = &work->endpoint_key;

	work->owner_known = false;
	__builtin_memset(key, 0, sizeof(*key));
	key->netns = netns;
	key->port = port;
	BPF_CORE_READ_STR_INTO(&key->process, leader, comm);
}

static __always_inline void path_begin(struct who_work *work)
{
	work->path_pos = EXE_ROOM - 1;
	work->path[EXE_ROOM - 1] = 0;
	work->path_whole = false;
	work->root_pos = 0;
}

/* Puts "/name" in front of the path. False: there is no room. */
static __always_inline bool path_put(struct who_work *work, const void *name, __u32 len)
{
	__u32 pos = work->path_pos;

	if (len > EXE_BYTES - 1 || len + 1 > pos)
		return false;
	pos -= len + 1;
	work->path_pos = pos;
	barrier_var(pos);
	if (pos >= EXE_ROOM)
		return false;
	work->path[pos] = '/';
	barrier_var(len);
	len &= EXE_BYTES - 1;
	bpf_probe_read_kernel(&work->path[pos + 1], len, name);
	return true;
}

#endif
