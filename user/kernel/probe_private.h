/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side's handle, shared by the files of the one module that knows the skeleton.
 */
#ifndef SLIPROBE_KERNEL_PROBE_PRIVATE_H
#define SLIPROBE_KERNEL_PROBE_PRIVATE_H

#include "kernel/probe.h"
#include "sliprobe.skel.h"

enum { PROBE_LINKS = 9 };

struct probe {
	struct sliprobe_bpf *skel;
	enum probe_hook hook;
	char reason[512];
	struct tables_region room;
	int n_cpus;
	struct bpf_link *links[PROBE_LINKS];
	int program_fds[PROBE_LINKS];
	size_t n_links;
	struct bpf_link *walk;
	bool walks_files; /* not the map */
	bool walk_missed; /* the last walk has met less than what is open */
	bool adopted; /* program_fds are our own */
	__u32 *policies_used;
};

/* Not filled in yet; NULL when out of memory. */
struct probe *probe_new(void);

/* The programs that are attached, in the order that attaches them: NULL, or not loaded, is left out. */
size_t probe_programs(struct sliprobe_bpf *skel, struct bpf_program *ret[PROBE_LINKS]);

/* The program that walks over all connections. */
struct bpf_program *probe_walk_program(struct sliprobe_bpf *skel, bool files);

/* Marks the programs of the family to be loaded, and the one that walks. */
void probe_choose_programs(struct sliprobe_bpf *skel, enum probe_hook hook, bool walks_files);

#endif
