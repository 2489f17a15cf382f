/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ids of versions: given out here, taken back by the agent, an hour after the last process has gone that had it. A
 * service has so many, and no more: what comes beyond has no id, and is counted with no version.
 */
#ifndef SLIPROBE_WHO_VERSION_BPF_H
#define SLIPROBE_WHO_VERSION_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/stat.bpf.h"
#include "who/work.bpf.h"

__u32 version_last; /* highest id given out */
__u32 versions_found; /* those of found services; the agent takes off what it takes back */
__u32 versions_of[SERVICES_MAX]; /* ids of each service; likewise */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VERSIONS_MAX);
	__type(key, struct version_key);
	__type(value, __u32);
} version_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERSIONS_MAX);
	__type(key, __u32);
	__type(value, struct version);
} versions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERSIONS_MAX);
	__type(key, __u32);
	__type(value, struct version_note);
} version_notes SEC(".maps");

/* Ids to be given out again. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, VERSIONS_MAX);
	__uint(value_size, sizeof(__u32));
} spare_versions SEC(".maps");

static __always_inline struct version_key version_key_of(const struct process_facts *facts)
{
	struct version_key key = {.facts = facts->facts, .service = facts->service};

	return key;
}

/* The id, if it has one already; else 0. */
static __always_inline __u32 version_known(struct who_work *work)
{
	struct version_key key = version_key_of(&work->process.facts);
	__u32 *id = bpf_map_lookup_elem(&version_ids, &key);

	return id ? *id : 0;
}

static __always_inline __u32 version_take_id(void)
{
	__u32 id;

	if (!bpf_map_pop_elem(&spare_versions, &id))
		return id < VERSIONS_MAX ? id : 0;
	if (version_last >= VERSIONS_MAX - 1)
		return 0;
	id = __sync_fetch_and_add(&version_last, 1) + 1;
	return id < VERSIONS_MAX ? id : 0;
}

static __always_inline bool version_has_room(__u32 service)
{
	if (service < SERVICE_FOUND)
		return versions_of[service] < VERSION_IDS_OF_SERVICE;
	return versions_of[service] < VERSION_IDS_OF_FOUND && versions_found < VERSIONS_FOUND_MAX;
}

static __always_inline void version_write(struct version *version,
					  const struct process_facts *facts)
{
	version->first_ns = facts->seen_ns;
	version->exe = facts->exe;
	version->told_by = facts->told_by;
	version->interpreter = facts->interpreter;
	__builtin_memcpy(version->told, facts->told, TOLD_BYTES);
	__builtin_memcpy(version->exe_path, facts->exe_path, EXE_BYTES);
}

/* It may not have been in memory when the first process of the version was seen. */
static __always_inline void version_write_build_id(struct version *version,
						   const struct process_facts *facts)
{
	if (version->build_id_kind >= facts->build_id_kind && version->build_id_kind)
		return;
	__builtin_memcpy(version->build_id, facts->build_id, BUILD_ID_BYTES);
	version->build_id_bytes = facts->build_id_bytes;
	version->build_id_kind = facts->build_id_kind;
}

/* The id, made if need be; 0: the service has too many. work->process.facts tells of the version. */
static __noinline __u32 version_find(struct who_work *work)
{
	struct process_facts *facts = &work->process.facts;
	struct version_key key = version_key_of(facts);
	__u32 service = facts->service, id = version_known(work);
	struct version *version;

	if (id) {
		version = bpf_map_lookup_elem(&versions, &id);
		if (version)
			version_write_build_id(version, facts);
		return id;
	}
	barrier_var(service); /* the verifier must see the check on the index itself */
	if (service >= SERVICES_MAX || !version_has_room(service))
		return 0;
	id = version_take_id();
	version = bpf_map_lookup_elem(&versions, &id);
	if (!id || !version)
		return 0;
	if (bpf_map_update_elem(&version_ids, &key, &id, BPF_NOEXIST)) {
		/* another processor was at it, too */
		bpf_map_push_elem(&spare_versions, &id, 0);
		return version_known(work);
	}
	version_write(version, facts);
	version->build_id_kind = 0;
	version_write_build_id(version, facts);
	version->key = key;
	__sync_fetch_and_add(&versions_of[service], 1);
	if (service >= SERVICE_FOUND)
		__sync_fetch_and_add(&versions_found, 1);
	return id;
}

#endif
