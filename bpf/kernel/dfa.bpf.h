/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking the automata of include/dfa.h in the maps. */
#ifndef SLIPROBE_KERNEL_DFA_BPF_H
#define SLIPROBE_KERNEL_DFA_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

/* The agent sizes these by its configuration before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dfa_state);
} dfa_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dfa_cell);
} dfa_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct accept);
} accepts SEC(".maps");

/*
 * An index of 32 bits that fills its place on the stack. Where only half of a place is written, the verifier takes what
 * was there before for still needed, and follows paths apart that differ in nothing else.
 */
typedef __u64 dfa_index;

static __always_inline __u32 dfa_next(__u32 state, __u8 byte)
{
	struct dfa_state *from;
	struct dfa_cell *cell;
	dfa_index index = state;

	if (state == DFA_DEAD)
		return DFA_DEAD;
	from = bpf_map_lookup_elem(&dfa_states, &index);
	if (!from)
		return DFA_DEAD;
	index = from->base + byte;
	cell = bpf_map_lookup_elem(&dfa_cells, &index);
	if (!cell)
		return DFA_DEAD;
	return cell->check == state ? cell->next : from->dflt;
}

static inline __u32 http1_dfa_next(__u32 state, __u8 byte)
{
	return dfa_next(state, byte);
}

static inline __u32 http2_dfa_next(__u32 state, __u8 byte)
{
	return dfa_next(state, byte);
}

static inline const struct dfa_state *http1_dfa_state(__u32 state)
{
	dfa_index index = state;

	return state == DFA_DEAD ? NULL : bpf_map_lookup_elem(&dfa_states, &index);
}

/* The accept of an input that ends in `state`; NULL: no pattern matches it. */
static __always_inline struct accept *dfa_accept(__u32 state)
{
	struct dfa_state *last;
	dfa_index index = state;

	if (state == DFA_DEAD)
		return NULL;
	last = bpf_map_lookup_elem(&dfa_states, &index);
	if (!last || !last->accept)
		return NULL;
	index = last->accept;
	return bpf_map_lookup_elem(&accepts, &index);
}

#endif
