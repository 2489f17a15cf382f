/* SPDX-License-Identifier: GPL-2.0-only */
/* Row displacement: lays sparse rows over each other in one array, see include/dfa.h. */
#ifndef SLIPROBE_MATCH_PACK_H
#define SLIPROBE_MATCH_PACK_H

#include <linux/types.h>
#include <stddef.h>

#include "dfa.h"

struct edge {
	__u32 next;
	__u8 byte;
};

struct row {
	size_t first_edge; /* edges that differ from dflt, in order of bytes */
	__u32 n_edges;
	__u32 dflt;
	__u32 accept;
	__u32 base;
};

/*
 * Places the edges of rows 0 .. n_rows-1 and sets each row's base. Returns 0 or -ENOMEM;
 * *ret_cells is malloc()ed, and has room for max(base) + 256 cells.
 */
int pack_rows(struct row *rows, size_t n_rows, const struct edge *edges,
	      struct dfa_cell **ret_cells, size_t *ret_n_cells);

#endif
