/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Patterns -> positions (an NFA whose states are places between tokens) -> subsets of positions
 * (the DFA's states) -> row-displaced table.
 */
#include "match/automaton.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "match/pack.h"
#include "match/spans.h"

enum {
	N_BYTES = 256,
	OTHER_BYTE = -1, /* stands for all bytes that no token of a state names */

	/* Limits on what building costs: 128 MiB, and about two seconds. */
	MAX_EDGES = 1 << 24,
	MAX_WORK = 1 << 29,
};

/* In order of specificity, see route_specificity_cmp(). */
enum op {
	OP_END,
	OP_LITERAL,
	OP_ONE,
	OP_SEGMENT, /* one or more bytes other than '/' */
	OP_ANY, /* any bytes, none included */
	OP_SURE, /* OP_ANY at the end of a pattern: whatever follows, the pattern matches */
};

struct token {
	enum op op;
	unsigned char byte;
};

static struct token next_token(const char **text, enum dfa_syntax syntax)
{
	const char *at = *text;
	struct token token = {.op = OP_LITERAL, .byte = (unsigned char)*at};
	size_t star = syntax == DFA_ROUTE ? 2 : 1;

	if (!*at) {
		token.op = OP_END;
		return token;
	}
	if (!strncmp(at, "**", star)) {
		token.op = OP_ANY;
		while (!strncmp(at, "**", star))
			at += star; /* "any" twice over is "any" */
		*text = at;
		return token;
	}
	if (*at == '*')
		token.op = OP_SEGMENT;
	else if (*at == '?' && syntax == DFA_GLOB)
		token.op = OP_ONE;
	*text = at + 1;
	return token;
}

int route_specificity_cmp(const char *a, const char *b)
{
	for (;;) {
		struct token in_a = next_token(&a, DFA_ROUTE), in_b = next_token(&b, DFA_ROUTE);

		if (in_a.op != in_b.op)
			return in_a.op < in_b.op ? -1 : 1;
		if (in_a.op == OP_END)
			return 0;
		if (in_a.op == OP_LITERAL && in_a.byte != in_b.byte)
			return in_a.byte < in_b.byte ? -1 : 1;
	}
}

/* A place in a pattern: `op` is what may come next. */
struct position {
	__u8 op;
	__u8 byte;
	__u32 group; /* patterns that only matter together: number of the first of them */
	__u32 first; /* the pattern's first position */
};

struct builder {
	size_t max_states;
	size_t n_patterns;
	/*
	 * Position g < n_patterns means "group g surely matches"; the patterns' own follow.
	 * A subset is sorted, and free of positions that cannot change what will be accepted.
	 */
	struct position *positions;
	size_t n_positions;
	struct spans subsets; /* number k is DFA state k; 0 is the empty set, the dead state */
	struct spans
		sets; /* accept sets as bitmaps, each set_words * 2 words; 0 is the empty one */
	size_t set_words;
	struct dfa_row *rows;
	size_t rows_capacity;
	struct dfa_edge *edges;
	size_t n_edges, edges_capacity;
	size_t work;
	/* scratch of step() */
	__u32 *subset;
	__u32 *sure; /* groups, sorted */
	size_t n_sure;
	__u32 *live; /* positions, sorted */
	size_t n_live;
	bool *is_sure;
	__u32 *bitmap; /* of patterns, set_words * 2 words */
};

static void builder_clear(struct builder *b)
{
	free(b->positions);
	spans_clear(&b->subsets);
	spans_clear(&b->sets);
	free(b->rows);
	free(b->edges);
	free(b->subset);
	free(b->sure);
	free(b->live);
	free(b->is_sure);
	free(b->bitmap);
}

/* Group ids are the caller's; finds the first pattern of each. */
static int find_groups(const struct dfa_pattern *patterns, size_t n, __u32 *groups)
{
	_cleanup_(spans_clear) struct spans seen = {};
	_cleanup_free_ __u32 *first = calloc(n + 1, sizeof(*first));

	if (!first)
		return -ENOMEM;
	for (size_t p = 0; p < n; p++) {
		size_t n_seen = seen.n;
		__u32 number;
		int r;

		groups[p] = (__u32)p;
		if (!patterns[p].group)
			continue;
		r = spans_intern(&seen, &patterns[p].group, 1, SIZE_MAX, &number);
		if (r)
			return r;
		if (number == n_seen)
			first[number] = (__u32)p;
		groups[p] = first[number];
	}
	return 0;
}

static int builder_init(struct builder *b, const struct dfa_pattern *patterns, size_t n)
{
	_cleanup_free_ __u32 *groups = NULL;
	size_t max_positions = n;
	size_t at = n;
	int r;

	for (size_t p = 0; p < n; p++) {
		max_positions += strlen(patterns[p].text) + 1;
		if (max_positions > SPANS_MAX_ITEMS)
			return -E2BIG;
	}
	groups = calloc(n + 1, sizeof(*groups));
	b->positions = calloc(max_positions + 1, sizeof(*b->positions));
	b->subset = calloc(max_positions + 1, sizeof(*b->subset));
	b->live = calloc(max_positions + 1, sizeof(*b->live));
	b->sure = calloc(n + 1, sizeof(*b->sure));
	b->is_sure = calloc(n + 1, sizeof(*b->is_sure));
	b->n_patterns = n;
	b->set_words = n ? (n + 63) / 64 : 1;
	b->bitmap = calloc(b->set_words * 2, sizeof(*b->bitmap));
	if (!groups || !b->positions || !b->subset || !b->live || !b->sure || !b->is_sure ||
	    !b->bitmap)
		return -ENOMEM;
	r = find_groups(patterns, n, groups);
	if (r)
		return r;

	for (size_t p = 0; p < n; p++) {
		const char *text = patterns[p].text;
		size_t first = at;
		struct token token;

		b->positions[p] = (struct position){.op = OP_SURE, .group = (__u32)p};
		do {
			token = next_token(&text, patterns[p].syntax);
			if (token.op == OP_END && at > first && b->positions[at - 1].op == OP_ANY) {
				b->positions[at - 1].op = OP_SURE;
				break;
			}
			b->positions[at++] = (struct position){
				.op = (__u8)token.op,
				.byte = token.byte,
				.group = groups[p],
				.first = (__u32)first,
			};
		} while (token.op != OP_END);
	}
	b->n_positions = at;
	return 0;
}

static void add_sure(struct builder *b, __u32 group)
{
	size_t at = b->n_sure;

	if (b->is_sure[group])
		return;
	b->is_sure[group] = true;
	for (; at && b->sure[at - 1] > group; at--)
		b->sure[at] = b->sure[at - 1];
	b->sure[at] = group;
	b->n_sure++;
}

/* Calls come nearly in order, so the place is at the end or next to it. */
static void add_position(struct builder *b, __u32 position)
{
	size_t at = b->n_live;

	if (b->positions[position].op == OP_SURE) {
		add_sure(b, b->positions[position].group);
		return;
	}
	while (at && b->live[at - 1] > position)
		at--;
	if (!at || b->live[at - 1] != position) {
		memmove(b->live + at + 1, b->live + at, (b->n_live - at) * sizeof(*b->live));
		b->live[at] = position;
		b->n_live++;
	}
	if (b->positions[position].op == OP_ANY)
		add_position(b, position + 1); /* "any" may be nothing; no two are in a row */
}

/*
 * Leaves in `subset` what of `sure` and `live` matters. A group that surely matches needs no more
 * watching. And of a pattern's positions, those before an OP_ANY that has been reached add nothing:
 * what they accept must pass through that OP_ANY, so is x followed by any bytes and a rest, and the
 * OP_ANY accepts any bytes and that rest already. Without this, "*a*b*c*" would remember far too
 * much.
 */
static size_t reduce(struct builder *b)
{
	size_t len = 0;

	for (size_t i = 0; i < b->n_sure; i++)
		b->subset[len++] = b->sure[i];
	for (size_t i = 0; i < b->n_live; i++) {
		const struct position *position = &b->positions[b->live[i]];

		if (b->is_sure[position->group])
			continue;
		if (position->op == OP_ANY) {
			while (len && b->subset[len - 1] >= b->n_patterns &&
			       b->subset[len - 1] >= position->first)
				len--;
		}
		b->subset[len++] = b->live[i];
	}
	for (size_t i = 0; i < b->n_sure; i++)
		b->is_sure[b->sure[i]] = false;
	b->n_sure = 0;
	b->n_live = 0;
	return len;
}

static int intern_subset(struct builder *b, __u32 *ret_state)
{
	size_t len = reduce(b);

	return spans_intern(&b->subsets, b->subset, len, b->max_states, ret_state);
}

static const __u32 *span_items(const struct builder *b, const struct span *span)
{
	return span->len ? b->subsets.items + span->first : NULL;
}

/* The state that `byte` (or OTHER_BYTE) leads to. */
static int step(struct builder *b, __u32 state, int byte, __u32 *ret_next)
{
	const struct span *span = &b->subsets.spans[state];
	const __u32 *subset = span_items(b, span);

	b->work += span->len;
	if (b->work > MAX_WORK)
		return -E2BIG;
	for (size_t i = 0; i < span->len; i++) {
		const struct position *position = &b->positions[subset[i]];

		switch ((enum op)position->op) {
		case OP_END:
			break;
		case OP_LITERAL:
			if (byte == position->byte)
				add_position(b, subset[i] + 1);
			break;
		case OP_ONE:
			add_position(b, subset[i] + 1);
			break;
		case OP_SEGMENT:
			if (byte == '/')
				break;
			add_position(b, subset[i]);
			add_position(b, subset[i] + 1);
			break;
		case OP_ANY:
			add_position(b, subset[i]);
			break;
		case OP_SURE:
			add_sure(b, position->group);
			break;
		}
	}
	return intern_subset(b, ret_next);
}

static int find_accept(struct builder *b, __u32 state, __u32 *ret_accept)
{
	const struct span *span = &b->subsets.spans[state];
	const __u32 *subset = span_items(b, span);
	bool any = false;

	for (size_t i = 0; i < span->len; i++) {
		const struct position *position = &b->positions[subset[i]];

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

/* Bytes that some token of the state treats unlike the rest; returns how many. */
static size_t find_named_bytes(const struct builder *b, __u32 state, bool named[static N_BYTES])
{
	const struct span *span = &b->subsets.spans[state];
	const __u32 *subset = span_items(b, span);
	size_t n = 0;

	memset(named, 0, N_BYTES * sizeof(*named));
	for (size_t i = 0; i < span->len; i++) {
		const struct position *position = &b->positions[subset[i]];

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
	struct dfa_row row = {.first_edge = b->n_edges};
	bool named[N_BYTES];
	__u32 next[N_BYTES];
	__u32 other = DFA_DEAD;
	size_t n_named = find_named_bytes(b, state, named);
	int r = 0;

	if (n_named < N_BYTES)
		r = step(b, state, OTHER_BYTE, &other);
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
			b->edges[b->n_edges++] =
				(struct dfa_edge){.byte = (__u8)c, .next = next[c]};
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
	if (!r)
		r = intern_subset(b, &empty);
	if (r)
		return r;
	for (size_t i = b->n_patterns; i < b->n_positions; i++) {
		if (b->positions[i].first == i)
			add_position(b, (__u32)i);
	}
	r = intern_subset(b, &start);
	for (size_t state = 0; !r && state < b->subsets.n; state++)
		r = build_row(b, (__u32)state);
	if (r)
		return r;
	*ret_start = start;
	return 0;
}

/* Bytes that end no input the automata are used on: see http1_read_path() and http1_read_agent(). */
static bool is_plain(__u8 byte)
{
	return byte > ' ' && byte < 0x7f && byte != '?' && byte != '#';
}

/* The only byte that leads anywhere but to the dead state; NULL if there are more, or none. */
static const struct dfa_edge *only_edge(const struct builder *b, __u32 state)
{
	const struct dfa_row *row = &b->rows[state];
	const struct dfa_edge *edge = b->edges + row->first_edge;

	return row->dflt == DFA_DEAD && row->n_edges == 1 && is_plain(edge->byte) ? edge : NULL;
}

/* What can be passed at once, see enum dfa_kind. */
static void find_kind(const struct builder *b, __u32 number, struct dfa_state *state)
{
	const struct dfa_row *row = &b->rows[number];
	const struct dfa_edge *edge = b->edges + row->first_edge;

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

int dfa_compile(const struct dfa_pattern *patterns, size_t n, size_t max_states, struct dfa *ret)
{
	_cleanup_(builder_clear) struct builder b = {.max_states = max_states};
	_cleanup_free_ struct dfa_state *states = NULL;
	_cleanup_free_ __u64 *sets = NULL;
	struct dfa_cell *cells;
	size_t n_cells;
	__u32 start;
	int r;

	if (b.max_states > DFA_MAX_STATES)
		b.max_states = DFA_MAX_STATES;
	r = builder_init(&b, patterns, n);
	if (!r)
		r = build_rows(&b, &start);
	if (r)
		return r;
	states = calloc(b.subsets.n, sizeof(*states));
	sets = calloc(b.sets.n * b.set_words, sizeof(*sets));
	if (!states || !sets)
		return -ENOMEM;
	r = dfa_pack(b.rows, b.subsets.n, b.edges, &cells, &n_cells);
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
	*ret = (struct dfa){
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

void dfa_clear(struct dfa *dfa)
{
	free(dfa->states);
	free(dfa->cells);
	free(dfa->sets);
	*dfa = (struct dfa){};
}

void dfa_place(const struct dfa *dfa, __u32 state_offset, __u32 cell_offset, __u32 accept_offset,
	       struct dfa_state *states, struct dfa_cell *cells)
{
	for (size_t s = 1; s < dfa->n_states; s++) {
		const struct dfa_state *state = &dfa->states[s];

		states[s - 1] = *state;
		states[s - 1].base += cell_offset;
		states[s - 1].dflt += state->dflt ? state_offset : 0;
		states[s - 1].accept += state->accept ? accept_offset : 0;
		states[s - 1].run_next += state->run_next ? state_offset : 0;
	}
	for (size_t i = 0; i < dfa->n_cells; i++) {
		const struct dfa_cell *cell = &dfa->cells[i];

		cells[i] = (struct dfa_cell){
			.check = cell->check ? state_offset + cell->check : DFA_DEAD,
			.next = cell->next ? state_offset + cell->next : DFA_DEAD,
		};
	}
}

__u32 dfa_next(const struct dfa *dfa, __u32 state, unsigned char c)
{
	const struct dfa_cell *cell = &dfa->cells[dfa->states[state].base + c];

	return cell->check == state ? cell->next : dfa->states[state].dflt;
}

__u32 dfa_match(const struct dfa *dfa, const char *text, size_t len)
{
	__u32 state = dfa->start;

	for (size_t i = 0; i < len; i++)
		state = dfa_next(dfa, state, (unsigned char)text[i]);
	return dfa->states[state].accept;
}
