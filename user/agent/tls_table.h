/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of TLS on this host: which processes were looked at, what was found in them, and the files that are
 * probed. Pure: it asks nobody.
 */
#ifndef SLIPROBE_AGENT_TLS_TABLE_H
#define SLIPROBE_AGENT_TLS_TABLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi/tls.h"
#include "helper/packets.h"

enum {
	TLS_PROCESSES_MAX = 4096, /* beyond, those that were looked at longest ago are forgotten */
	TLS_FINDINGS_MAX = 16, /* of a process */
	TLS_AGAIN_SECONDS =
		10, /* a process that speaks TLS and is not probed is not looked at sooner */
	TLS_BUSY_SECONDS = 1, /* likewise, one that the helper had no time for */
};

/* A file of a process, or why there is none. */
struct tls_finding {
	__u32 reason; /* enum tls_not_reason; TLS_NOT_NONE: it is probed */
	__u32 profile; /* of a file that is */
	char *text; /* more of the reason; "": no more */
};

enum tls_process_state {
	TLS_WAITS, /* it is to be looked at */
	TLS_ASKED,
	TLS_LOOKED_AT,
};

struct tls_process {
	__u64 start_ns; /* as in struct tls_wanted */
	__u32 tgid;
	__u16 port; /* that it was last heard of for */
	bool serves; /* it has been spoken to in TLS */
	bool probed; /* all TLS in it that is known */
	enum tls_process_state state;
	double due; /* waits until then; of one that was asked for: it is asked for again; 0: it is not */
	double looked_at;
	struct tls_finding *findings;
	size_t n;
};

/* A file that is probed. */
struct tls_file {
	__u32 profile;
	__u32 probes;
	char name[TLS_LIBRARY_BYTES]; /* "OpenSSL 3.0.17"; "": not known */
	char path[TLS_PATH_BYTES];
	char text[TLS_TEXT_BYTES]; /* functions of it that are not; "": none */
};

struct tls_table {
	struct tls_process *processes;
	size_t n_processes;
	struct tls_file *files;
	size_t n_files;
};

void tls_table_clear(struct tls_table *table);

/*
 * The kernel side, or a list of listeners, has named the process: it waits to be looked at, if that was not done just
 * now. Times are seconds of one clock. Returns 0 or -ENOMEM.
 */
int tls_table_want(struct tls_table *table, const struct tls_wanted *wanted, double now);

/* A process that is to be looked at now; NULL: none is. */
struct tls_process *tls_table_due(struct tls_table *table, double now);
/* The helper is asked to look at it: what was found before no longer counts. */
void tls_process_ask(struct tls_process *process);
/* So many wait, now or later, or were asked for and not answered. */
size_t tls_table_open(const struct tls_table *table);
size_t tls_table_asked(const struct tls_table *table);

/* What the helper has said, as far as it is of a process that was asked for. Return 0 or -ENOMEM. */
int tls_table_found(struct tls_table *table, const struct tls_packet_found *found);
/* Returns the process, of which all is known now; NULL: nobody asked. */
struct tls_process *tls_table_looked(struct tls_table *table,
				     const struct tls_packet_looked *looked, double now);
void tls_table_gone(struct tls_table *table, __u32 profile);

/* The helper's process is another one: what was asked for is asked for again, what is probed it says. */
void tls_table_anew(struct tls_table *table);

/* Forgets the processes that lives() is false of, and calls gone() for each. */
void tls_table_forget(struct tls_table *table, bool (*lives)(const struct tls_process *process),
		      void (*gone)(void *context, const struct tls_process *process),
		      void *context);

/* NULL: there is none. Of several at a port the last one heard of. */
const struct tls_process *tls_table_process(const struct tls_table *table, __u32 tgid);
const struct tls_process *tls_table_at_port(const struct tls_table *table, __u16 port);

/* Processes that were found to use the file. */
size_t tls_table_users(const struct tls_table *table, __u32 profile);

#endif
