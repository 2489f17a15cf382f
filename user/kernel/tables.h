/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A compiled configuration, as the kernel programs judge by it.
 *
 * The maps of automata and service sets hold two generations of the configuration, a half each:
 *
 *   dfa_states, dfa_cells, accepts, service_sets:  | even generations | odd generations |
 *   live[generation % 4]: entry points into that half, and the policies' numbers
 *   live_generation: the one that requests are judged by from now on
 *
 * A region is the part of these maps that a generation writes: its half of each. The next generation
 * overwrites the half that the last but one has used. One store to live_generation makes a generation
 * live; policies and SLO counters are not in the halves, as open requests are judged by former ones:
 * apply/places gives their numbers out.
 */
#ifndef SLIPROBE_KERNEL_TABLES_H
#define SLIPROBE_KERNEL_TABLES_H

#include <linux/types.h>
#include <stddef.h>

#include "abi.h"

/* Where a generation's automata go (the first index), and how much room there is. */
struct tables_region {
	__u32 states, max_states;
	__u32 cells, max_cells;
	__u32 accepts, max_accepts;
	__u32 sets, max_sets;
};

/* The region of a generation; `room`: of each half. Index 0 of states and accepts stands for none. */
static inline struct tables_region tables_region_of(const struct tables_region *room,
						    __u32 generation)
{
	__u32 half = generation % LIVE_REGIONS;
	struct tables_region region = *room;

	region.states = 1 + half * room->max_states;
	region.cells = half * room->max_cells;
	region.accepts = 1 + half * room->max_accepts;
	region.sets = half * room->max_sets;
	return region;
}

/* A fact that services are matched by. */
struct tables_fact {
	enum fact_kind kind;
	struct file_id value;
	__u32 set;
};

/*
 * A fact whose value has to be looked up on the host, and may change: the network namespace or the executable at a
 * path. Without one it is the host's own network namespace: `host` 0 the first process's, 1 the agent's.
 */
struct tables_lookup {
	enum fact_kind kind;
	char *path;
	int host;
	__u32 set;
	struct service_set services; /* in that set */
};

/* Arrays hold the region's part only: element 0 goes to the region's first place. */
struct tables {
	struct dfa_state *states;
	size_t n_states;
	struct dfa_cell *cells;
	size_t n_cells;
	struct accept *accepts;
	size_t n_accepts;
	struct service_set *sets;
	size_t n_sets;
	struct tables_fact *facts;
	size_t n_facts;
	struct tables_lookup *lookups;
	size_t n_lookups;
	struct policy *policies; /* one a service, then that of found services */
	size_t n_policies;
	struct live live; /* without the policies' numbers: they are the change's */
};

/* An SLO that begins to be counted: its criteria go to their slot, its counters begin at 0. */
struct new_counters {
	__u32 slot;
	struct slo_criteria criteria;
	__u32 counts; /* the first of its counters */
	__u32 n_counts;
};

/* All that a generation needs before it goes live. Nothing is judged by it until then. */
struct tables_change {
	__u32 generation;
	struct tables tables;
	__u16 *policies; /* policy i of `tables` gets the number policies[i] */
	struct new_counters *counters;
	size_t n_counters;
};

#endif
