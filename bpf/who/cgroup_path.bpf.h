/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The path of the current process's cgroup, in the v2 hierarchy, as the host sees it; and what it says of units and
 * containers.
 *
 * Who manages a cgroup names those below it. Slices are made by systemd alone, so the first part of the path that is
 * no slice is a unit of the host's; what a container or a service with a delegated cgroup makes stands behind it.
 * Below user.slice users make their own: nothing there is a unit or a container.
 */
#ifndef SLIPROBE_WHO_CGROUP_PATH_BPF_H
#define SLIPROBE_WHO_CGROUP_PATH_BPF_H

#include "kernel/helpers.bpf.h"
#include "who/exe_path.bpf.h"
#include "who/work.bpf.h"

#define SLICE_SUFFIX ".slice"
#define USERS_PREFIX "/user.slice/"

enum {
	CGROUP_STEPS = 128,
	CONTAINER_ID_BYTES = 64, /* hex digits */
	SLICE_SUFFIX_BYTES = sizeof(SLICE_SUFFIX) - 1,
	USERS_PREFIX_BYTES = sizeof(USERS_PREFIX) - 1,
};

/* longer than its text: clang would put it into a mergeable section, which is a map of its own */
static const char users_prefix[20] = USERS_PREFIX;

struct cgroup_walk {
	struct who_work *work;
	struct kernfs_node *node;
};

static __always_inline struct kernfs_node *node_parent(struct kernfs_node *node)
{
	struct kernfs_node___older *older = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(older, parent);
}

static __always_inline bool path_has(const struct who_work *work, __u32 pos, const char *text,
				     const __u32 len)
{
	for (__u32 i = 0; i < len; i++) {
		__u32 at = pos + i;

		barrier_var(at);
		if (at >= EXE_ROOM || work->path[at] != text[i])
			return false;
	}
	return true;
}

/* Puts one component in front of the path. */
static long cgroup_step(__u32 i, struct cgroup_walk *walk)
{
	struct kernfs_node *node = walk->node, *parent = node_parent(node);
	struct who_work *work = walk->work;
	__u32 end = work->path_pos, len;
	long bytes;

	if (!parent) {
		work->path_whole = true;
		return 1;
	}
	bytes = bpf_probe_read_kernel_str(work->name, sizeof(work->name),
					  BPF_CORE_READ(node, name));
	if (bytes <= 1 || bytes >= EXE_BYTES)
		return 1;
	len = bytes - 1;
	if (!path_put(work, work->name, len))
		return 1;
	if (len <= SLICE_SUFFIX_BYTES ||
	    !path_has(work, end - SLICE_SUFFIX_BYTES, SLICE_SUFFIX, SLICE_SUFFIX_BYTES)) {
		work->unit_pos = work->path_pos + 1;
		work->unit_end = end;
	}
	walk->node = parent;
	return 0;
}

static long container_step(__u32 i, struct who_work **at)
{
	struct who_work *work = *at;
	__u32 pos = work->path_pos + i;
	char c;

	if (pos >= EXE_ROOM)
		return 1;
	c = work->path[pos];
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
		work->id_run++;
		return 0;
	}
	if (work->id_run == CONTAINER_ID_BYTES) {
		work->id_pos = pos - CONTAINER_ID_BYTES;
		return 1;
	}
	work->id_run = 0;
	return !c;
}

/* Leaves the path in work->path, from path_pos on, and where its unit and its container's id are. */
__noinline int cgroup_path(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup_walk walk = {.work = work};

	if (!work)
		return 0;
	path_begin(work);
	work->unit_pos = work->unit_end = 0;
	work->id_pos = work->id_run = 0;
	walk.node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	bpf_loop(CGROUP_STEPS, cgroup_step, &walk, 0);
	if (!work->path_whole || path_has(work, work->path_pos, users_prefix, USERS_PREFIX_BYTES)) {
		work->unit_pos = 0;
		return 0;
	}
	bpf_loop(EXE_ROOM, container_step, &work, 0);
	if (work->path_pos == EXE_ROOM - 1) { /* the root */
		work->path_pos = EXE_ROOM - 2;
		work->path[EXE_ROOM - 2] = '/';
	}
	return 0;
}

#endif
