/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins the kernel side, and opens what another agent has pinned. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "kernel/private.h"

static void pin_path(const char *dir, const char *kind, const char *name, char ret[static PATH_MAX])
{
	size_t len;

	snprintf(ret, PATH_MAX, "%s/", dir);
	len = strlen(ret);
	snprintf(ret + len, PATH_MAX - len, "%s_%s", kind, name);
	/* the BPF file system reserves dots */
	for (char *c = ret + len; *c; c++) {
		if (*c == '.')
			*c = '_';
	}
}

static void map_path(const char *dir, const struct bpf_map *map, char ret[static PATH_MAX])
{
	pin_path(dir, "map", bpf_map__name(map), ret);
}

static void link_path(const char *dir, const struct bpf_program *program, char ret[static PATH_MAX])
{
	pin_path(dir, "link", bpf_program__name(program), ret);
}

/* A program on TLS libraries: its links are another process's to pin. */
static void tls_path(const char *dir, size_t i, char ret[static PATH_MAX])
{
	pin_path(dir, "prog", i == PROBE_TLS_ENTER ? "tls_enter" : "tls_return", ret);
}

/* Called for each of what is pinned: its descriptor and its path. Stops at an error, which it returns. */
typedef int pin_fn(int fd, const char *path);

static int each_pin(const struct probe *probe, const char *dir, pin_fn *fn,
		    char path[static PATH_MAX])
{
	struct bpf_program *programs[PROBE_LINKS];
	size_t n = probe_programs(probe->skel, programs);
	struct bpf_map *map;
	int r;

	bpf_object__for_each_map(map, probe->skel->obj)
	{
		map_path(dir, map, path);
		r = fn(bpf_map__fd(map), path);
		if (r)
			return r;
	}
	for (size_t i = 0; i < PROBE_TLS_PROGRAMS && probe->tls.way != PROBE_TLS_OFF; i++) {
		tls_path(dir, i, path);
		r = fn(probe->tls.fds[i], path);
		if (r)
			return r;
	}
	/* takeover I2: links come after maps, the sweep's last: only with it the place is complete */
	for (size_t i = 0; i < n; i++) {
		pin_path(dir, "prog", bpf_program__name(programs[i]), path);
		r = fn(probe->program_fds[i], path);
		if (r)
			return r;
		link_path(dir, programs[i], path);
		r = fn(bpf_link__fd(probe->links[i]), path);
		if (r)
			return r;
	}
	link_path(dir, probe_sweep_program(probe->skel, probe->walk), path);
	return fn(bpf_link__fd(probe->sweep), path);
}

static int is_there(int fd, const char *path)
{
	(void)fd;
	return access(path, F_OK) ? -errno : 0;
}

bool probe_is_pinned(const struct probe *probe, const char *dir)
{
	char path[PATH_MAX];

	return !each_pin(probe, dir, is_there, path);
}

int probe_pin(struct probe *probe, const char *dir, struct error *ret_error)
{
	char path[PATH_MAX];
	int r = each_pin(probe, dir, bpf_obj_pin, path);

	return r ? error_set(ret_error, r, "cannot pin %s: %s", path, strerror(-r)) : 0;
}

static int reuse_map(struct bpf_map *map, const char *path)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_obj_get(path);
	int r;

	if (fd < 0)
		return fd;
	r = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!r && (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
		   info.value_size != bpf_map__value_size(map)))
		r = -EINVAL;
	r = r ?: bpf_map__reuse_fd(map, fd);
	close(fd);
	return r;
}

static struct tables_region room_of(const struct sliprobe_bpf *skel)
{
	return (struct tables_region){
		.max_states = (bpf_map__max_entries(skel->maps.dfa_states) - 1) / LIVE_REGIONS,
		.max_cells = bpf_map__max_entries(skel->maps.dfa_cells) / LIVE_REGIONS,
		.max_accepts = (bpf_map__max_entries(skel->maps.accepts) - 1) / LIVE_REGIONS,
		.max_sets = bpf_map__max_entries(skel->maps.service_sets) / LIVE_REGIONS,
	};
}

static int reuse_maps(struct probe *probe, const char *dir, char path[static PATH_MAX])
{
	struct bpf_program *program;
	struct bpf_map *map;
	int r;

	bpf_object__for_each_map(map, probe->skel->obj)
	{
		map_path(dir, map, path);
		r = reuse_map(map, path);
		if (r)
			return r;
	}
	/* the pinned links hold loaded ones */
	bpf_object__for_each_program(program, probe->skel->obj)
		bpf_program__set_autoload(program, false);
	bpf_program__set_autoload(probe->skel->progs.list_listeners,
				  probe->tls.way != PROBE_TLS_OFF);
	snprintf(path, PATH_MAX, "%s", dir);
	r = sliprobe_bpf__load(probe->skel);
	probe->room = room_of(probe->skel);
	return r;
}

static int open_links(struct probe *probe, const char *dir, struct bpf_program **programs, size_t n,
		      char path[static PATH_MAX])
{
	for (size_t i = 0; i < n; i++) {
		link_path(dir, programs[i], path);
		probe->links[i] = bpf_link__open(path);
		if (!probe->links[i])
			return -errno;
		probe->program_fds[probe->n_links++] = -1;
		/* the program itself, for its statistics */
		pin_path(dir, "prog", bpf_program__name(programs[i]), path);
		probe->program_fds[i] = bpf_obj_get(path);
		if (probe->program_fds[i] < 0)
			return -errno;
	}
	link_path(dir, probe_sweep_program(probe->skel, probe->walk), path);
	probe->sweep = bpf_link__open(path);
	return probe->sweep ? 0 : -errno;
}

static bool is_pinned(const char *dir, const struct bpf_program *program)
{
	char path[PATH_MAX];

	link_path(dir, program, path);
	return !access(path, F_OK);
}

static enum probe_walk pinned_walk(const char *dir, struct sliprobe_bpf *skel)
{
	enum probe_walk walk = PROBE_WALK_MAP;

	while (walk < PROBE_WALK_SOCKETS && !is_pinned(dir, probe_sweep_program(skel, walk)))
		walk++;
	return walk;
}

/* Which of the programs see what TLS in the kernel carries. */
static void find_ktls(struct probe *probe, const char *dir)
{
	struct sliprobe_bpf *skel = probe->skel;

	probe->tls.ktls = is_pinned(dir, skel->progs.fexit_tls_recv) ? KTLS_BY_EXITS :
			  is_pinned(dir, skel->progs.fexit_splice)   ? KTLS_BY_TRACEPOINTS :
								       KTLS_UNSEEN;
	probe_choose_ktls(skel, probe->tls.ktls);
	bpf_program__set_autoload(skel->progs.fexit_tls_sendpage,
				  is_pinned(dir, skel->progs.fexit_tls_sendpage));
}

/* What is loaded on TLS libraries, and the way that this kernel has them attached. */
static int open_tls(struct probe *probe, const char *dir, char path[static PATH_MAX])
{
	tls_path(dir, PROBE_TLS_ENTER, path);
	if (access(path, F_OK))
		return 0;
	probe->tls.way = probe_tls_way();
	for (size_t i = 0; i < PROBE_TLS_PROGRAMS; i++) {
		tls_path(dir, i, path);
		probe->tls.fds[i] = bpf_obj_get(path);
		if (probe->tls.fds[i] < 0)
			return -errno;
	}
	return 0;
}

int probe_open_pinned(const char *dir, struct probe **ret, struct error *ret_error)
{
	struct bpf_program *programs[PROBE_LINKS];
	char path[PATH_MAX] = "";
	struct probe *probe = probe_new();
	size_t n = 0;
	int r;

	if (!probe)
		return error_set(ret_error, -ENOMEM, "out of memory");
	probe->owns_program_fds = true;
	probe->skel = sliprobe_bpf__open();
	if (probe->skel) {
		probe->hook = is_pinned(dir, probe->skel->progs.tp_send) ? PROBE_HOOK_TRACEPOINT :
									   PROBE_HOOK_FEXIT;
		probe->walk = pinned_walk(dir, probe->skel);
		probe_choose_programs(probe->skel, probe->hook, probe->walk);
		find_ktls(probe, dir);
		n = probe_programs(probe->skel, programs);
		r = open_tls(probe, dir, path);
		r = r ?: reuse_maps(probe, dir, path);
		r = r ?: open_links(probe, dir, programs, n, path);
	} else {
		r = -errno;
	}
	if (r) {
		probe_close(probe);
		return error_set(ret_error, r, "%s: %s", path, strerror(-r));
	}
	snprintf(probe->reason, sizeof(probe->reason), "taken over, attached since before");
	if (probe->skel->bss->tls_refused)
		snprintf(probe->tls.reason, sizeof(probe->tls.reason),
			 "the kernel has refused the programs on TLS libraries");
	probe_know_host(probe);
	probe_begin_versions(probe);
	probe_begin_tls(probe);
	probe->skel->bss->process_epoch++;
	*ret = probe;
	return 0;
}

__u64 probe_build(void)
{
	size_t size;
	const unsigned char *bytes = sliprobe_bpf__elf_bytes(&size);

	return hash_fnv1a(bytes, size);
}
