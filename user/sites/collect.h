/* SPDX-License-Identifier: GPL-2.0-only */
/* The sites of one function after the other, into a list without an offset twice. */
#ifndef SLIPROBE_SITES_COLLECT_H
#define SLIPROBE_SITES_COLLECT_H

#include "sites/choose.h"
#include "sites/functions.h"
#include "sites/sites.h"

struct collection {
	struct elf *elf;
	struct sites *sites;
	/* Entries stand where nothing is on the stack: RETs that functions share are then as far from all of them. */
	bool flat;
};

/*
 * Adds the entry of the function, and its returns: its own, and those of functions that it leaves for by a jump. Adds
 * nothing unless it adds all. Returns 0, -ENOTSUP with the reason, -EEXIST: a site that is shared with a function that
 * was added is not as far from this entry, or -ENOMEM.
 */
int collect_function(struct collection *collection, const struct function *function,
		     enum tls_call call, struct error *reason);

/* Adds the entry of a function that ends where its callers go on, and what is behind each call of it in the file. */
int collect_by_callers(struct collection *collection, const struct function *function,
		       enum tls_call call, struct error *reason);

/* Adds the name to sites->missing. */
void collect_missing(struct collection *collection, const char *name);

/* Adds what is to be probed of a library's functions. Returns as collect_function(). */
typedef int collect_add(struct collection *collection, struct function *functions,
			struct error *reason);

/*
 * Collects by `add`, again with flat entries if it returns -EEXIST, and sets the kind of what came of it: SITES_FOUND, or
 * SITES_REFUSED with the reason. Returns 0 or -ENOMEM.
 */
int collect_all(struct collection *collection, collect_add *add, struct function *functions,
		struct error *reason);

#endif
