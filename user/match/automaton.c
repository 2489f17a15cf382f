/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Patterns -> positions (match/nfa) -> subsets of positions, which are the DFA's states -> rows of
 * edges -> one array in which they are displaced (match/pack).
 */
#include "match/automaton.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "match/nfa.h"
#include "match/pack.h"
#include "match/spans.h"

enum {
	N_BYTES = 256,

	/* Limits on what building costs: 128 MiB, and about two seconds. */
	MAX_EDGES = 1 << 24,
	MAX_WORK = 1 << 29,
};

struct builder {
	struct nfa nfa;
	size_t max_states;
	struct spans subsets; /* number k is DFA state k; 0 is the empty set, the dead state */
	/* accept sets as bitmaps, each set_words * 2 words; 0 is the empty one */
	struct spans sets;
	size_t set_words;
	struct row *rows;
	size_t rows_capacity;
	struct edge *edges;
	size_t n_edges, edges_capacity;
	size_t work;
	__u32 *bitmap; /* scratch of find_accept(): of patterns, set_words * 2 words */
};

static void builder_clear(struct builder *b)
{
	nfa_clear(&b->nfa);
	spans_clear(&b->subsets);
	spans_clear(&b->sets);
	free(b->rows);
	free(b->edges);
	free(b->bitmap);
}

static int builder_init(struct builder *b, const struct pattern *patterns, size_t n)
{
	b->set_words = n ? (n + 63) / 64 : 1;
	b->bitmap = calloc(b->set_words * 2, sizeof(*b->bitmap));
	return b->bitmap ? nfa_init(&b->nfa, patterns, n) : -ENOMEM;
}

static const __u32 *span_items(const struct builder *b, const struct span *span)
{
	return span->len ? b->subsets.items + span->first : NULL;
}

/* The state that stands for the `len` positions in nfa.subset. */
static int intern_subset(struct builder *b, size_t len, __u32 *ret_state)
{
	return spans_intern(&b->subsets, b->nfa.subset, len, b->max_states, ret_state);
}

/* The state that `byte`, or NFA_OTHER_BYTE, leads to. */
static int step(struct builder *b, __u32 state, int byte, __u32 *ret_next)
{
	const struct span *span = &b->subsets.spans[state];

	b->work += span->len;
	if (b->work > MAX_WORK)
		return -E2BIG;
	return intern_subset(b, nfa_step(&b->nfa, span_items(b, span), span->len, byte), ret_next);
}

static int find_accept(struct builder *b, __u32 state, __u32 *ret_accept)
{
	const struct span *span = &b->subsets.spans[state];
	const __u32 *subset = span_items(b, span);
	bool any = false;

	for (size_t i = 0; i < span->len; i++) {
		const struct position *position = &b->nfa.positions[subset[i]];

		if (position->op != OP_END && position->op != OP_SURE)
			continue;
		if (!any)
			memset(b->bitmap, 0, b->set_words * 2 * sizeof(*b->bitmap));
		any = true;
		b->bitmap[position->group / 32] |= 1U << (position->group % 32);
	}
	if (!any) {
		*ret_accept = 0;
		return 0;
	}
	return spans_intern(&b->sets, b->bitmap, b->set_words * 2, SIZE_MAX, ret_accept);
}

/* Finds the bytes that some token of the state names. Returns how many. */
static size_t find_named_bytes(const struct builder *b, __u32 state, bool named[static N_BYTES])
{
	const struct span *span = &b->subsets.spans[state];
	const __u32 *subset = span_items(b, span);
	size_t n = 0;

	memset(named, 0, N_BYTES * sizeof(*named));
	for (size_t i = 0; i < span->len; i++) {
		const struct position *position = &b->nfa.positions[subset[i]];

		if (position->op == OP_LITERAL)
			named[position->byte] = true;
		else if (position->op == OP_SEGMENT)
			named['/'] = true;
	}
	for (size_t c = 0; c < N_BYTES; c++)
		n += named[c];
	return n;
}

static __u32 most_common(const __u32 next[static N_BYTES])
{
	__u32 best = next[0];
	size_t best_count = 0;

	for (size_t i = 0; i < N_BYTES; i++) {
		size_t count = 0;

		for (size_t j = i; j < N_BYTES; j++)
			count += next[j] == next[i];
		if (count > best_count) {
			best_count = count;
			best = next[i];
		}
	}
	return best;
}

static int build_row(struct builder *b, __u32 state)
{
	struct row row = {.first_edge = b->n_edges};
	bool named[N_BYTES];
	__u32 next[N_BYTES];
	__u32 other = DFA_DEAD;
	size_t n_named = find_named_bytes(b, state, named);
	int r = 0;

	if (n_named < N_BYTES)
		r = step(b, state, NFA_OTHER_BYTE, &other);
	for (int c = 0; c < N_BYTES && !r; c++) {
		next[c] = other;
		if (named[c])
			r = step(b, state, c, &next[c]);
	}
	if (!r)
		r = find_accept(b, state, &row.accept);
	if (!r)
		r = array_reserve(&b->edges, &b->edges_capacity, b->n_edges + N_BYTES,
				  sizeof(*b->edges));
	if (!r)
		r = array_reserve(&b->rows, &b->rows_capacity, (size_t)state + 1, sizeof(*b->rows));
	if (r)
		return r;
	row.dflt = n_named <= N_BYTES / 2 ? other : most_common(next);
	for (size_t c = 0; c < N_BYTES; c++) {
		if (next[c] != row.dflt)
			b->edges[b->n_edges++] = (struct edge){.byte = (__u8)c, .next = next[c]};
	}
	row.n_edges = (__u32)(b->n_edges - row.first_edge);
	b->rows[state] = row;
	return b->n_edges > MAX_EDGES ? -E2BIG : 0;
}

static int build_rows(struct builder *b, __u32 *ret_start)
{
	__u32 empty, start;
	int r;

	r = spans_intern(&b->sets, b->bitmap, b->set_words * 2, SIZE_MAX, &empty);
	r = r ?: intern_subset(b, 0, &empty);
	r = r ?: intern_subset(b, nfa_start(&b->nfa), &start);
	for (size_t state = 0; !r && state < b->subsets.n; state++)
		r = build_row(b, (__u32)state);
	if (r)
		return r;
	*ret_start = start;
	return 0;
}

/* A byte that ends none of the inputs, see http1_read_path() and http1_read_agent(). */
static bool is_plain(__u8 byte)
{
	return byte > ' ' && byte < 0x7f && byte != '?' && byte != '#';
}

/* The only byte that leads anywhere but to the dead state; NULL if there are more, or none. */
static const struct edge *only_edge(const struct builder *b, __u32 state)
{
	const struct row *row = &b->rows[state];
	const struct edge *edge = b->edges + row->first_edge;

	return row->dflt == DFA_DEAD && row->n_edges == 1 && is_plain(edge->byte) ? edge : NULL;
}

/* Finds the bytes that the state can pass at once, see enum dfa_kind. */
static void find_kind(const struct builder *b, __u32 number, struct dfa_state *state)
{
	const struct row *row = &b->rows[number];
	const struct edge *edge = b->edges + row->first_edge;

	if (number == DFA_DEAD)
		return;
	if (row->dflt == number && row->n_edges <= DFA_EXITS_MAX) {
		state->kind = DFA_LOOP;
		state->n = (__u8)row->n_edges;
		for (size_t i = 0; i < DFA_EXITS_MAX; i++)
			state->bytes |= (__u64)(i < state->n ? edge[i].byte : '\n') << 8 * i;
		return;
	}
	state->run_next = number;
	while (state->n < DFA_RUN_MAX && (edge = only_edge(b, state->run_next))) {
		state->kind = DFA_RUN;
		state->bytes |= (__u64)edge->byte << 8 * state->n++;
		state->run_next = edge->next;
	}
	if (state->kind != DFA_RUN)
		state->run_next = DFA_DEAD;
}

int automaton_compile(const struct pattern *patterns, size_t n, size_t max_states,
		      struct automaton *ret)
{
	_cleanup_(builder_clear) struct builder b = {.max_states = max_states};
	_cleanup_free_ struct dfa_state *states = NULL;
	_cleanup_free_ __u64 *sets = NULL;
	struct dfa_cell *cells;
	size_t n_cells;
	__u32 start;
	int r;

	if (b.max_states > AUTOMATON_MAX_STATES)
		b.max_states = AUTOMATON_MAX_STATES;
	r = builder_init(&b, patterns, n);
	if (!r)
		r = build_rows(&b, &start);
	if (r)
		return r;
	states = calloc(b.subsets.n, sizeof(*states));
	sets = calloc(b.sets.n * b.set_words, sizeof(*sets));
	if (!states || !sets)
		return -ENOMEM;
	r = pack_rows(b.rows, b.subsets.n, b.edges, &cells, &n_cells);
	if (r)
		return r;
	for (size_t s = 0; s < b.subsets.n; s++) {
		states[s] = (struct dfa_state){
			.base = b.rows[s].base,
			.dflt = b.rows[s].dflt,
			.accept = b.rows[s].accept,
		};
		find_kind(&b, (__u32)s, &states[s]);
	}
	for (size_t i = 0; i < b.sets.n * b.set_words; i++)
		sets[i] = b.sets.items[2 * i] | (__u64)b.sets.items[2 * i + 1] << 32;
	*ret = (struct automaton){
		.states = TAKE_PTR(states),
		.n_states = b.subsets.n,
		.cells = cells,
		.n_cells = n_cells,
		.start = start,
		.sets = TAKE_PTR(sets),
		.n_sets = b.sets.n,
		.set_words = b.set_words,
	};
	return 0;
}

void automaton_clear(struct automaton *automaton)
{
	free(automaton->states);
	free(automaton->cells);
	free(automaton->sets);
	*automaton = (struct automaton){};
}

void automaton_place(const struct automaton *automaton, __u32 state_offset, __u32 cell_offset,
		     __u32 accept_offset, struct dfa_state *states, struct dfa_cell *cells)
{
	for (size_t s = 1; s < automaton->n_states; s++) {
		const struct dfa_state *state = &automaton->states[s];

		states[s - 1] = *state;
		states[s - 1].base += cell_offset;
		states[s - 1].dflt += state->dflt ? state_offset : 0;
		states[s - 1].accept += state->accept ? accept_offset : 0;
		states[s - 1].run_next += state->run_next ? state_offset : 0;
	}
	for (size_t i = 0; i < automaton->n_cells; i++) {
		const struct dfa_cell *cell = &automaton->cells[i];

		cells[i] = (struct dfa_cell){
			.check = cell->check ? state_offset + cell->check : DFA_DEAD,
			.next = cell->next ? state_offset + cell->next : DFA_DEAD,
		};
	}
}

__u32 automaton_next(const struct automaton *automaton, __u32 state, unsigned char c)
{
	const struct dfa_cell *cell = &automaton->cells[automaton->states[state].base + c];

	return cell->check == state ? cell->next : automaton->states[state].dflt;
}

__u32 automaton_match(const struct automaton *automaton, const char *text, size_t len)
{
	__u32 state = automaton->start;

	for (size_t i = 0; i < len; i++)
		state = automaton_next(automaton, state, (unsigned char)text[i]);
	return automaton->states[state].accept;
}
