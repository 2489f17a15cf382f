/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version that a process was told by its environment. The variables are looked through here: the values of those
 * that no version is looked for under are never read, and of OTEL_RESOURCE_ATTRIBUTES nothing but service.version is
 * kept.
 */
#ifndef SLIPROBE_WHO_ENVIRONMENT_BPF_H
#define SLIPROBE_WHO_ENVIRONMENT_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "who/work.bpf.h"

enum {
	ENV_STEPS = 2048, /* variables, or parts of PROCESS_TEXT bytes of longer ones */
	ATTRIBUTES_BYTES = 2048,
	ATTRIBUTE_LEN = sizeof(VERSION_ATTRIBUTE) - 1,
	ATTRIBUTE_OTHER = 255,
};

/* Hashes of the names, by ENV_*; 0: none. Set by the agent. */
__u64 env_names[ENV_NAMES_MAX];

static __always_inline char attribute_char(__u32 i)
{
	/* longer than its text: clang would put it into a mergeable section, which is a map of its own */
	static const char name[20] = VERSION_ATTRIBUTE;

	return i < ATTRIBUTE_LEN ? name[i & 15] : 0;
}

/* One byte of the attributes: key=value, separated by commas. */
static long attribute_step(__u32 i, struct who_work **at)
{
	struct who_work *work = *at;
	struct process_work *process = &work->process;
	char c;

	if (i >= ATTRIBUTES_BYTES)
		return 1;
	c = work->path[i];
	if (process->matched == ATTRIBUTE_LEN) {
		__u32 n = process->told_bytes;

		if (!c || c == ',' || n >= TOLD_BYTES - 1)
			return 1;
		process->facts.told[n] = c;
		process->told_bytes = n + 1;
		return 0;
	}
	if (!c)
		return 1;
	if (c == ',')
		process->matched = 0;
	else if (c == ' ' && !process->matched)
		return 0;
	else if (process->matched < ATTRIBUTE_LEN && c == attribute_char(process->matched))
		process->matched++;
	else
		process->matched = ATTRIBUTE_OTHER;
	return 0;
}

/* Of a variable's name, whose text begins in process->text; *ret_len: up to and with the '='. 0: it has none. */
static __always_inline __u64 env_hash(const struct process_work *process, __u32 *ret_len)
{
	__u64 hash = PROCESS_HASH_BASIS;

	for (__u32 i = 0; i < ENV_NAME_BYTES; i++) {
		__u8 c = process->text[i];

		if (c == '=') {
			*ret_len = i + 1;
			return hash;
		}
		if (!c)
			return 0;
		hash = (hash ^ c) * PROCESS_HASH_PRIME;
	}
	return 0;
}

/* A variable begins in process->text. If it may tell the version, its value is remembered: the first name has it. */
static __always_inline void env_match(struct process_work *process)
{
	__u32 len = 0;
	__u64 hash = env_hash(process, &len);

	for (__u32 slot = 0; hash && slot < ENV_NAMES_MAX; slot++) {
		if (env_names[slot] != hash || slot >= process->slot || slot < process->not_below)
			continue;
		process->slot = slot;
		process->value = process->at + len;
	}
}

static long env_step(__u32 i, struct who_work **at)
{
	struct who_work *work = *at;
	struct process_work *process = &work->process;
	long n;

	if (process->at >= process->end)
		return 1;
	n = bpf_probe_read_user_str(process->text, PROCESS_TEXT, (void *)process->at);
	if (n <= 0)
		return 1;
	if (!process->in_variable)
		env_match(process);
	process->in_variable = n == PROCESS_TEXT;
	process->at += process->in_variable ? n - 1 : n;
	return 0;
}

/* Leaves the version in facts.told: the value is at process->value of the process, of the name process->slot. */
static __always_inline void env_take(struct who_work *work)
{
	struct process_work *process = &work->process;
	struct process_facts *facts = &process->facts;
	long n;

	if (process->slot != ENV_ATTRIBUTES) {
		n = bpf_probe_read_user_str(facts->told, TOLD_BYTES, (void *)process->value);
	} else {
		n = bpf_probe_read_user_str(work->path, ATTRIBUTES_BYTES, (void *)process->value);
		process->matched = 0;
		process->told_bytes = 0;
		if (n > 0)
			bpf_loop(ATTRIBUTES_BYTES, attribute_step, &work, 0);
	}
	if (n > 0 && facts->told[0])
		facts->told_by = process->slot + 1;
}

/* Finds the version that the current process was told. */
__noinline int env_read(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_work *process;

	if (!work)
		return 0;
	process = &work->process;
	__builtin_memset(process->facts.told, 0, sizeof(process->facts.told));
	process->facts.told_by = 0;
	process->not_below = 0;
	/* attributes may tell of everything else but the version: then the next name counts */
	for (int i = 0; i < 2 && !process->facts.told_by; i++) {
		process->at = BPF_CORE_READ(task, mm, env_start);
		process->end = BPF_CORE_READ(task, mm, env_end);
		process->in_variable = 0;
		process->slot = ENV_NAMES_MAX;
		bpf_loop(ENV_STEPS, env_step, &work, 0);
		if (process->slot == ENV_NAMES_MAX)
			break;
		env_take(work);
		process->not_below = process->slot + 1;
	}
	return 0;
}

#endif
