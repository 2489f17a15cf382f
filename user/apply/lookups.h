/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What services are matched by, and has to be looked up on the host: the network namespace at a path, the file that
 * the path of an executable leads to. Looked up before a generation goes live, and at each step: an upgrade replaces
 * executables, a namespace is made anew under its name.
 */
#ifndef SLIPROBE_APPLY_LOOKUPS_H
#define SLIPROBE_APPLY_LOOKUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/tables.h"

struct probe;

struct lookup {
	struct tables_lookup what;
	bool known;
	struct file_id value; /* as last looked up */
	/* A namespace is held open: its number would else be another's as soon as it is gone. -1: none is */
	int fd;
};

/* A value that lookups have, and the services of all of these: paths may lead to the same file. */
struct looked_up {
	struct tables_fact fact;
	struct service_set services;
};

struct lookups {
	struct lookup *list;
	size_t n;
	struct looked_up *written; /* what the kernel has of them */
	size_t n_written;
};

/* Takes over the lookups that were compiled. Returns 0 or -ENOMEM. */
int lookups_take(struct lookups *lookups, struct tables *tables);
void lookups_clear(struct lookups *lookups);

/*
 * Looks all of them up and tells the programs what has changed, for `generation`. What cannot be looked at keeps its
 * last value; what is not there has none. Returns 0 or -errno.
 */
int lookups_refresh(struct lookups *lookups, struct probe *probe, __u32 generation);

#endif
