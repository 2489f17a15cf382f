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
	return tables_region_of(&probe->room, generation);
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

int probe_read_policy(struct probe *probe, __u32 number, struct policy *ret)
{
	return bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.policies), &number, ret);
}

static int zero_counts(struct probe *probe, __u32 first, __u32 n)
{
	size_t n_cpus = (size_t)probe->n_cpus;
	size_t words = n_cpus > sizeof(struct slo_counts) / sizeof(__u64) ?
			       n_cpus :
			       sizeof(struct slo_counts) / sizeof(__u64);
	_cleanup_free_ __u64 *zero = calloc(n * words, sizeof(*zero));
	int r;

	if (!zero)
		return -ENOMEM;
	r = probe_write_array(probe->skel->maps.slo_good, first, zero, n);
	return r ?: probe_write_array(probe->skel->maps.slo_counts, first, zero, n);
}

static int write_counters(struct probe *probe, const struct tables_change *change)
{
	int r = 0;

	for (size_t i = 0; !r && i < change->n_counters; i++) {
		const struct new_counters *counters = &change->counters[i];

		r = probe_write_array(probe->skel->maps.slo_criteria, counters->slot,
				      &counters->criteria, 1);
		r = r ?: zero_counts(probe, counters->counts, counters->n_counts);
	}
	return r;
}

static int write_automata(struct probe *probe, const struct tables *tables,
			  const struct tables_region *region)
{
	const struct {
		struct bpf_map *map;
		__u32 first;
		const void *values;
		size_t n;
	} arrays[] = {
		{probe->skel->maps.dfa_states, region->states, tables->states, tables->n_states},
		{probe->skel->maps.dfa_cells, region->cells, tables->cells, tables->n_cells},
		{probe->skel->maps.accepts, region->accepts, tables->accepts, tables->n_accepts},
		{probe->skel->maps.service_sets, region->sets, tables->sets, tables->n_sets},
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(arrays) / sizeof(arrays[0]); i++)
		r = probe_write_array(arrays[i].map, arrays[i].first, arrays[i].values,
				      arrays[i].n);
	return r;
}

static int write_ports(struct probe *probe, const struct tables_change *change)
{
	const struct tables *tables = &change->tables;
	int r = 0;

	for (size_t i = 0; !r && i < tables->n_ports; i++) {
		struct service_port_key key = {change->generation, tables->ports[i].port};

		r = bpf_map_update_elem(bpf_map__fd(probe->skel->maps.service_ports), &key,
					&tables->ports[i].set, BPF_ANY);
	}
	return r;
}

static int write_live(struct probe *probe, const struct tables_change *change)
{
	_cleanup_free_ struct live *live = malloc(sizeof(*live));
	size_t n_services = change->tables.n_policies - 1;

	if (!live)
		return -ENOMEM;
	*live = change->tables.live;
	memcpy(live->policies, change->policies, n_services * sizeof(*change->policies));
	live->found_policy = change->policies[n_services];
	return probe_write_array(probe->skel->maps.live, change->generation % LIVE_SLOTS, live, 1);
}

int probe_write_tables(struct probe *probe, const struct tables_change *change)
{
	struct tables_region region = probe_region(probe, change->generation);
	const struct tables *tables = &change->tables;
	int r = write_counters(probe, change);

	r = r ?: write_automata(probe, tables, &region);
	r = r ?: write_ports(probe, change);
	for (size_t i = 0; !r && i < tables->n_policies; i++)
		r = probe_write_array(probe->skel->maps.policies, change->policies[i],
				      &tables->policies[i], 1);
	return r ?: write_live(probe, change);
}

void probe_live(struct probe *probe, __u32 generation)
{
	__atomic_store_n(&probe->skel->bss->live_generation, generation, __ATOMIC_RELEASE);
}

void probe_forget_ports(struct probe *probe, const __u16 *ports, size_t n, __u32 generation)
{
	for (size_t i = 0; i < n; i++) {
		struct service_port_key key = {generation, ports[i]};

		bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.service_ports), &key);
	}
}
