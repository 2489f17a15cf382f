/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/private.h"

__u32 probe_generation(const struct probe *probe)
{
	return __atomic_load_n(&probe->skel->bss->live_generation, __ATOMIC_ACQUIRE);
}

struct tables_region probe_region(const struct probe *probe, __u32 generation)
{
	struct tables_region region = probe->room;
	__u32 half = generation % LIVE_REGIONS;

	region.states = 1 + half * region.max_states;
	region.cells = half * region.max_cells;
	region.accepts = 1 + half * region.max_accepts;
	region.sets = half * region.max_sets;
	return region;
}

int probe_write_array(struct bpf_map *map, __u32 first, const void *values, size_t n)
{
	_cleanup_free_ __u32 *keys = calloc(n ?: 1, sizeof(*keys));
	__u32 count = n;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		keys[i] = first + i;
	return n ? bpf_map_update_batch(bpf_map__fd(map), keys, values, &count, NULL) : 0;
}

int probe_write_criteria(struct probe *probe, __u32 slot, const struct slo_criteria *criteria)
{
	return probe_write_array(probe->skel->maps.slo_criteria, slot, criteria, 1);
}

int probe_read_policy(struct probe *probe, __u32 number, struct policy *ret)
{
	return bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.policies), &number, ret);
}

int probe_zero_counts(struct probe *probe, __u32 first, __u32 n)
{
	_cleanup_free_ struct slo_counts *zero = calloc((size_t)n * probe->n_cpus, sizeof(*zero));
	int r;

	if (!zero)
		return -ENOMEM;
	r = probe_write_array(probe->skel->maps.slo_counts, first, zero, n);
	return r ?: probe_write_array(probe->skel->maps.slo_counts_shared, first, zero, n);
}

int probe_write_tables(struct probe *probe, __u32 generation, const struct tables *tables,
		       const __u16 *policies)
{
	struct tables_region region = probe_region(probe, generation);
	struct sliprobe_bpf *skel = probe->skel;
	_cleanup_free_ struct live *live = malloc(sizeof(*live));
	__u32 slot = generation % LIVE_SLOTS;
	int r;

	if (!live)
		return -ENOMEM;
	r = probe_write_array(skel->maps.dfa_states, region.states, tables->states,
			      tables->n_states);
	r = r
		    ?: probe_write_array(skel->maps.dfa_cells, region.cells, tables->cells,
					 tables->n_cells);
	r = r
		    ?: probe_write_array(skel->maps.accepts, region.accepts, tables->accepts,
					 tables->n_accepts);
	r = r
		    ?: probe_write_array(skel->maps.service_sets, region.sets, tables->sets,
					 tables->n_sets);
	for (size_t i = 0; !r && i < tables->n_ports; i++) {
		__u32 key[2] = {generation, tables->ports[i].port};

		r = bpf_map_update_elem(bpf_map__fd(skel->maps.service_ports), key,
					&tables->ports[i].set, BPF_ANY);
	}
	for (size_t i = 0; !r && i < tables->n_policies; i++)
		r = probe_write_array(skel->maps.policies, policies[i], &tables->policies[i], 1);
	if (r)
		return r;
	*live = tables->live;
	memcpy(live->policies, policies, (tables->n_policies - 1) * sizeof(*policies));
	live->found_policy = policies[tables->n_policies - 1];
	return probe_write_array(skel->maps.live, slot, live, 1);
}

void probe_live(struct probe *probe, __u32 generation)
{
	__atomic_store_n(&probe->skel->bss->live_generation, generation, __ATOMIC_RELEASE);
}

void probe_forget_ports(struct probe *probe, const __u16 *ports, size_t n, __u32 generation)
{
	for (size_t i = 0; i < n; i++) {
		__u32 key[2] = {generation, ports[i]};

		bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.service_ports), key);
	}
}
