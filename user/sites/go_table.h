/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of a Go executable by its own table for tracebacks, which stripping leaves: runtime.pclntab. Its
 * layouts are those of Go 1.16 (debug/gosym calls them ver116), 1.18 (ver118) and 1.20 (ver120), the last without the
 * address of the code from Go 1.26 on.
 */
#ifndef SLIPROBE_SITES_GO_TABLE_H
#define SLIPROBE_SITES_GO_TABLE_H

#include "sites/go_words.h"

struct go_table {
	struct go_words *words;
	const unsigned char *bytes;
	__u64 size;
	__u64 address;
	__u64 functions; /* how many */
	__u64 functions_at, names_at; /* in the table */
	__u64 text; /* address that entries are counted from; 0 with absolute ones */
	bool absolute; /* ver116 */
};

struct go_function {
	const char *name;
	__u64 from, to; /* addresses; `from` is 0 where it was not found */
};

/*
 * Returns 0; -ENOENT: there is no table, it is no Go; -ENOTSUP, with the reason: the table is one of another layout, or
 * the code does not begin where it says.
 */
int go_table_open(struct go_words *words, struct go_table *ret, struct error *reason);

/* Fills in where the n functions named are; of two with a name, the first. */
void go_table_find(const struct go_table *table, struct go_function *functions, size_t n);

#endif
