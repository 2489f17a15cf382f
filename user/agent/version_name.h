/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a version is called: the version that its processes were told; else the first 12 hexadecimal digits of its
 * build id; else, of an interpreter, 12 of a hash over its script's or jar's path, size and time of change; else 12 of
 * such a hash over the executable. Pure: what is on disk is asked for by a function.
 */
#ifndef SLIPROBE_AGENT_VERSION_NAME_H
#define SLIPROBE_AGENT_VERSION_NAME_H

#include <stdbool.h>

#include "abi.h"

#define VERSION_KINDS(X)                                                                           \
	X(UNKNOWN, "unknown")                                                                      \
	X(ENV, "env")                                                                              \
	X(BUILD_ID, "build_id")                                                                    \
	X(SCRIPT, "script")                                                                        \
	X(JAR, "jar")                                                                              \
	X(FILE, "file")

/* 0 is none of them: not found out yet. */
enum version_kind {
	VERSION_NOT_NAMED,
#define X(word, text) VERSION_##word,
	VERSION_KINDS(X)
#undef X
};

/* "unknown" for what is none. */
const char *version_kind_name(enum version_kind kind);

enum {
	VERSION_HASH_DIGITS = 12,
	BUILD_ID_TEXT_BYTES = 2 * BUILD_ID_BYTES + 1,
};

struct version_name {
	enum version_kind kind;
	char name[VERSION_NAME_BYTES]; /* "unknown" if it is */
	char script[SCRIPT_BYTES]; /* path of the script or jar; "" */
};

/*
 * By what the kernel tells of all of its processes. The text is safe to show; a told version that is longer is cut,
 * and ends in digits of its hash. An interpreter that was told none is VERSION_NOT_NAMED: see version_script().
 */
void version_name(const struct version *version, struct version_name *ret);

/* In hexadecimal digits, of Go the beginning of its text; "" if it is not known. */
void version_build_id(const struct version *version, char ret[static BUILD_ID_TEXT_BYTES]);

/*
 * The path of the script or jar that an interpreter was started with, by its arguments and working directory, as far
 * as the process's paths are the host's. Returns false if there is none to be found. *ret_jar: it is one.
 */
bool version_script_path(const struct process_facts *facts, char ret[static SCRIPT_BYTES],
			 bool *ret_jar);

/* A file on disk. Times in ns since 1970. */
struct version_file {
	__u64 bytes;
	__u64 changed_ns; /* its bytes (mtime), */
	__u64 touched_ns; /* or anything about it (ctime) */
};

/*
 * By the script at that path. started_ns: when the process began, since 1970: of a file that was touched since it is
 * not known what the process has read. file NULL: it cannot be looked at.
 */
void version_script(const char *path, bool jar, const struct version_file *file, __u64 started_ns,
		    struct version_name *ret);

#endif
