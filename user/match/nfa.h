/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Patterns as a nondeterministic automaton: it is at several positions at once, each a place
 * between two tokens of a pattern. A subset is the sorted positions of one moment, without those
 * that cannot change what will be accepted.
 */
#ifndef SLIPROBE_MATCH_NFA_H
#define SLIPROBE_MATCH_NFA_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "match/pattern.h"

enum {
	NFA_OTHER_BYTE = -1, /* stands for all bytes that no token of a subset names */
};

struct position {
	__u8 op; /* enum pattern_op: what may come next */
	__u8 byte; /* of OP_LITERAL */
	__u32 group; /* patterns that only matter together: number of the first of them */
	__u32 first; /* the pattern's first position */
};

struct nfa {
	size_t n_patterns;
	/* Position g < n_patterns means "group g surely matches"; the patterns' own follow. */
	struct position *positions;
	size_t n_positions;
	__u32 *subset; /* what nfa_start() and nfa_step() found */
	/* where they collect it */
	__u32 *sure; /* groups, sorted */
	size_t n_sure;
	__u32 *live; /* positions, sorted */
	size_t n_live;
	bool *is_sure; /* by group */
};

/* *nfa is zeroed, and cleared by the caller after failure, too. Returns 0, -ENOMEM or -E2BIG. */
int nfa_init(struct nfa *nfa, const struct pattern *patterns, size_t n);
void nfa_clear(struct nfa *nfa);

/* Leaves in nfa->subset where the patterns begin. Returns how many positions that are. */
size_t nfa_start(struct nfa *nfa);

/* Leaves in nfa->subset where `byte`, or NFA_OTHER_BYTE, leads to from `subset`. */
size_t nfa_step(struct nfa *nfa, const __u32 *subset, size_t len, int byte);

#endif
