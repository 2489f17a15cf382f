/* SPDX-License-Identifier: GPL-2.0-only */
/* Entry points of a configuration: which service a process and a port belong to. */
#ifndef SLIPROBE_ABI_LIVE_H
#define SLIPROBE_ABI_LIVE_H

#include "identity.h"
#include "types.h"

enum {
	LIVE_SLOTS = 4, /* generations that can be told apart */
	LIVE_REGIONS = 2, /* generations whose automata are kept */

	SERVICE_SET_WORDS = 16,
	SERVICE_FACTS_MAX = 8192,
};

/* The meaning of an automaton's accept number. */
struct accept {
	__u64 slo_mask; /* eligible, as far as this input says */
	__u32 value; /* path: route id; those of services: index in `service_sets` */
	__u32 pad;
};

/* Configured services, bit s: service number s of the live configuration. */
struct service_set {
	__u64 words[SERVICE_SET_WORDS];
};

enum fact_kind {
	FACT_PORT,
	FACT_USER, /* effective, as the host numbers users */
	FACT_NETNS, /* inode number */
	FACT_FILE, /* the executable that a path without wildcards names on the host */
};

/* A fact that services are matched by: key of the index, in `service_sets`, of those that it fits. */
struct fact_key {
	__u32 generation;
	__u32 kind; /* enum fact_kind */
	struct file_id value; /* a number: `ino` alone */
};

/* Texts that services are matched by, each by an automaton over the globs of all services. */
enum service_text {
	TEXT_PROCESS,
	TEXT_EXE,
	TEXT_CGROUP, /* path in the cgroup v2 hierarchy */
	TEXT_UNIT, /* of systemd: the first part of that path that is no slice */
	TEXT_CONTAINER, /* the first container's id in that path */
	SERVICE_TEXTS,
};

/* Entry points of one generation of the configuration. The sets are indices in `service_sets`. */
struct live {
	__u32 text_start[SERVICE_TEXTS]; /* DFA_DEAD: no service has such a glob */
	__u32 any_text[SERVICE_TEXTS]; /* services without such a glob */
	__u32 any_port; /* services without that constraint */
	__u32 any_user;
	__u32 any_netns;
	/*
	 * Services that match whatever the mounts: those named by cgroup, unit or container. The others match
	 * only where the host's root has made the mounts.
	 */
	__u32 any_mounts;
	__u32 any_exe_mounts; /* those, and those without `exe` */
	/* those, and those whose `exe` is no single path: where mounts are private, a path alone does not do */
	__u32 any_exe_file;
	__u16 n_services;
	__u16 found_policy; /* of services that no configured one matches */
	__u16 policies[SERVICE_SET_WORDS * 64]; /* by service number */
};

#endif
