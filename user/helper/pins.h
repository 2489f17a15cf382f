/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of pinned links, by which the next agent's helper knows what is attached to which file. They begin as the names
 * of all links do, which kernel/pins removes first:
 *   link_tls_<dev>_<ino>_<generation>_<tgid>_<start>_<profile>_<e or r><index>_<sites>_<of>
 * dev to start are hexadecimal; `of` is how many links of the file there are in all.
 */
#ifndef SLIPROBE_HELPER_PINS_H
#define SLIPROBE_HELPER_PINS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi/tls.h"
#include "base/error.h"
#include "helper/attach.h"

enum {
	PINS_NAME_BYTES = 128,
	PINS_NAMES_MAX = TLS_PROFILES_MAX * SITES_MAX / 4, /* further ones are removed */
};

/* What the links of one file have in common; of an executable there are some for each process. */
struct pins_key {
	struct file_id file;
	__u64 start; /* of the process, in ticks; 0: of all */
	__u32 tgid; /* 0: of all */
	__u32 profile;
};

struct pins_name {
	struct pins_key key;
	bool returns;
	__u32 index, sites, of;
};

void pins_name_text(const struct pins_name *name, char ret[static PINS_NAME_BYTES]);

/* Returns 0; -ENOENT: it is no link of this kind; -EINVAL: it looks like one, and is none. */
int pins_name_parse(const char *text, struct pins_name *ret);

/*
 * Which of the names make a whole: of a key each link once, and of a profile one file. The names are sorted so that
 * those of a whole are neighbours. take: of each name, whether it belongs to one; the others are to be removed.
 */
void pins_plan(struct pins_name *names, size_t n, bool *take);

/* Pins the links of a file. Returns 0 or -errno, and then none is pinned. */
int pins_put(int dir, const struct pins_key *key, const struct attach_links *links);

/* Removes them, those of beginnings first. */
void pins_drop(int dir, const struct pins_key *key, const struct attach_links *links);

/*
 * Opens the links of the directory that make a whole, and removes the others: those that are of other programs than
 * `enter` and `exit` (ids), too. adopt() takes each whole, and owns its links, or fails, and they
 * are removed. Returns 0 or -errno.
 */
struct pins_programs {
	__u32 enter, exit;
};

typedef int pins_adopt_fn(void *context, const struct pins_key *key, struct attach_links *links);

int pins_adopt(int dir, const struct pins_programs *programs, pins_adopt_fn *adopt, void *context);

#endif
