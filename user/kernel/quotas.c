/* SPDX-License-Identifier: GPL-2.0-only */
/* Quotas: who has met one, and how much of the tables is in use. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <time.h>

#include "kernel/private.h"

void probe_folded(const struct probe *probe, __u64 ret[OWNER_KIND_COUNT])
{
	memcpy(ret, probe->skel->bss->folded_connections, OWNER_KIND_COUNT * sizeof(*ret));
}

__u64 probe_folded_requests(const struct probe *probe)
{
	return probe->skel->bss->folded_requests;
}

struct owner probe_owned(struct probe *probe, const struct owner_key *owner)
{
	const typeof(*probe->skel->bss) *bss = probe->skel->bss;
	struct owner has = {};

	if (owner->kind == OWNER_ALL)
		return (struct owner){.endpoints = bss->endpoints_found,
				      .series = bss->series_found,
				      .groups = bss->hist_found};
	if (bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.owners), owner, &has))
		return (struct owner){};
	return has;
}

int probe_endpoint_owners(struct probe *probe, __u32 id, struct endpoint_owners *ret)
{
	return bpf_map_lookup_elem(bpf_map__fd(probe->skel->maps.endpoint_owners), &id, ret);
}

void probe_series_most(struct probe *probe, __u32 service, size_t n_routes)
{
	/* and for paths that no route matches, or that nobody has seen */
	size_t most = SERIES_OF_SERVICE + SERIES_OF_ROUTE * (n_routes + 2);

	if (service < SERVICE_FOUND)
		probe->skel->bss->series_most[service] = most < SERIES_MAX ? most : SERIES_MAX;
}

struct dropping {
	struct probe *probe;
	const struct owner_key *owner;
};

static int drop_folded(void *context, const struct endpoint_key *key, const struct owner_key *owner)
{
	const struct dropping *dropping = context;

	if (!memcmp(owner, dropping->owner, sizeof(*owner)))
		bpf_map_delete_elem(bpf_map__fd(dropping->probe->skel->maps.folded), key);
	return 0;
}

int probe_drop_fold(struct probe *probe, const struct owner_key *owner)
{
	struct dropping dropping = {probe, owner};

	bpf_map_delete_elem(bpf_map__fd(probe->skel->maps.folds), owner);
	return probe_each_folded(probe, drop_folded, &dropping);
}

struct forgetting {
	struct probe *probe;
	__u32 now_s;
};

static int forget_owner(void *context, const struct owner_key *key, const struct owner *owner)
{
	const struct forgetting *forgetting = context;

	/* a new endpoint of it at this very moment is charged to nobody: the quota is one more, then */
	if (!owner->endpoints && forgetting->now_s - owner->hour_s >= HOUR_S)
		bpf_map_delete_elem(bpf_map__fd(forgetting->probe->skel->maps.owners), key);
	return 0;
}

int probe_forget_owners(struct probe *probe)
{
	struct forgetting forgetting = {.probe = probe};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	forgetting.now_s = now.tv_sec;
	return probe_each_owner(probe, forget_owner, &forgetting);
}
