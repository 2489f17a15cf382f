/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found in files, so that each is decoded once. A file is known by its number, and as long as nothing has
 * written to it.
 */
#ifndef SLIPROBE_HELPER_KNOWN_H
#define SLIPROBE_HELPER_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/mapped.h"
#include "helper/packets.h"
#include "sites/sites.h"

enum {
	KNOWN_MAX = 4096, /* beyond, the one goes that was not asked for for longest */
	KNOWN_SITE_BYTES = 16, /* of the code at a site: no instruction of x86-64 is longer */
};

struct known_file {
	struct mapped_state state;
	enum tls_not_reason reason; /* TLS_NOT_NONE: it has sites */
	char name[TLS_LIBRARY_BYTES];
	char text[TLS_TEXT_BYTES]; /* more of the reason, or what is missing */
	bool sendfile;
	struct tls_profile profile; /* with the file's id */
	size_t n;
	struct site *sites; /* NULL: none */
	/* The code at each site, as it was decoded. */
	unsigned char (*code)[KNOWN_SITE_BYTES];
	bool served; /* as an executable: a process of it was probed once it had served */
	unsigned long used;
};

struct known;

/* NULL: out of memory. */
struct known *known_new(void);
void known_free(struct known *known);

/* NULL: it is not known, or was written to since. Valid until the next call of known_look(). */
struct known_file *known_find(struct known *known, const struct mapped_state *state);

/*
 * Looks into a file that is open for reading and not known. What cannot be read is remembered as that, too. Returns
 * NULL if it is out of memory.
 */
struct known_file *known_look(struct known *known, int fd, const struct mapped_state *state);

/* Whether the code at each site is what was decoded. */
bool known_is_unchanged(const struct known_file *file, int fd);

#endif
