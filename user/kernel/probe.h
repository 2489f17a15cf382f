/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side as the agent sees it: loaded, attached, given tables, swept, read, handed over. A
 * file for each; only they know the skeleton.
 */
#ifndef SLIPROBE_KERNEL_PROBE_H
#define SLIPROBE_KERNEL_PROBE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "base/error.h"
#include "kernel/policies_in_use.h"
#include "kernel/tables.h"

struct probe;

/* ---- kernel/probe ---- */

enum probe_hook {
	PROBE_HOOK_AUTO,
	PROBE_HOOK_TRACEPOINT, /* sock_send_length and sock_recv_length, Linux 6.3 */
	PROBE_HOOK_FEXIT, /* exit of tcp_sendmsg and tcp_recvmsg */
};

const char *probe_hook_name(enum probe_hook hook);

enum probe_hook probe_hook(const struct probe *probe);
const char *probe_hook_used(const struct probe *probe);
const char *probe_hook_reason(const struct probe *probe);

/* Detaches the programs: the counters, which can still be read, no longer change. */
void probe_detach(struct probe *probe);

/* Lets everything go. The kernel removes what is not pinned. */
void probe_close(struct probe *probe);

/* ---- kernel/load ---- */

/* Whether one hook family can be loaded on this kernel. */
struct probe_trial {
	int error; /* 0, or -errno of the load */
	char reason[256]; /* of the error, in the words of the kernel or libbpf */
};

/* Loads the family's programs, and removes them again. */
void probe_try(enum probe_hook hook, struct probe_trial *ret);
/* Likewise, with the programs on TLS libraries. */
void probe_try_tls(enum probe_hook hook, struct probe_trial *ret);

/*
 * Loads the programs; nothing on the host is touched before probe_attach(). `room`: places to
 * reserve for each generation's automata. `tls`: with the programs on TLS libraries, if the kernel takes them: kernel/tls
 * has which way, and why it does not. Returns 0, or -errno and one sentence in ret_error:
 * -EPERM without the privilege, -ENOTSUP without BTF or a usable hook family.
 */
int probe_open(enum probe_hook hook, const struct tables_region *room, bool tls, struct probe **ret,
	       struct error *ret_error);

/* ---- kernel/walk ---- */

/* What a sweep goes over. */
enum probe_walk {
	PROBE_WALK_MAP, /* the map of connections */
	PROBE_WALK_FILES, /* the files of all processes */
	PROBE_WALK_SOCKETS, /* the TCP sockets of this network namespace */
};

/* The first of them that the kernel lets a program do. */
enum probe_walk probe_walk(void);

const char *probe_walk_name(enum probe_walk walk);

/* What it is and what it does not meet, in a clause. */
const char *probe_walk_reason(enum probe_walk walk);

/* ---- kernel/attach ---- */

/*
 * Attaches the programs: requests are seen from here on, and judged by what probe_live() has made
 * live before. Returns 0, or -errno and one sentence in ret_error.
 */
int probe_attach(struct probe *probe, struct error *ret_error);

/* Times the kernel skipped a program because it was already running on that CPU. */
__u64 probe_misses(struct probe *probe);

/* ---- kernel/pinned ---- */

/*
 * Pins maps and links, once attached, in the directory `dir` of a BPF file system, so that counting
 * goes on when this process ends. Returns 0, or -errno and a sentence; then some may be pinned, which
 * are the caller's to remove.
 */
int probe_pin(struct probe *probe, const char *dir, struct error *ret_error);

/* Whether all that probe_pin() pins is there. */
bool probe_is_pinned(const struct probe *probe, const char *dir);

/*
 * Opens the programs pinned in `dir`, attached and counting all the while. Returns 0, or -errno:
 * -ENOENT if a pin is missing, -EINVAL if a map is not as this program knows it.
 */
int probe_open_pinned(const char *dir, struct probe **ret, struct error *ret_error);

/* Differs between two builds of the kernel side. */
__u64 probe_build(void);

/* ---- kernel/tables ---- */

/* The generation requests are judged by; 0: none yet. */
__u32 probe_generation(const struct probe *probe);

/* Where the tables of `generation` go. */
struct tables_region probe_region(const struct probe *probe, __u32 generation);

/* Writes what a generation needs before it goes live. Returns 0 or -errno. */
int probe_write_tables(struct probe *probe, const struct tables_change *change);

/* From now on requests are judged by this generation. */
void probe_live(struct probe *probe, __u32 generation);

/* Facts that are looked up on the host: written and dropped when they have changed. Return 0 or -errno. */
int probe_write_set(struct probe *probe, __u32 number, const struct service_set *set);
int probe_write_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact);
int probe_drop_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact);

/* Forgets the facts of a generation that is not live. */
void probe_forget_facts(struct probe *probe, __u32 generation);

int probe_read_policy(struct probe *probe, __u32 number, struct policy *ret);

/* ---- kernel/host: paths are those of the host's first process ---- */

/*
 * The file that a path leads to, as the kernel tells it apart. Returns 0, or -errno: -ENOENT if there is none,
 * -ENOTSUP if this kernel does not tell.
 */
int probe_find_file(const struct probe *probe, const char *path, struct file_id *ret);

/*
 * The inode number of the network namespace that is mounted at a path, and a descriptor that keeps it from being
 * given to another one. Returns 0, or -errno: -ENOENT if there is none, -EINVAL if it is something else.
 */
int probe_find_netns(const struct probe *probe, const char *path, int *ret_fd, __u32 *ret);

/* The host's own network namespace: 0 its first process's, 1 the agent's. 0 if it is not known. */
__u32 probe_host_netns(const struct probe *probe, int which);

/* ---- kernel/read: counters are sums over all CPUs, each exact, not read at one instant ---- */

int probe_read_stats(struct probe *probe, __u64 ret[STAT_COUNT]);
__u64 probe_lost(const __u64 stats[STAT_COUNT]); /* for whatever reason */

/*
 * *ret is true if no request was in flight at some moment in this call, by the counters: ended and
 * lost are read before seen, so if they are equal, none was open between the two reads.
 */
int probe_at_rest(struct probe *probe, bool *ret);

/* The counters of an SLO at index `slot`. */
int probe_read_counts(struct probe *probe, __u32 slot, struct slo_counts *ret);

/* Called for each entry; a non-zero return ends the reading and is returned. */
typedef int (*probe_series_fn)(void *context, __u32 id, const struct series_key *key,
			       const struct series_value *value);
/*
 * An octave of a histogram: HIST_PER_OCTAVE buckets. They come by the ids of their series, ascending
 * as series do, and then by kind.
 */
typedef int (*probe_hist_fn)(void *context, __u32 id, enum hist_kind kind, __u32 octave,
			     const struct hist_value *value);
typedef int (*probe_threshold_fn)(void *context, const struct threshold_key *key, __u64 count);
typedef int (*probe_endpoint_fn)(void *context, const struct endpoint_key *key,
				 const struct endpoint *value);
typedef int (*probe_unmeasured_fn)(void *context, const struct unmeasured_key *key,
				   const struct blind *blind);
typedef int (*probe_owner_fn)(void *context, const struct owner_key *key,
			      const struct owner *value);
typedef int (*probe_fold_fn)(void *context, const struct owner_key *key, const struct fold *value);
typedef int (*probe_folded_fn)(void *context, const struct endpoint_key *key,
			       const struct owner_key *value);
typedef int (*probe_identity_fn)(void *context, const struct identity_key *key,
				 const struct identity *value);

int probe_each_series(struct probe *probe, probe_series_fn fn, void *context);
int probe_each_hist(struct probe *probe, probe_hist_fn fn, void *context);
int probe_each_threshold(struct probe *probe, probe_threshold_fn fn, void *context);
int probe_each_endpoint(struct probe *probe, probe_endpoint_fn fn, void *context);
int probe_each_identity(struct probe *probe, probe_identity_fn fn, void *context);
int probe_each_unmeasured(struct probe *probe, probe_unmeasured_fn fn, void *context);
int probe_each_owner(struct probe *probe, probe_owner_fn fn, void *context);
int probe_each_fold(struct probe *probe, probe_fold_fn fn, void *context);
int probe_each_folded(struct probe *probe, probe_folded_fn fn, void *context);

/* True if the endpoint has served a request that was counted: *ret is what is known of it. */
bool probe_find_endpoint(struct probe *probe, const struct endpoint_key *key, struct endpoint *ret);

/* Forgets a listener's blind connections, to make room. */
void probe_forget_unmeasured(struct probe *probe, const struct unmeasured_key *key,
			     const struct blind *blind);
/* True if so many rows are of the owner of this one that it will soon get no more. */
bool probe_blind_is_pressed(const struct probe *probe, const struct blind *blind);

/* How much could be measured of the service of that id. */
int probe_read_books(struct probe *probe, __u32 service, struct service_books *ret);

/* ---- kernel/endpoints: ids below are those of endpoints, from 1 up to ENDPOINTS_MAX - 1 ---- */

/* Some endpoint found no id, and counts under id 0. */
bool probe_endpoints_overflow(const struct probe *probe);
/* The highest id that was ever given out. */
__u32 probe_endpoints_given(const struct probe *probe);
/* Finds the ids that will be given out again. Returns how many they are. */
__u32 probe_endpoints_spare(const struct probe *probe, bool ret[ENDPOINTS_MAX]);
/* True if the last sweep has met a connection, or an open request, of the found service. */
bool probe_endpoint_met(const struct probe *probe, __u32 id);

/* Takes the endpoint off the list: should it come again, it gets another id. Returns 0 or -errno. */
int probe_drop_endpoint(struct probe *probe, const struct endpoint_key *key);
/*
 * Forgets that processes serve these endpoints: their next connections are decided anew. Sets *ret_found of
 * those that some process served, and leaves the others. Returns 0 or -errno.
 */
int probe_unlearn(struct probe *probe, const bool ids[ENDPOINTS_MAX],
		  bool ret_found[ENDPOINTS_MAX]);

/*
 * The endpoints' counters begin at zero, and their ids are spare. Nobody may count for them any more: they are not
 * listed, and two sweeps after probe_unlearn() found nothing have not met them. Returns 0 or -errno.
 */
int probe_forget(struct probe *probe, const bool ids[ENDPOINTS_MAX]);
/* Requests that are in no series any more, because of that. */
__u64 probe_forgotten(const struct probe *probe);

/* ---- kernel/quotas ---- */

/* Connections to endpoints that have no id, by whose quota was met. */
void probe_folded(const struct probe *probe, __u64 ret[OWNER_KIND_COUNT]);
/* Requests that found no series of their own, of all services. */
__u64 probe_folded_requests(const struct probe *probe);
/* What is charged to the owner; to OWNER_ALL: what all found services have. */
struct owner probe_owned(struct probe *probe, const struct owner_key *owner);
/* To whom the endpoint of that id is charged. Returns 0 or -errno. */
int probe_endpoint_owners(struct probe *probe, __u32 id, struct endpoint_owners *ret);
/* The owner is no longer beyond its quota. Returns 0 or -errno. */
int probe_drop_fold(struct probe *probe, const struct owner_key *owner);
/* Deletes the owners that have nothing, and of which nothing need be known any more. Returns 0 or -errno. */
int probe_forget_owners(struct probe *probe);
/* A configured service has so many routes: by that it may have series. */
void probe_series_most(struct probe *probe, __u32 service, size_t n_routes);

/* ---- kernel/samples: the rings are read by kernel/ring, mostly in another process ---- */

/*
 * How much is sampled from now on. Nothing is until this is called, by no agent that has taken over either: its
 * predecessor's settings hold. `head_bytes` is at most SAMPLE_HEAD_MAX, the rates at most SAMPLE_RATE_MAX.
 */
void probe_set_samples(struct probe *probe, const struct sample_settings *settings);

/* The rings' descriptors, which stay the probe's: of SAMPLES_BYTES and SAMPLES_FOUND_BYTES bytes. */
void probe_sample_rings(const struct probe *probe, int ret[SAMPLE_RINGS]);

/* Samples that found no room in their ring. */
__u64 probe_samples_lost(const struct probe *probe);

/* ---- kernel/sweep ---- */

/*
 * A sweep's findings. A request seen before the sweep and not ended after it must have been met by
 * it, and none that ended before it.
 */
struct probe_swept {
	__u64 in_flight; /* open requests it has met */
	__s64 at_least; /* open requests, by the counters before and after it */
	__s64 at_most;
	bool missed; /* it has met fewer than there were */
	bool consistent; /* a sweep over files may meet less, see bpf/hook/sweep.bpf.h */
};

#define PROBE_NEVER_NS (~0ULL >> 1) /* no clock and no time span of the kernel side gets there */

/*
 * Sweeps over all connections: ends requests unanswered for that long, and counts those in flight.
 * With `ret_in_use`, it also finds the policies that connections are judged by: all of them, if it
 * has met fewer than there are. Returns 0 or -errno.
 */
int probe_sweep(struct probe *probe, __u64 unanswered_ns, struct probe_swept *ret,
		struct policies_in_use *ret_in_use);

#endif
