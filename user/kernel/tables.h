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
 * The next generation overwrites the half that the last but one has used: see probe_region().
 */
#ifndef SLIPROBE_KERNEL_TABLES_H
#define SLIPROBE_KERNEL_TABLES_H

#include <linux/types.h>
#include <stddef.h>

#include "abi.h"

/* Where this generation's automata go, and how much room there is. */
struct tables_region {
	__u32 states, max_states;
	__u32 cells, max_cells;
	__u32 accepts, max_accepts;
	__u32 sets, max_sets;
};

struct tables_port {
	__u16 port;
	__u32 set;
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
	struct tables_port *ports;
	size_t n_ports;
	struct policy *policies; /* one a service, then that of found services */
	size_t n_policies;
	struct live live; /* without the policies' numbers: they are the caller's */
};

#endif
