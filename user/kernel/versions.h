/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that serve, as the kernel tells of them, and the versions that they are of: see abi/process. Counters are
 * sums over all CPUs, each exact, not read at one instant.
 */
#ifndef SLIPROBE_KERNEL_VERSIONS_H
#define SLIPROBE_KERNEL_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "kernel/probe.h"

/* Whoever is told of processes. `facts` and `exit` are valid until they return. */
struct process_reader {
	void (*process)(void *context, const struct process_facts *facts);
	void (*exit)(void *context, const struct process_exit *exit);
	void *context;
};

/* Reads what the kernel has told since the last call, oldest first: at most PROCESSES_RING_BYTES. */
void probe_read_processes(struct probe *probe, const struct process_reader *reader);

/* Processes, or ends of processes, that were not told, as there was no room. */
__u64 probe_processes_lost(const struct probe *probe);

/* True if the process serves, as far as the kernel knows, and its end is yet to be told. */
bool probe_serves(struct probe *probe, const struct process_key *process);

/*
 * Variables of the environment that versions are looked for under, besides OTel's: at most ENV_NAMES_MAX -
 * ENV_CONFIGURED. Processes that are known stay as they are.
 */
void probe_version_env(struct probe *probe, char *const *names, size_t n);

typedef int (*probe_version_fn)(void *context, __u32 id, const struct version *version,
				const struct version_note *note, __u64 requests);
/* slo: index of its counters. The sum over all calls for the same pair is what was counted. */
typedef int (*probe_version_slo_fn)(void *context, __u32 slo, __u32 version, __u64 good, __u64 bad);

/*
 * Those that have an id, ascending; and of each that has counted for an SLO its counts, in any order. A non-zero
 * return ends the reading and is returned; else 0 or -errno.
 */
int probe_each_version(struct probe *probe, probe_version_fn fn, void *context);
int probe_each_version_slo(struct probe *probe, probe_version_slo_fn fn, void *context);

/* Notes for the next agent what was found out. Returns 0 or -errno. */
int probe_note_version(struct probe *probe, __u32 id, const struct version_note *note);

/*
 * Takes the id from its version, which begins at zero should it come again: processes that have the id, if there are
 * any, are counted, but what is counted is read no more. Returns 0 or -errno.
 */
int probe_take_version(struct probe *probe, __u32 id);
/* An id that was taken may be given to another version, and begins at zero. Nobody may have it any more. Returns 0 or -errno. */
int probe_spare_version(struct probe *probe, __u32 id, __u32 service);
/* Ids that were taken, and not spared, by a former agent. */
int probe_each_taken_version(struct probe *probe, int (*fn)(void *context, __u32 id, __u32 service),
			     void *context);

#endif
