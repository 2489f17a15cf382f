/* SPDX-License-Identifier: GPL-2.0-only */
/* Who calls a function of the same file directly: every place of the file's code whose bytes may be such a call. */
#ifndef SLIPROBE_SITES_CALLERS_H
#define SLIPROBE_SITES_CALLERS_H

#include "sites/elf.h"

enum {
	CALLERS_MAX = 16,
};

/*
 * Addresses of what looks like a call of the function. Returns 0, or -ENOTSUP with the reason: there are none or too
 * many, the function is jumped to, its address is taken, or not all code could be read.
 */
int callers_find(struct elf *elf, const char *name, __u64 address, __u64 ret[CALLERS_MAX],
		 size_t *ret_n, struct error *reason);

#endif
