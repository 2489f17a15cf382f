/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/tls.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/complaint.h"
#include "kernel/private.h"

enum {
	TRACE_UPROBE_MULTI = 48, /* BPF_TRACE_UPROBE_MULTI of newer headers */
	RING_PAGES_BYTES = 4096,
};

#define MAPS_OF_TLS "tls_"

/* ---- the way ---- */

const char *probe_tls_name(enum probe_tls way)
{
	return way == PROBE_TLS_MULTI ? "multi" : way == PROBE_TLS_PERF ? "perf" : "off";
}

/* The attributes of BPF_LINK_CREATE for multi links, as linux/bpf.h has them since 6.6. */
struct link_create_multi {
	__u32 program_fd, target_fd, attach_type, flags;
	__u64 path, offsets, ref_ctr_offsets, cookies;
	__u32 n, multi_flags, pid, pad;
};

/* Kernels that have multi links look at the path first: a directory is none that they attach to. */
static int ask_for_link(int program_fd)
{
	static const char directory[] = "/";
	const __u64 offset = 0;
	struct link_create_multi attr = {
		.program_fd = (__u32)program_fd,
		.attach_type = TRACE_UPROBE_MULTI,
		.path = (__u64)(unsigned long)directory,
		.offsets = (__u64)(unsigned long)&offset,
		.n = 1,
	};
	const long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? -errno : 0;
}

enum probe_tls probe_tls_way(void)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)TRACE_UPROBE_MULTI);
	const int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "nothing", "GPL", nothing, 2, &options);
	int r;

	if (fd < 0)
		return PROBE_TLS_PERF;
	r = ask_for_link(fd);
	close(fd);
	return r == -EBADF ? PROBE_TLS_MULTI : PROBE_TLS_PERF;
}

/* ---- loading ---- */

bool probe_tls_programs(struct sliprobe_bpf *skel, struct probe_tls_programs *ret)
{
	static const char *const names[] = {
		[PROBE_TLS_ENTER] = "tls_enter",
		[PROBE_TLS_RETURN] = "tls_return",
	};
	bool all = true;

	for (size_t i = 0; i < PROBE_TLS_PROGRAMS; i++) {
		ret->list[i] = bpf_object__find_program_by_name(skel->obj, names[i]);
		all &= ret->list[i] != NULL;
	}
	return all;
}

/* Without TLS its tables take next to no room. */
static int shrink_maps(struct sliprobe_bpf *skel)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, skel->obj)
	{
		const bool ring = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF;
		int r;

		if (strncmp(bpf_map__name(map), MAPS_OF_TLS, strlen(MAPS_OF_TLS)) != 0 ||
		    !bpf_map__max_entries(map))
			continue;
		r = bpf_map__set_max_entries(map, ring ? RING_PAGES_BYTES : 1);
		if (r)
			return r;
	}
	return 0;
}

static void choose(struct bpf_program *program, enum probe_tls way)
{
	bpf_program__set_autoload(program, way != PROBE_TLS_OFF);
	bpf_program__set_expected_attach_type(
		program, (enum bpf_attach_type)(way == PROBE_TLS_MULTI ? TRACE_UPROBE_MULTI : 0));
}

/* Of 11 KiB each: as many as possible CPUs may need, the same for all of a large host. */
static int size_scratches(struct sliprobe_bpf *skel)
{
	const int cpus = libbpf_num_possible_cpus();
	__u32 n = 4 * TLS_SCRATCHES_OF_CPU;

	while (n < TLS_SCRATCHES_MAX && (cpus <= 0 || n < (__u32)cpus * TLS_SCRATCHES_OF_CPU))
		n *= 2;
	skel->rodata->tls_scratches_last = n - 1;
	return bpf_map__set_max_entries(skel->maps.tls_scratches, n);
}

int probe_choose_tls(struct sliprobe_bpf *skel, enum probe_tls way)
{
	struct probe_tls_programs programs;
	const bool there = probe_tls_programs(skel, &programs);

	for (size_t i = 0; i < PROBE_TLS_PROGRAMS; i++) {
		if (programs.list[i])
			choose(programs.list[i], way);
	}
	choose(skel->progs.tls_return_http2, way);
	bpf_program__set_autoload(skel->progs.list_listeners, way != PROBE_TLS_OFF);
	if (way == PROBE_TLS_OFF)
		return shrink_maps(skel);
	return there ? size_scratches(skel) : -ENOENT;
}

void probe_begin_tls(struct probe *probe)
{
	struct bpf_map *map = bpf_object__find_map_by_name(probe->skel->obj, "tls_wanted");
	struct probe_tls_programs programs;

	probe_tls_programs(probe->skel, &programs);
	if (probe->tls.way == PROBE_TLS_OFF)
		return;
	for (size_t i = 0; i < PROBE_TLS_PROGRAMS && !probe->owns_program_fds; i++)
		probe->tls.fds[i] = bpf_program__fd(programs.list[i]);
	if (!map)
		return;
	if (ring_open(bpf_map__fd(map), bpf_map__max_entries(map), &probe->tls.wanted))
		probe->tls.wanted = NULL;
}

void probe_end_tls(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_TLS_PROGRAMS && probe->owns_program_fds; i++) {
		if (probe->tls.fds[i] >= 0)
			close(probe->tls.fds[i]);
	}
	ring_close(probe->tls.wanted);
	bpf_link__destroy(probe->tls.listening);
	probe->tls.wanted = NULL;
	probe->tls.listening = NULL;
}

/* ---- what it is ---- */

enum probe_tls probe_tls(const struct probe *probe)
{
	return probe->tls.way;
}

const char *probe_tls_reason(const struct probe *probe)
{
	return probe->tls.reason;
}

static int map_fd(const struct probe *probe, const char *name)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(probe->skel->obj, name);

	return map ? bpf_map__fd(map) : -1;
}

void probe_tls_gifts(const struct probe *probe, struct probe_tls_gifts *ret)
{
	*ret = (struct probe_tls_gifts){
		.enter_fd = probe->tls.fds[PROBE_TLS_ENTER],
		.return_fd = probe->tls.fds[PROBE_TLS_RETURN],
		.profiles_fd = map_fd(probe, "tls_profiles"),
		.objects_fd = map_fd(probe, "tls_objects"),
	};
}

void probe_tls_follow(struct probe *probe, bool on)
{
	probe->skel->bss->tls_epoch++;
	__atomic_store_n(&probe->skel->bss->tls_on, on, __ATOMIC_RELEASE);
}

/* ---- who is to be looked at ---- */

struct wanted_reader {
	probe_wanted_fn fn;
	void *context;
};

static void take_wanted(void *context, const void *record, size_t bytes)
{
	const struct wanted_reader *reader = context;

	if (bytes >= sizeof(struct tls_wanted))
		reader->fn(reader->context, record);
}

enum { WANTED_A_TURN = 256 };

int probe_wanted_fd(const struct probe *probe)
{
	return probe->tls.wanted ? map_fd(probe, "tls_wanted") : -1;
}

void probe_each_wanted(struct probe *probe, probe_wanted_fn fn, void *context)
{
	struct wanted_reader reader = {fn, context};

	if (probe->tls.wanted)
		ring_drain(probe->tls.wanted, WANTED_A_TURN, take_wanted, &reader);
}

int probe_each_listening(struct probe *probe, probe_wanted_fn fn, void *context)
{
	struct tls_wanted wanted;
	ssize_t n;
	int fd;

	if (!probe->tls.listening)
		probe->tls.listening =
			bpf_program__attach_iter(probe->skel->progs.list_listeners, NULL);
	if (!probe->tls.listening)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(probe->tls.listening));
	if (fd < 0)
		return fd;
	for (;;) {
		size_t have = 0;

		do {
			n = read(fd, (char *)&wanted + have, sizeof(wanted) - have);
			have += n > 0 ? (size_t)n : 0;
		} while ((n > 0 && have < sizeof(wanted)) ||
			 (n < 0 && (errno == EINTR || errno == EAGAIN)));
		if (n <= 0)
			break;
		fn(context, &wanted);
	}
	close(fd);
	return n < 0 ? -errno : 0;
}

/* ---- what is known of them ---- */

int probe_tls_know(struct probe *probe, __u32 tgid, __u64 start_ns, bool probed)
{
	const struct tls_known known = {
		.start_ns = start_ns, .epoch = probe->skel->bss->tls_epoch, .probed = probed};
	const int fd = map_fd(probe, "tls_known");

	return fd < 0 ? -ENOENT : bpf_map_update_elem(fd, &tgid, &known, BPF_ANY);
}

void probe_tls_forget(struct probe *probe, __u32 tgid)
{
	const int fd = map_fd(probe, "tls_known");

	if (fd >= 0)
		bpf_map_delete_elem(fd, &tgid);
}
