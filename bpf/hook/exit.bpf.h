/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of processes that serve: whether by a signal, and whether the kernel was out of memory. */
#ifndef SLIPROBE_HOOK_EXIT_BPF_H
#define SLIPROBE_HOOK_EXIT_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "who/process.bpf.h"

/* A thread has ended: of those that serve, the last one tells of it. */
static __always_inline int process_exited(struct task_struct *task)
{
	__u32 tgid = task->tgid;
	struct serving *serving = bpf_map_lookup_elem(&serving_processes, &tgid);
	struct process_exit exit = {.kind = RECORD_EXIT};
	__u32 group;

	if (!serving || BPF_CORE_READ(task, signal, live.counter) > 0)
		return 0;
	exit.process.tgid = tgid;
	exit.process.start_ns = serving->start_ns;
	exit.process.exec_id = serving->exec_id;
	exit.ended_ns = bpf_ktime_get_ns();
	group = BPF_CORE_READ(task, signal, group_exit_code);
	exit.code = group ?: task->exit_code;
	exit.oom = BPF_CORE_READ(task, signal, oom_mm) != NULL;
	if (bpf_ringbuf_output(&processes, &exit, sizeof(exit), 0))
		__sync_fetch_and_add(&processes_lost, 1);
	bpf_map_delete_elem(&serving_processes, &tgid);
	return 0;
}

#endif
