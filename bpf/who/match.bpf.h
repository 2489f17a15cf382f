/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configured service that a listening process matches: by its port, name, executable, user and cgroup, in
 * the namespaces that a service may be in. Each property leaves a set of services; the first one in all of them is it:
 * decided in the kernel, so that the very first request is already judged by the right rules.
 */
#ifndef SLIPROBE_WHO_MATCH_BPF_H
#define SLIPROBE_WHO_MATCH_BPF_H

#include "abi.h"
#include "kernel/dfa.bpf.h"
#include "kernel/helpers.bpf.h"
#include "who/cgroup_path.bpf.h"
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
	__uint(max_entries, SERVICE_FACTS_MAX);
	__type(key, struct fact_key);
	__type(value, __u32);
} service_facts SEC(".maps");

/* The set of services that a number fits. Not inlined: its stack is not its caller's. */
static __noinline __u32 number_set(__u32 generation, enum fact_kind kind, __u64 number,
				   __u32 otherwise)
{
	struct fact_key key = {.generation = generation, .kind = kind, .value.ino = number};
	__u32 *found = bpf_map_lookup_elem(&service_facts, &key);

	return found ? *found : otherwise;
}

/* The set of services whose executable is the very file that the current process runs. Not inlined, likewise. */
static __noinline __u32 file_set(struct who_work *work, __u32 generation, __u32 otherwise)
{
	struct fact_key key = {.generation = generation, .kind = FACT_FILE};
	__u32 *found;

	work->exe_deleted = exe_file(&key.value);
	found = bpf_map_lookup_elem(&service_facts, &key);
	return found && work->path_whole ? *found : otherwise;
}

static __always_inline __u32 accepted_value(__u32 state, __u32 otherwise)
{
	struct accept *accept = dfa_accept(state);

	return accept ? accept->value : otherwise;
}

static long text_step(__u32 i, struct who_work **at)
{
	struct who_work *work = *at;
	__u32 pos = work->text_pos + i;

	if (pos >= EXE_ROOM || pos >= work->text_end)
		return 1;
	work->dfa = dfa_next(work->dfa, work->path[pos]);
	return 0;
}

/* The set of services that the text work->path[pos ..] up to `end` fits; pos 0: there is no such text. */
static __always_inline __u32 text_set(struct who_work *work, const struct live *now,
				      enum service_text text, __u32 pos, __u32 end)
{
	work->dfa = pos ? now->text_start[text] : DFA_DEAD;
	work->text_pos = pos;
	work->text_end = end;
	if (work->dfa != DFA_DEAD)
		bpf_loop(EXE_ROOM, text_step, &work, 0);
	return accepted_value(work->dfa, now->any_text[text]);
}

static __always_inline __u32 process_set(const struct who_work *work, const struct live *now)
{
	__u32 state = now->text_start[TEXT_PROCESS];

	for (int i = 0; i < COMM_BYTES; i++) {
		__u8 c = work->endpoint_key.process[i];

		if (!c)
			break;
		state = dfa_next(state, c);
	}
	return accepted_value(state, now->any_text[TEXT_PROCESS]);
}

/* Of the services that match so far, only those in the one set or in the other match. */
__noinline int narrow(struct who_work *work, __u32 one, __u32 other)
{
	struct service_set *a = bpf_map_lookup_elem(&service_sets, &one);
	struct service_set *b = bpf_map_lookup_elem(&service_sets, &other);

	if (!work)
		return 0;
	for (int i = 0; i < SERVICE_SET_WORDS; i++)
		work->services[i] &= a && b ? a->words[i] | b->words[i] : 0;
	return 0;
}

static __always_inline bool set_has(__u32 index, __u32 number)
{
	struct service_set *set = bpf_map_lookup_elem(&service_sets, &index);
	__u32 word = number / 64;

	barrier_var(word);
	return set && word < SERVICE_SET_WORDS && set->words[word] >> (number % 64) & 1;
}

static long first_step(__u32 i, struct who_work **at)
{
	struct who_work *work = *at;
	__u64 word;
	__u32 number = i * 64;

	if (i >= SERVICE_SET_WORDS)
		return 1;
	word = work->services[i];
	if (!word)
		return 0;
	for (int shift = 32; shift; shift /= 2) {
		if (!(word & ((1ULL << shift) - 1))) {
			word >>= shift;
			number += shift;
		}
	}
	work->first = number;
	return 1;
}

static __always_inline __u32 first_service(struct who_work *work)
{
	work->first = NO_SERVICE;
	bpf_loop(SERVICE_SET_WORDS, first_step, &work, 0);
	return work->first;
}

/* By executable. Returns enum mounts: by whose mounts it was opened. */
static __always_inline int match_exe(struct who_work *work, const struct live *now,
				     __u32 generation)
{
	int mounts = exe_path(work);
	/* a path whose beginning is not known fits nothing */
	__u32 text =
		text_set(work, now, TEXT_EXE, work->path_whole ? work->path_pos : 0, EXE_ROOM - 1);
	__u32 same = file_set(work, generation, text);

	narrow(work, text, same);
	/* over a private mount's path another file may lie than on the host */
	if (mounts == MOUNTS_PRIVATE && !work->exe_deleted)
		narrow(work, now->any_exe_file, same == text ? now->any_exe_file : same);
	return mounts;
}

static __always_inline int match_cgroup(struct who_work *work, const struct live *now)
{
	__u32 pos, set;

	if (now->text_start[TEXT_CGROUP] == DFA_DEAD && now->text_start[TEXT_UNIT] == DFA_DEAD &&
	    now->text_start[TEXT_CONTAINER] == DFA_DEAD)
		return 0;
	cgroup_path(work);
	set = text_set(work, now, TEXT_CGROUP, work->path_whole ? work->path_pos : 0, EXE_ROOM - 1);
	narrow(work, set, set);
	set = text_set(work, now, TEXT_UNIT, work->unit_pos, work->unit_end);
	narrow(work, set, set);
	pos = work->id_pos;
	set = text_set(work, now, TEXT_CONTAINER, pos, pos + CONTAINER_ID_BYTES);
	narrow(work, set, set);
	return 0;
}

/* By namespaces, where the service is not named by its cgroup. */
static __always_inline void match_namespaces(struct who_work *work, const struct live *now,
					     __u32 generation, int mounts)
{
	__u32 set = number_set(generation, FACT_NETNS, work->endpoint_key.netns, now->any_netns);

	narrow(work, set, set);
	if (!set_has(set, work->near))
		work->near_lacks |= LACKS_NETNS;
	if (work->owner.foreign_mnt_ns)
		set = now->any_mounts;
	else if (mounts == MOUNTS_FOREIGN)
		set = now->any_exe_mounts;
	else
		return;
	narrow(work, set, set);
	if (!set_has(set, work->near))
		work->near_lacks |= LACKS_MOUNTS;
}

/*
 * The number of the first configured service that the current process and the port match, or NO_SERVICE; then
 * work->near tells which one it would be but for work->near_lacks.
 */
__noinline __u32 service_match(struct who_work *work, __u32 generation)
{
	__u32 slot = generation % LIVE_SLOTS;
	struct live *now = bpf_map_lookup_elem(&live, &slot);
	__u32 set;
	int mounts;

	if (!work)
		return NO_SERVICE;
	work->near = NO_SERVICE;
	work->near_lacks = 0;
	if (!now || !now->n_services)
		return NO_SERVICE;
	__builtin_memset(work->services, 0xff, sizeof(work->services));
	set = number_set(generation, FACT_PORT, work->endpoint_key.port, now->any_port);
	narrow(work, set, set);
	set = process_set(work, now);
	narrow(work, set, set);
	set = number_set(generation, FACT_USER, work->owner.uid, now->any_user);
	narrow(work, set, set);
	mounts = MOUNTS_HOST;
	if (now->text_start[TEXT_EXE] != DFA_DEAD)
		mounts = match_exe(work, now, generation);
	match_cgroup(work, now);
	work->near = first_service(work);
	if (work->near != NO_SERVICE)
		match_namespaces(work, now, generation, mounts);
	return first_service(work);
}

#endif
