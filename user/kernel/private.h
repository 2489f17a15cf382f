/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel side's handle, shared by the files that know the skeleton. */
#ifndef SLIPROBE_KERNEL_PRIVATE_H
#define SLIPROBE_KERNEL_PRIVATE_H

#include "kernel/probe.h"
#include "kernel/ring.h"
#include "kernel/tls.h"
#include "sliprobe.skel.h"

struct inode_bpf;
struct process_reader;

enum { PROBE_LINKS = 16 };

enum {
	PROBE_TLS_ENTER,
	PROBE_TLS_RETURN,
	PROBE_TLS_PROGRAMS,
};

/* Of TLS: what is loaded, and who is to be looked at. */
struct probe_tls_side {
	enum probe_tls way;
	enum ktls_seen ktls; /* as loaded */
	char reason[512]; /* why it is off though it was asked for */
	int fds[PROBE_TLS_PROGRAMS]; /* -1: not loaded; owned as program_fds */
	struct ring *wanted; /* NULL: it could not be opened */
	struct bpf_link *listening; /* lists processes that listen; NULL: not asked for yet */
};

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
	struct probe_tls_side tls;
	enum probe_walk walk;
	int root_fd; /* the host's root directory, as a path only; -1: not known */
	struct inode_bpf *look; /* tells files apart; NULL: the kernel refuses it */
	struct ring_buffer *processes; /* NULL: it could not be opened */
	const struct process_reader *reader; /* while it is drained */
};

/* ---- kernel/probe ---- */

/* Allocates; the skeleton is the caller's to open. NULL when out of memory. */
struct probe *probe_new(void);

/* ---- kernel/walk ---- */

/* The program that sweeps over all connections. */
struct bpf_program *probe_sweep_program(struct sliprobe_bpf *skel, enum probe_walk walk);

/* ---- kernel/host ---- */

/* Tells the programs what is the host's own; while the agent may still look at its first process. */
void probe_know_host(struct probe *probe);
void probe_forget_host(struct probe *probe);

/* ---- kernel/versions ---- */

/* Opens the ring of processes, and names interpreters and the variables that every version is looked for under. */
void probe_begin_versions(struct probe *probe);
void probe_end_versions(struct probe *probe);
/* The counters of these SLOs begin at zero, by version too. Returns 0 or -errno. */
int probe_forget_version_slos(struct probe *probe, __u32 first, __u32 n);

/* ---- kernel/tls ---- */

struct probe_tls_programs {
	struct bpf_program *list[PROBE_TLS_PROGRAMS]; /* NULL: there is none */
};

/* After loading: the program goes on where another one calls it by the map; if it was chosen. Returns 0 or -errno. */
int probe_join(const struct bpf_map *map, const struct bpf_program *program);
/* Returns whether all are there. */
bool probe_tls_programs(struct sliprobe_bpf *skel, struct probe_tls_programs *ret);
/* Before loading: what is loaded, and how large the maps are. Returns 0 or -errno. */
int probe_choose_tls(struct sliprobe_bpf *skel, enum probe_tls way);
/* probe->tls.way is known, and fds, if they are owned. */
void probe_begin_tls(struct probe *probe);
void probe_end_tls(struct probe *probe);

/* ---- kernel/ktls ---- */

/* Before loading: marks the programs that see what TLS in the kernel carries, and tells the others of it. */
void probe_choose_ktls(struct sliprobe_bpf *skel, enum ktls_seen seen);
/* After loading: joins those that go on for the hooks, if they were chosen. Returns 0 or -errno. */
int probe_join_ktls(struct sliprobe_bpf *skel);

/* ---- kernel/read ---- */

/* Reads a hash map in batches; calls back with key and value, summed if it is per CPU. */
int probe_each(struct probe *probe, struct bpf_map *map,
	       int (*fn)(void *context, const void *key, const void *value), void *context);
/*
 * Reads the first n entries of an array into *ret, the caller's to free, summed over the CPUs if they are per CPU. It
 * reads some at a time: with many CPUs all at once would take much memory.
 */
int probe_read_array(struct probe *probe, struct bpf_map *map, __u32 n, void **ret);

/* ---- kernel/load ---- */

/* Marks the programs of the family to be loaded, and the one that sweeps. */
void probe_choose_programs(struct sliprobe_bpf *skel, enum probe_hook hook, enum probe_walk walk);

/* ---- kernel/attach ---- */

/* The programs that are attached, in the order they are attached in, without those not loaded. */
size_t probe_programs(struct sliprobe_bpf *skel, struct bpf_program *ret[PROBE_LINKS]);

/* ---- kernel/tables ---- */

/* Writes n values to an array map, from index `first` on. Returns 0 or -errno. */
int probe_write_array(struct bpf_map *map, __u32 first, const void *values, size_t n);

#endif
