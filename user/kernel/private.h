/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel side's handle, shared by the files that know the skeleton. */
#ifndef SLIPROBE_KERNEL_PRIVATE_H
#define SLIPROBE_KERNEL_PRIVATE_H

#include "kernel/probe.h"
#include "sliprobe.skel.h"

enum { PROBE_LINKS = 9 };

struct probe {
	struct sliprobe_bpf *skel;
	enum probe_hook hook;
	char reason[512]; /* for the hook family */
	struct tables_region room;
	int n_cpus;
	struct bpf_link *links[PROBE_LINKS];
	int program_fds[PROBE_LINKS];
	bool owns_program_fds; /* opened here, else the skeleton's */
	size_t n_links;
	struct bpf_link *sweep;
	bool sweeps_files; /* over processes' files, not the map of connections */
};

/* ---- kernel/probe ---- */

/* Allocates; the skeleton is the caller's to open. NULL when out of memory. */
struct probe *probe_new(void);

/* The program that sweeps over all connections. */
struct bpf_program *probe_sweep_program(struct sliprobe_bpf *skel, bool files);

/* ---- kernel/load ---- */

/* Marks the programs of the family to be loaded, and the one that sweeps. */
void probe_choose_programs(struct sliprobe_bpf *skel, enum probe_hook hook, bool sweeps_files);

/* ---- kernel/attach ---- */

/* The programs that are attached, in the order they are attached in, without those not loaded. */
size_t probe_programs(struct sliprobe_bpf *skel, struct bpf_program *ret[PROBE_LINKS]);

/* ---- kernel/tables ---- */

/* Writes n values to an array map, from index `first` on. Returns 0 or -errno. */
int probe_write_array(struct bpf_map *map, __u32 first, const void *values, size_t n);

#endif
