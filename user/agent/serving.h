/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that serve, as the kernel tells of them, and what changes with them: started, ended, crashed, killed for
 * want of memory, another number of instances, a reload of nginx's workers. Pure: told of processes and ends, it tells
 * of changes.
 *
 * An instance is a program that was started, with all that it has forked: a master and its workers are one. It is known
 * from its first request on.
 *
 * At most SERVING_KNOWN_MAX processes are kept, each of at most 700 bytes; the one that was seen longest ago goes. Of a
 * service at most CHANGES_OF_SERVICE changes are told in CHANGES_SECONDS; the next one says how many were left out.
 */
#ifndef SLIPROBE_AGENT_SERVING_H
#define SLIPROBE_AGENT_SERVING_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "agent/timeline.h"

enum {
	SERVING_KNOWN_MAX = 4096,
	CHANGES_OF_SERVICE = 30,
	CHANGES_SECONDS = 600,
};

struct serving_process {
	struct process_key key;
	__u64 root_start_ns;
	__u32 root_tgid;
	__u32 uid;
	__u64 seen_ns;
	__u16 service; /* id */
	__u16 version; /* id */
	bool decided; /* whether it is a change that it serves was told, or need not be */
	char comm[COMM_BYTES];
	char *exe; /* as the kernel tells: any bytes */
	char *cgroup;
};

/* A change of a service. The texts are valid until the call returns. Times: ns of CLOCK_MONOTONIC. */
struct serving_change {
	__u64 at_ns;
	__u32 service; /* id */
	enum timeline_what what;
	const char *from, *to, *detail; /* or NULL */
	__u32 pid; /* 0: none */
};

/* Whom changes are told, and what versions are called: NULL as long as it is not known. */
struct serving_tells {
	void (*change)(void *context, const struct serving_change *change);
	const char *(*version)(void *context, __u32 id);
	void *context;
};

struct serving_service;

struct serving_list {
	struct serving_process **list; /* by seen_ns */
	size_t n;
	struct serving_service **services;
	size_t n_services;
	__u64 begin_ns; /* what was there by then is no change */
	__u64 serial; /* changes with the processes */
	__u64 decided_serial; /* as of the last serving_decide() */
};

void serving_init(struct serving_list *serving, __u64 now_ns);
void serving_clear(struct serving_list *serving);

/* A process serves: it is new, or told again. Without memory it is not kept. */
void serving_told(struct serving_list *serving, const struct process_facts *facts,
		  const struct serving_tells *tells);
/* It has ended. exit->code as of wait(2). */
void serving_ended(struct serving_list *serving, const struct process_exit *exit,
		   const struct serving_tells *tells);
/* Likewise, and nobody knows how. */
void serving_vanished(struct serving_list *serving, const struct process_key *key, __u64 now_ns,
		      const struct serving_tells *tells);

/* After those: tells of new versions, restarts and numbers of instances. */
void serving_decide(struct serving_list *serving, __u64 now_ns, const struct serving_tells *tells);

/* The service is no more. */
void serving_forget(struct serving_list *serving, __u32 service);

/* How many processes have that version. */
size_t serving_of_version(const struct serving_list *serving, __u32 version);
/* How many instances of the service have a version for which `of` is true. */
size_t serving_instances(const struct serving_list *serving, __u32 service,
			 bool (*of)(void *context, __u32 version), void *context);

#endif
