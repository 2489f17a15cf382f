/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files that are probed: each has a profile, and links. Those of a library are of all processes that have mapped it,
 * or will: forked workers and later ones come for free. Those of an executable are of one process each: one that looks
 * at its own code when it starts finds nothing in it.
 */
#ifndef SLIPROBE_HELPER_PROBED_H
#define SLIPROBE_HELPER_PROBED_H

#include <stdbool.h>

#include "helper/attach.h"
#include "helper/known.h"
#include "helper/pins.h"

enum {
	PROBED_MAX = 1024, /* files, and processes of executables */
};

/* A file as it is probed. */
struct probed_file {
	struct file_id id; /* ino 0: this profile is not in use */
	char name[TLS_LIBRARY_BYTES]; /* "" of an adopted one */
	char path[TLS_PATH_BYTES];
	__u32 library, probes;
	__u32 sets; /* of links */
	bool executable, sendfile;
};

struct probed_set {
	struct pins_key key; /* profile 0: none */
	struct attach_links *links;
	/* Of all processes: one that has it mapped; 0: none is known. helper/users */
	__u32 witness;
	__u64 witness_start; /* in ticks */
	unsigned int unused; /* walks that have met nobody */
	bool asked; /* in this walk: that somebody who has it is looked at */
};

struct probed {
	int pins; /* a directory; -1: none, links end with this process */
	int profiles; /* the map */
	int objects; /* likewise */
	bool profiles_are_array;
	enum tls_way way;
	struct attach_programs programs;
	__u32 last_profile;
	struct probed_file files[TLS_PROFILES_MAX]; /* by profile */
	struct probed_set sets[PROBED_MAX];
};

/* How an executable's process is named; NULL where a library is meant. */
struct probed_process {
	__u32 tgid;
	__u64 start; /* in ticks */
};

/* NULL: it is not probed. */
struct probed_set *probed_find(struct probed *probed, const struct file_id *file,
			       const struct probed_process *process);

/*
 * Probes a file that is open as `fd`. *ret_why is TLS_NOT_NONE and *ret its set, or why not, and ret_error says more.
 */
enum tls_not_reason probed_attach(struct probed *probed, int fd, const struct known_file *known,
				  const struct probed_process *process, const char *path,
				  struct probed_set **ret, struct error *ret_error);

/* Says what an adopted file is, once it was looked into. */
void probed_name(struct probed *probed, const struct probed_set *set,
		 const struct known_file *known, const char *path);

/* Takes its probes off. Returns its profile if that is of no use any more, else 0. */
__u32 probed_end(struct probed *probed, struct probed_set *set);

/* Takes over what is pinned. Returns how many profiles; or -errno. */
int probed_adopt(struct probed *probed);

/* Pins everything in another directory, and takes the descriptor. Returns 0 or -errno. */
int probed_pin_again(struct probed *probed, int dir);

/* Closes what is open; what is pinned goes on. */
void probed_close(struct probed *probed);

/* What to tell of a profile in use. */
void probed_tell(const struct probed *probed, __u32 profile, struct tls_packet_found *ret);

#endif
