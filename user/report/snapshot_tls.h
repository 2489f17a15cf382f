/* SPDX-License-Identifier: GPL-2.0-only */
/* TLS libraries that are probed, and the process that attaches to them. */
#ifndef SLIPROBE_REPORT_SNAPSHOT_TLS_H
#define SLIPROBE_REPORT_SNAPSHOT_TLS_H

#include <stddef.h>
#include <stdint.h>

/* A file that is probed. */
struct snapshot_tls_file {
	char *path; /* as a process that uses it sees it; "": not known */
	char *library; /* "OpenSSL"; NULL: not known */
	char *version; /* "3.0.17"; NULL: not known */
	char *unprobed; /* functions of it that are not; NULL: none */
	uint32_t profile; /* its number: two files may have one path, in two containers */
	uint32_t probes;
	size_t processes; /* that were looked at and found to use it */
};

struct snapshot_tls {
	const char *mode; /* "off", "servers", "all": what holds since the start */
	const char *state; /* "off", "starting", "on"; "limited": no further library is probed */
	const char *attach; /* "multi" or "perf"; NULL: nothing is loaded */
	struct snapshot_tls_file *files;
	size_t n_files;
	struct {
		int pid; /* 0: there is none */
		const char *state; /* "off", "starting", "ready", "failed", "ended" */
		char *reason; /* "" if it is ready or off */
		uint64_t restarts; /* of the process that works */
		char **capabilities;
		size_t n_capabilities;
	} helper;
};

/* Frees what it owns, and zeroes it. */
void snapshot_tls_clear(struct snapshot_tls *tls);

#endif
