/* SPDX-License-Identifier: GPL-2.0-only */
/* Entry points of a configuration: which service a process and a port belong to. */
#ifndef SLIPROBE_ABI_LIVE_H
#define SLIPROBE_ABI_LIVE_H

#include "types.h"

enum {
	LIVE_SLOTS = 4, /* generations that can be told apart */
	LIVE_REGIONS = 2, /* generations whose automata are kept */

	SERVICE_SET_WORDS = 16,
	SERVICE_PORTS_MAX = 4096,
};

/* The meaning of an automaton's accept number. */
struct accept {
	__u64 slo_mask; /* eligible, as far as this input says */
	__u32 value; /* path: route id; process and exe: index in `service_sets` */
	__u32 pad;
};

/* Configured services, bit s: service number s of the live configuration. */
struct service_set {
	__u64 words[SERVICE_SET_WORDS];
};

/* Services of a generation that match a port: index in `service_sets`. */
struct service_port_key {
	__u32 generation;
	__u32 port;
};

/* Entry points of one generation of the configuration. */
struct live {
	__u32 process_start;
	__u32 exe_start;
	__u32 any_port; /* indices in `service_sets`: services without that constraint */
	__u32 any_process;
	__u32 any_exe;
	__u16 n_services;
	__u16 found_policy; /* of services that no configured one matches */
	__u16 policies[SERVICE_SET_WORDS * 64]; /* by service number */
};

#endif
