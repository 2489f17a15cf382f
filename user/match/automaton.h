/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiles sets of route templates or globs into the automaton of include/dfa.h.
 * No I/O, and deterministic: equal patterns give equal tables.
 *
 * Numbers in a compiled automaton are relative to it. Many automata share one pair of arrays, and
 * one dead state. automaton_place() puts an automaton behind S states (the dead one not counted) and
 * C cells of others, by this rule:
 *   state number s != 0 (index, dflt, next, check, start) becomes S + s; 0 stays 0;
 *   base becomes C + base.
 * It then takes up n_states - 1 states and n_cells cells. Look-ups never leave those cells.
 */
#ifndef SLIPROBE_MATCH_AUTOMATON_H
#define SLIPROBE_MATCH_AUTOMATON_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "dfa.h"
#include "match/pattern.h"

enum {
	AUTOMATON_MAX_STATES = 1 << 20, /* a limit on what one pattern set may cost */
};

struct automaton {
	struct dfa_state *states; /* [0] is DFA_DEAD; numbers are relative: 0 .. n_states-1 */
	size_t n_states;
	struct dfa_cell *cells; /* max(base) + 256; free ones are {DFA_DEAD, DFA_DEAD} */
	size_t n_cells;
	__u32 start;
	/*
	 * Accept sets: set k (1 .. n_sets-1) is sets[k * set_words .. ], a bitmap of pattern
	 * numbers: pattern p is in it if word p / 64 has bit p % 64. Set 0 is the empty set.
	 */
	__u64 *sets;
	size_t n_sets;
	size_t set_words;
};

/*
 * Compiles `n` patterns; of 0 patterns the result matches nothing. Returns 0; -ENOMEM; -E2BIG if the
 * automaton would need more than `max_states` states, the dead one included (max_states <=
 * AUTOMATON_MAX_STATES), or if building it would take more than a few hundred MiB or a few seconds.
 * *ret is untouched on failure; release it with automaton_clear().
 */
int automaton_compile(const struct pattern *patterns, size_t n, size_t max_states,
		      struct automaton *ret);

void automaton_clear(struct automaton *automaton);

/*
 * Copies the automaton with absolute numbers, for arrays in which `state_offset` states besides the
 * dead one and `cell_offset` cells come before it: its states 1 .. n_states-1 to states[0 ..], its
 * cells to cells[0 ..]. Accept sets other than 0 become accept_offset + set.
 */
void automaton_place(const struct automaton *automaton, __u32 state_offset, __u32 cell_offset,
		     __u32 accept_offset, struct dfa_state *states, struct dfa_cell *cells);

/* One step, in the arithmetic of the kernel side. */
__u32 automaton_next(const struct automaton *automaton, __u32 state, unsigned char c);

/* The accept set of the whole text; 0: no pattern matches. */
__u32 automaton_match(const struct automaton *automaton, const char *text, size_t len);

static inline bool automaton_set_has(const struct automaton *automaton, __u32 set, size_t pattern)
{
	return automaton->sets[set * automaton->set_words + pattern / 64] >> (pattern % 64) & 1;
}

#endif
