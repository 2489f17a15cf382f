/* SPDX-License-Identifier: GPL-2.0-only */
/* A process, looked at: each library that it has mapped is probed, or told of with the reason why not. */
#ifndef SLIPROBE_HELPER_LOOK_H
#define SLIPROBE_HELPER_LOOK_H

#include "helper/known.h"
#include "helper/packets.h"
#include "helper/probed.h"
#include "helper/watch.h"

struct look {
	struct known *known;
	struct probed *probed;
	struct watch *watch;
	const char (*excludes)[TLS_TEXT_BYTES]; /* patterns of executables */
	size_t n_excludes;
	/* Is told of each file: a TLS_FOUND. */
	void (*tell)(void *context, const struct tls_packet_found *found);
	void *context;
	bool attached_executable; /* the last look has probed the executable itself */
};

/* Whether a pattern fits the path of an executable: as fnmatch(3), '*' stands for '/', too. */
bool look_is_excluded(const struct look *look, const char *path);

/* Whether a file of this name is a TLS library, by the name: libssl*, libgnutls*. */
bool look_is_library(const char *name);

/* Returns how many files of the process are probed. */
__u32 look_at(struct look *look, const struct tls_packet_look *what);

#endif
