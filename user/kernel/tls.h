/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the kernel side that measures TLS: programs that another process attaches to libraries (helper/packets),
 * what they ask for, and what they are told of processes.
 */
#ifndef SLIPROBE_KERNEL_TLS_H
#define SLIPROBE_KERNEL_TLS_H

#include <linux/types.h>
#include <stdbool.h>

#include "abi/tls.h"
#include "kernel/probe.h"

/* How the loaded programs can be attached; another way takes loading them anew. */
enum probe_tls {
	PROBE_TLS_OFF, /* they are not loaded */
	PROBE_TLS_MULTI, /* by multi links (Linux 6.6) */
	PROBE_TLS_PERF, /* by a perf event for each site */
};

/* "off", "multi", "perf" */
const char *probe_tls_name(enum probe_tls way);

/*
 * The way of this kernel, tried by asking for a multi link that nothing can be attached by. Takes the privilege to
 * load programs. Never PROBE_TLS_OFF.
 */
enum probe_tls probe_tls_way(void);

/* What was loaded. */
enum probe_tls probe_tls(const struct probe *probe);
/* Why nothing was though it was asked for; "": it was, or was not asked for. */
const char *probe_tls_reason(const struct probe *probe);

/*
 * Which hooks of that family can see what TLS in the kernel carries, now: where its functions are a module's, that has
 * to be there. Takes the privilege to load programs.
 */
enum ktls_seen probe_ktls(enum probe_hook hook);

/* Seeing it takes programs on functions of a module, for which the start has to hold CAP_SYS_ADMIN. */
bool probe_ktls_takes_admin(void);

/* The loaded programs see it, or were refused by the kernel. */
bool probe_sees_ktls(const struct probe *probe);

/*
 * Of another process: what it attaches, where it says how a library is read, and where it puts the cache of objects. All
 * are the probe's.
 */
struct probe_tls_gifts {
	int enter_fd;
	int return_fd;
	int profiles_fd;
	int objects_fd;
};

void probe_tls_gifts(const struct probe *probe, struct probe_tls_gifts *ret);

/*
 * From now on connections that begin with TLS are followed; false: they are blind, as without the programs. Whoever
 * asked to be looked at before is told again.
 */
void probe_tls_follow(struct probe *probe, bool on);

typedef void (*probe_wanted_fn)(void *context, const struct tls_wanted *wanted);

/* A descriptor that is readable when processes are to be looked at; -1: there is none. */
int probe_wanted_fd(const struct probe *probe);
void probe_each_wanted(struct probe *probe, probe_wanted_fn fn, void *context);

/* The processes that listen now: once for each listener. Takes the privilege of the start. Returns 0 or -errno. */
int probe_each_listening(struct probe *probe, probe_wanted_fn fn, void *context);

/* The process was looked at: `probed` if all TLS in it is. Returns 0 or -errno. */
int probe_tls_know(struct probe *probe, __u32 tgid, __u64 start_ns, bool probed);
/* It has ended. */
void probe_tls_forget(struct probe *probe, __u32 tgid);

#endif
