/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs attached to the sites of a file: by two multi links, or by a perf event and a link for each site. Ends of
 * calls are attached before beginnings, and detached after them, so that no call is begun whose end is not seen.
 */
#ifndef SLIPROBE_HELPER_ATTACH_H
#define SLIPROBE_HELPER_ATTACH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "helper/packets.h"
#include "sites/sites.h"

/* Links of one file and their program: of the ends of calls, or of their beginnings. */
struct attach_link {
	int fd;
	__u32 sites; /* that it has */
	bool returns;
};

struct attach_links {
	size_t n;
	struct attach_link list[SITES_MAX]; /* those of ends first */
};

struct attach_programs {
	int enter, exit;
};

/* What to attach to. */
struct attach_file {
	int fd; /* open for reading */
	const struct site *sites;
	size_t n; /* SITES_MAX at most */
	__u32 profile; /* for the cookies */
	__u32 tgid; /* in this process alone; 0: in all that have mapped the file, or will */
};

/* Whether this kernel has multi links (6.6). Takes CAP_BPF and CAP_PERFMON. */
bool attach_has_multi(void);

/*
 * Attaches to all sites, or to none. Returns 0, and the caller owns the links; or -errno, and the kernel's words.
 */
int attach_to(enum tls_way way, const struct attach_programs *programs,
	      const struct attach_file *file, struct attach_links *ret, struct error *ret_error);

/* Closes the links, beginnings first. They end, unless something else holds them. */
void attach_end(struct attach_links *links);

/* Whether a descriptor is of that kind: "bpf-prog", "bpf-map"; "bpf-link", if it was opened. */
bool attach_is(int fd, const char *kind);

/* The program that a link has attached: its id. Returns 0 or -errno; -EINVAL if it is a link of another kind. */
int attach_program_of(int link, __u32 *ret_id);

/* The id of a program that may be attached to user functions; or -errno: -EINVAL if it may not. */
int attach_program_id(int program, __u32 *ret_id);

#endif
