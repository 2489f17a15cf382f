/* SPDX-License-Identifier: GPL-2.0-only */
/* Samples: how many are taken, and where they come out. */
#include <bpf/libbpf.h>

#include "kernel/private.h"
#include "kernel/probe.h"

void probe_set_samples(struct probe *probe, const struct sample_settings *settings)
{
	struct sample_settings *at = &probe->skel->bss->sample_settings;

	__atomic_store_n(&at->bad_per_second, settings->bad_per_second, __ATOMIC_RELAXED);
	__atomic_store_n(&at->good_per_second, settings->good_per_second, __ATOMIC_RELAXED);
	__atomic_store_n(&at->head_bytes, settings->head_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&at->on, settings->on, __ATOMIC_RELEASE);
}

void probe_sample_rings(const struct probe *probe, int ret[SAMPLE_RINGS])
{
	ret[SAMPLE_RING] = bpf_map__fd(probe->skel->maps.samples);
	ret[SAMPLE_RING_FOUND] = bpf_map__fd(probe->skel->maps.samples_found);
}

__u64 probe_samples_lost(const struct probe *probe)
{
	__u64 lost = 0;

	for (int i = 0; i < SAMPLE_RINGS; i++)
		lost += __atomic_load_n(&probe->skel->bss->samples_lost[i], __ATOMIC_RELAXED);
	return lost;
}
