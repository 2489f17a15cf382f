/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching the programs, in an order in which no request is seen that cannot be ended. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "kernel/complaint.h"
#include "kernel/private.h"

static int attach(struct probe *probe, struct bpf_program *program, struct error *error)
{
	struct bpf_link *link;

	probe_listen();
	link = bpf_program__attach(program);
	if (!link)
		return error_set(error, -errno, "cannot attach %s: %s", bpf_program__name(program),
				 probe_complaint(-errno));
	probe->program_fds[probe->n_links] = bpf_program__fd(program);
	probe->links[probe->n_links++] = link;
	return 0;
}

size_t probe_programs(struct sliprobe_bpf *skel, struct bpf_program *ret[PROBE_LINKS])
{
	/*
	 * takeover I1: programs that end a request come first, those that begin one last. No request
	 * is seen that cannot be ended.
	 */
	struct bpf_program *order[] = {
		skel->progs.sock_destroyed,
		skel->progs.sock_state,
		skel->progs.tp_send,
		skel->progs.fexit_send,
		skel->progs.fexit_sendpage,
		skel->progs.fexit_tls_send,
		skel->progs.fexit_tls_sendpage,
		skel->progs.sock_reading,
		skel->progs.process_exit,
		skel->progs.tp_recv,
		skel->progs.fexit_recv,
		skel->progs.fexit_tls_recv,
		skel->progs.fexit_splice,
	};
	size_t n = 0;

	_Static_assert(sizeof(order) / sizeof(order[0]) <= PROBE_LINKS, "room for all links");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (bpf_program__autoload(order[i]))
			ret[n++] = order[i];
	}
	return n;
}

static int attach_sweep(struct probe *probe, struct error *error)
{
	union bpf_iter_link_info info = {.map.map_fd = bpf_map__fd(probe->skel->maps.conns)};
	LIBBPF_OPTS(bpf_iter_attach_opts, of_map, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_program *program = probe_sweep_program(probe->skel, probe->walk);

	probe->sweep =
		bpf_program__attach_iter(program, probe->walk == PROBE_WALK_MAP ? &of_map : NULL);
	if (!probe->sweep)
		return error_set(error, -errno, "cannot attach %s: %s", bpf_program__name(program),
				 strerror(errno));
	return 0;
}

int probe_attach(struct probe *probe, struct error *ret_error)
{
	struct sliprobe_bpf *skel = probe->skel;
	struct timespec tick, now;
	struct bpf_program *programs[PROBE_LINKS];
	size_t n_programs = probe_programs(skel, programs);
	int r;

	skel->bss->attached_ns = PROBE_NEVER_NS;
	/* CLOCK_MONOTONIC_COARSE moves by one jiffy */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick))
		return error_set(ret_error, -errno, "cannot tell the kernel's tick: %s",
				 strerror(errno));
	skel->bss->tick_ns = tick.tv_sec * 1000000000ULL + tick.tv_nsec;
	r = attach_sweep(probe, ret_error);
	if (r)
		return r;
	for (size_t i = 0; i < n_programs; i++) {
		r = attach(probe, programs[i], ret_error);
		if (r)
			return r;
	}
	/* by the clock that the programs read */
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return error_set(ret_error, -errno, "cannot tell the time: %s", strerror(errno));
	skel->bss->attached_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	return 0;
}

__u64 probe_misses(struct probe *probe)
{
	__u64 misses = 0;

	for (size_t i = 0; i < probe->n_links; i++) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(probe->program_fds[i], &info, &len))
			misses += info.recursion_misses;
	}
	return misses;
}
