/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layout of a compiled pattern set, as the kernel walks it: one automaton over bytes for all
 * templates or globs of a set, so that matching costs one step a byte however many patterns there
 * are, and an input may arrive in any number of pieces.
 *
 * The transition table is row-displaced (Tarjan and Yao, "Storing a sparse table", CACM 22(11),
 * 1979; flex and yacc pack theirs the same way): the next state of `s` on byte `c` is
 * cells[states[s].base + c].next if that cell's `check` is `s`, else states[s].dflt.
 *
 * State and cell numbers are absolute in the arrays. State 0 is the dead state of every automaton:
 * it accepts nothing and leads to itself.
 *
 * In most states of a template or glob many bytes may be passed at once, as memchr() or memcmp() would:
 * see enum dfa_kind. Hyperscan and Rust's regex-automata call them accelerated states.
 */
#ifndef SLIPROBE_DFA_H
#define SLIPROBE_DFA_H

#include "types.h"

enum {
	DFA_DEAD = 0,
	DFA_RUN_MAX = 8,
	DFA_EXITS_MAX = 4,
};

enum dfa_kind {
	DFA_STEP, /* byte by byte */
	DFA_RUN, /* if all of `bytes` follow, they lead to `run_next` */
	DFA_LOOP, /* stays as it is but for the bytes in `bytes` */
};

struct dfa_state {
	__u32 base; /* first of this state's 256 candidate cells */
	__u32 dflt; /* next state when no cell is this state's */
	__u32 accept; /* set of patterns matched if the input ends here; 0: none */
	__u32 run_next;
	__u64 bytes; /* n of them, the first lowest; of a run: printable ASCII without ' ', '?', '#' */
	__u8 kind; /* enum dfa_kind */
	__u8 n; /* run: 1 .. DFA_RUN_MAX; loop: 0 .. DFA_EXITS_MAX, line feeds fill it up */
	__u8 pad[6];
};

struct dfa_cell {
	__u32 check; /* the state this cell belongs to; DFA_DEAD: free */
	__u32 next;
};

#endif
