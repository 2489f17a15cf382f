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
	r = r ?: probe_write_array(probe->skel->maps.sample_classes, first, zero, n);
	r = r ?: probe_write_array(probe->skel->maps.slo_counts, first, zero, n);
	return r ?: probe_forget_version_slos(probe, first, n);
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

static struct fact_key key_of(__u32 generation, const struct tables_fact *fact)
{
	return (struct fact_key){generation, fact->kind, fact->value};
}

int probe_write_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact)
{
	const struct fact_key key = key_of(generation, fact);

	return bpf_map_update_elem(bpf_map__fd(probe->skel->maps.service_facts), &key, &fact->set,
				   BPF_ANY);
}

int probe_drop_fact(struct probe *probe, __u32 generation, const struct tables_fact *fact)
{
	const struct fact_key key = key_of(generation, fact);
	int r = bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.service_facts), &key);

	return r == -ENOENT ? 0 : r;
}

int probe_write_set(struct probe *probe, __u32 number, const struct service_set *set)
{
	return probe_write_array(probe->skel->maps.service_sets, number, set, 1);
}

static int write_facts(struct probe *probe, const struct tables_change *change)
{
	int r = 0;

	for (size_t i = 0; !r && i < change->tables.n_facts; i++)
		r = probe_write_fact(probe, change->generation, &change->tables.facts[i]);
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
	r = r ?: write_facts(probe, change);
	for (size_t i = 0; !r && i < tables->n_policies; i++)
		r = probe_write_array(probe->skel->maps.policies, change->policies[i],
				      &tables->policies[i], 1);
	return r ?: write_live(probe, change);
}

void probe_live(struct probe *probe, __u32 generation)
{
	__atomic_store_n(&probe->skel->bss->live_generation, generation, __ATOMIC_RELEASE);
}

void probe_forget_facts(struct probe *probe, __u32 generation)
{
	int fd = bpf_map__fd(probe->skel->maps.service_facts);
	struct fact_key at, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);

	while (more) {
		at = next;
		more = !bpf_map_get_next_key(fd, &at, &next);
		if (at.generation == generation)
			bpf_map_delete_elem(fd, &at);
	}
}
