/* SPDX-License-Identifier: GPL-2.0-only */
#include "match/pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "match/spans.h"

enum {
	N_BYTES = 256,

	/* Holes looked at for a row before it goes to the end: bounds the packer to linear time. */
	MAX_TRIES = 64,
};

/* Free cells are found by following `free_from` to a cell that names itself (union-find). */
struct packer {
	struct dfa_cell *cells;
	size_t n_cells; /* allocated */
	size_t *free_from;
	size_t used; /* all cells from here on are free */
};

static void packer_clear(struct packer *packer)
{
	free(packer->cells);
	free(packer->free_from);
}

static int packer_grow(struct packer *packer)
{
	size_t cells_room = packer->n_cells, free_room = packer->n_cells;
	size_t want = packer->used + 4 * N_BYTES;
	int r;

	if (want <= packer->n_cells)
		return 0;
	r = array_reserve(&packer->cells, &cells_room, want, sizeof(*packer->cells));
	if (!r)
		r = array_reserve(&packer->free_from, &free_room, want, sizeof(*packer->free_from));
	if (r)
		return r;
	for (size_t i = packer->n_cells; i < cells_room; i++) {
		packer->cells[i] = (struct dfa_cell){};
		packer->free_from[i] = i;
	}
	packer->n_cells = cells_room;
	return 0;
}

static size_t packer_find_free(struct packer *packer, size_t from)
{
	while (packer->free_from[from] != from) {
		packer->free_from[from] = packer->free_from[packer->free_from[from]];
		from = packer->free_from[from];
	}
	return from;
}

static bool row_fits(const struct packer *packer, size_t base, const struct edge *edges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (packer->cells[base + edges[i].byte].check != DFA_DEAD)
			return false;
	}
	return true;
}

static int packer_place(struct packer *packer, __u32 state, struct row *row,
			const struct edge *edges)
{
	size_t lowest = edges[0].byte, at;
	int r = packer_grow(packer);

	if (r)
		return r;
	at = packer_find_free(packer, lowest);
	for (size_t tries = 0; !row_fits(packer, at - lowest, edges, row->n_edges); tries++) {
		if (tries < MAX_TRIES)
			at = packer_find_free(packer, at + 1);
		else
			at = packer->used > lowest ? packer->used : lowest;
	}
	row->base = (__u32)(at - lowest);
	for (size_t i = 0; i < row->n_edges; i++) {
		size_t cell = row->base + edges[i].byte;

		packer->cells[cell] = (struct dfa_cell){.check = state, .next = edges[i].next};
		packer->free_from[cell] = cell + 1;
		if (cell >= packer->used)
			packer->used = cell + 1;
	}
	return 0;
}

/* Long rows first: short ones fill the holes they leave. */
static int sort_rows(const struct row *rows, size_t n_rows, __u32 **ret_order)
{
	__u32 *order = calloc(n_rows, sizeof(*order));
	size_t start[N_BYTES + 2] = {}; /* by N_BYTES - n_edges */

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < n_rows; i++)
		start[N_BYTES - rows[i].n_edges + 1]++;
	for (size_t i = 1; i < N_BYTES + 2; i++)
		start[i] += start[i - 1];
	for (size_t i = 0; i < n_rows; i++)
		order[start[N_BYTES - rows[i].n_edges]++] = (__u32)i;
	*ret_order = order;
	return 0;
}

int pack_rows(struct row *rows, size_t n_rows, const struct edge *edges,
	      struct dfa_cell **ret_cells, size_t *ret_n_cells)
{
	_cleanup_(packer_clear) struct packer packer = {};
	_cleanup_free_ __u32 *order = NULL;
	struct dfa_cell *cells;
	size_t max_base = 0;
	int r = sort_rows(rows, n_rows, &order);

	if (!r)
		r = packer_grow(&packer); /* an automaton without edges has cells, too */
	for (size_t i = 0; i < n_rows && !r; i++) {
		struct row *row = &rows[order[i]];

		if (!row->n_edges)
			break; /* rows without edges own no cell: base 0 will do */
		r = packer_place(&packer, order[i], row, edges + row->first_edge);
		if (row->base > max_base)
			max_base = row->base;
	}
	if (r)
		return r;
	cells = realloc(packer.cells, (max_base + N_BYTES) * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	packer.cells = NULL;
	*ret_cells = cells;
	*ret_n_cells = max_base + N_BYTES;
	return 0;
}
