/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configured service that a listening process matches, by port, process name and executable:
 * decided in the kernel, so that the very first request is already judged by the right rules.
 */
#ifndef SLIPROBE_WHO_MATCH_BPF_H
#define SLIPROBE_WHO_MATCH_BPF_H

#include "abi.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "who/exe_path.bpf.h"
#include "who/work.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIVE_SLOTS);
	__type(key, __u32);
	__type(value, struct live);
} live SEC(".maps");

/* The agent sizes it by its configuration before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct service_set);
} service_sets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERVICE_PORTS_MAX);
	__type(key, struct service_port_key);
	__type(value, __u32);
} service_ports SEC(".maps");

static long exe_match_step(__u32 i, struct exe_walk *walk)
{
	struct who_work *work = walk->work;
	__u32 pos = work->exe_pos + i;

	if (pos >= EXE_ROOM || !work->exe[pos])
		return 1;
	work->dfa = dfa_next(work->dfa, work->exe[pos]);
	return 0;
}

static __always_inline __u32 accepted_value(__u32 state, __u32 otherwise)
{
	struct accept *accept = dfa_accept(state);

	return accept ? accept->value : otherwise;
}

struct first_service {
	struct service_set *port;
	struct service_set *process;
	struct service_set *exe;
	__u32 number;
};

static long first_service_step(__u32 i, struct first_service *first)
{
	__u64 word;

	if (i >= SERVICE_SET_WORDS)
		return 1;
	word = first->port->words[i] & first->process->words[i] & first->exe->words[i];
	if (!word)
		return 0;
	first->number = i * 64;
	for (int shift = 32; shift; shift /= 2) {
		if (!(word & ((1ULL << shift) - 1))) {
			word >>= shift;
			first->number += shift;
		}
	}
	return 1;
}

/* The number of the first configured service that the current process and the port match, or ~0. */
__noinline __u32 service_match(struct who_work *work, __u32 generation)
{
	__u32 slot = generation % LIVE_SLOTS;
	struct live *now = bpf_map_lookup_elem(&live, &slot);
	struct service_port_key port_key = {.generation = generation};
	struct first_service first = {.number = ~0U};
	__u32 port, process, exe, state;
	__u32 *found;

	if (!now || !work || !now->n_services)
		return ~0U;
	port_key.port = work->endpoint_key.port;
	found = bpf_map_lookup_elem(&service_ports, &port_key);
	port = found ? *found : now->any_port;

	state = now->process_start;
	for (int i = 0; i < COMM_BYTES; i++) {
		__u8 c = work->endpoint_key.process[i];

		if (!c)
			break;
		state = dfa_next(state, c);
	}
	process = accepted_value(state, now->any_process);

	work->dfa = now->exe_start;
	if (work->dfa != DFA_DEAD) {
		struct exe_walk walk = {.work = work};

		exe_path(work);
		bpf_loop(EXE_ROOM, exe_match_step, &walk, 0);
	}
	exe = accepted_value(work->dfa, now->any_exe);

	first.port = bpf_map_lookup_elem(&service_sets, &port);
	first.process = bpf_map_lookup_elem(&service_sets, &process);
	first.exe = bpf_map_lookup_elem(&service_sets, &exe);
	if (!first.port || !first.process || !first.exe)
		return ~0U;
	bpf_loop(SERVICE_SET_WORDS, first_service_step, &first, 0);
	return first.number;
}

#endif
