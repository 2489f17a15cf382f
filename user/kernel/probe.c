/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/probe_private.h"

enum {
	HIST_BYTES = 64 << 20, /* of all CPUs, as long as HIST_GROUPS_MIN fit */
};

/* The last thing libbpf complained about: its callback has no context. */
static char complaint[200];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];
	const char *text;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	/* the first warning about a program is the cause, the later ones are consequences */
	if (complaint[0] || strstr(line, "BEGIN PROG LOAD LOG"))
		return 0;
	text = strncmp(line, "libbpf: ", 8) != 0 ? line : line + 8;
	snprintf(complaint, sizeof(complaint), "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

const char *probe_hook_name(enum probe_hook hook)
{
	return hook == PROBE_HOOK_FEXIT ? "fexit" : "tracepoint";
}

static bool kernel_has(const char *name, __u32 kind)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has;

	if (libbpf_get_error(btf))
		return false;
	has = btf__find_by_name_kind(btf, name, kind) > 0;
	btf__free(btf);
	return has;
}

bool probe_walks_map(void)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_ITER);
	struct btf *btf = btf__load_vmlinux_btf();
	int id, fd;

	if (libbpf_get_error(btf))
		return false;
	id = btf__find_by_name_kind(btf, "bpf_iter_bpf_sk_storage_map", BTF_KIND_FUNC);
	btf__free(btf);
	if (id < 0)
		return false;
	options.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, 2, &options);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

struct bpf_program *probe_walk_program(struct sliprobe_bpf *skel, bool files)
{
	return files ? skel->progs.walk_files : skel->progs.walk_conns;
}

void probe_choose_programs(struct sliprobe_bpf *skel, enum probe_hook hook, bool walks_files)
{
	bool fexit = hook == PROBE_HOOK_FEXIT;

	bpf_program__set_autoload(probe_walk_program(skel, !walks_files), false);

	bpf_program__set_autoload(skel->progs.tp_send, !fexit);
	bpf_program__set_autoload(skel->progs.tp_recv, !fexit);
	bpf_program__set_autoload(skel->progs.fexit_send, fexit);
	bpf_program__set_autoload(skel->progs.fexit_recv, fexit);
	bpf_program__set_autoload(skel->progs.fexit_sendpage,
				  fexit && kernel_has("tcp_sendpage", BTF_KIND_FUNC));
}

/* Histograms are the largest per-CPU table, and the only one that no count depends on. */
static __u32 hist_groups(void)
{
	size_t cpus = libbpf_num_possible_cpus() > 0 ? libbpf_num_possible_cpus() : 1;
	size_t fit = HIST_BYTES / (cpus * sizeof(struct hist_value));

	return fit > HIST_GROUPS_MAX   ? HIST_GROUPS_MAX
	       : fit < HIST_GROUPS_MIN ? HIST_GROUPS_MIN
				       : fit / BLOCK * BLOCK;
}

static int set_room(struct sliprobe_bpf *skel, const struct tables_region *room)
{
	__u32 groups = hist_groups();
	int r = bpf_map__set_max_entries(skel->maps.dfa_states,
					 1 + LIVE_REGIONS * room->max_states);

	skel->bss->hist_groups = groups;
	skel->rodata->can_cast = kernel_has("bpf_rdonly_cast", BTF_KIND_FUNC);
	r = r ?: bpf_map__set_max_entries(skel->maps.hist, groups / BLOCK);
	r = r ?: bpf_map__set_max_entries(skel->maps.hist_shared, groups / BLOCK);
	r = r ?: bpf_map__set_max_entries(skel->maps.dfa_cells, LIVE_REGIONS * room->max_cells);
	r = r ?: bpf_map__set_max_entries(skel->maps.accepts, 1 + LIVE_REGIONS * room->max_accepts);
	return r
		       ?: bpf_map__set_max_entries(skel->maps.service_sets,
						   LIVE_REGIONS * room->max_sets);
}

static int load(enum probe_hook hook, const struct tables_region *room, bool walks_files,
		struct sliprobe_bpf **ret)
{
	struct sliprobe_bpf *skel;
	int r;

	complaint[0] = 0;
	libbpf_set_print(keep_complaint);
	if (hook == PROBE_HOOK_TRACEPOINT &&
	    !kernel_has("btf_trace_sock_send_length", BTF_KIND_TYPEDEF)) {
		snprintf(complaint, sizeof(complaint),
			 "the kernel has no tracepoint sock_send_length (it came with Linux 6.3)");
		return -ENOENT;
	}
	skel = sliprobe_bpf__open();
	if (!skel)
		return -errno;
	probe_choose_programs(skel, hook, walks_files);
	r = set_room(skel, room);
	r = r ?: sliprobe_bpf__load(skel);
	if (r) {
		sliprobe_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

void probe_try(enum probe_hook hook, struct probe_trial *ret)
{
	const struct tables_region room = {
		.max_states = 1, .max_cells = 256, .max_accepts = 1, .max_sets = 1};
	struct sliprobe_bpf *skel = NULL;

	*ret = (struct probe_trial){.error = load(hook, &room, !probe_walks_map(), &skel)};
	if (ret->error)
		snprintf(ret->reason, sizeof(ret->reason), "%s",
			 complaint[0] ? complaint : strerror(-ret->error));
	sliprobe_bpf__destroy(skel);
}

static int load_auto(struct probe *probe, enum probe_hook hook, struct error *error)
{
	char first[sizeof(complaint)] = "";
	int r;

	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return error_set(
			error, -ENOTSUP,
			"this kernel offers no type information (/sys/kernel/btf/vmlinux: %s): "
			"it must be built with CONFIG_DEBUG_INFO_BTF",
			strerror(errno));
	probe->walks_files = !probe_walks_map();
	if (hook != PROBE_HOOK_FEXIT) {
		probe->hook = PROBE_HOOK_TRACEPOINT;
		r = load(PROBE_HOOK_TRACEPOINT, &probe->room, probe->walks_files, &probe->skel);
		if (!r) {
			snprintf(probe->reason, sizeof(probe->reason),
				 "tracepoints sock_send_length and sock_recv_length loaded");
			return 0;
		}
		snprintf(first, sizeof(first), "%s", complaint[0] ? complaint : strerror(-r));
		if (hook == PROBE_HOOK_TRACEPOINT)
			return error_set(error, r == -EPERM ? r : -ENOTSUP,
					 "the kernel refuses the tracepoint programs: %s", first);
	}
	probe->hook = PROBE_HOOK_FEXIT;
	r = load(PROBE_HOOK_FEXIT, &probe->room, probe->walks_files, &probe->skel);
	if (!r) {
		snprintf(probe->reason, sizeof(probe->reason),
			 "exits of tcp_sendmsg and tcp_recvmsg loaded%s%s",
			 first[0] ? "; tracepoints not: " : " as asked for", first);
		return 0;
	}
	return error_set(error, r == -EPERM ? r : -ENOTSUP,
			 "the kernel refuses both hook families: tracepoint: %s; fexit: %s",
			 first[0] ? first : "not tried", complaint[0] ? complaint : strerror(-r));
}

struct probe *probe_new(void)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return NULL;
	probe->n_cpus = libbpf_num_possible_cpus();
	probe->policies_used = calloc(POLICIES_MAX, sizeof(*probe->policies_used));
	if (probe->n_cpus > 0 && probe->policies_used)
		return probe;
	probe_close(probe);
	return NULL;
}

int probe_open(enum probe_hook hook, const struct tables_region *room, struct probe **ret,
	       struct error *ret_error)
{
	struct probe *probe = probe_new();
	int r;

	if (!probe)
		return error_set(ret_error, -ENOMEM, "out of memory");
	probe->room = *room;
	r = load_auto(probe, hook, ret_error);
	if (r) {
		probe_close(probe);
		return r;
	}
	*ret = probe;
	return 0;
}

static int attach(struct probe *probe, struct bpf_program *program, struct error *error)
{
	struct bpf_link *link;

	complaint[0] = 0;
	link = bpf_program__attach(program);
	if (!link)
		return error_set(error, -errno, "cannot attach %s: %s", bpf_program__name(program),
				 complaint[0] ? complaint : strerror(errno));
	probe->program_fds[probe->n_links] = bpf_program__fd(program);
	probe->links[probe->n_links++] = link;
	return 0;
}

size_t probe_programs(struct sliprobe_bpf *skel, struct bpf_program *ret[PROBE_LINKS])
{
	/* what ends a request first, what begins one last: none is seen that cannot be ended */
	struct bpf_program *order[] = {
		skel->progs.sock_destroyed, skel->progs.sock_state,	skel->progs.tp_send,
		skel->progs.fexit_send,	    skel->progs.fexit_sendpage, skel->progs.sock_reading,
		skel->progs.tp_recv,	    skel->progs.fexit_recv,
	};
	size_t n = 0;

	_Static_assert(sizeof(order) / sizeof(order[0]) <= PROBE_LINKS, "room for all links");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (bpf_program__autoload(order[i]))
			ret[n++] = order[i];
	}
	return n;
}

static int attach_walk(struct probe *probe, struct error *error)
{
	union bpf_iter_link_info info = {.map.map_fd = bpf_map__fd(probe->skel->maps.conns)};
	LIBBPF_OPTS(bpf_iter_attach_opts, of_map, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_program *program = probe_walk_program(probe->skel, probe->walks_files);

	probe->walk = bpf_program__attach_iter(program, probe->walks_files ? NULL : &of_map);
	if (!probe->walk)
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

	skel->bss->attached_ns = ~0ULL >> 1;
	/* CLOCK_MONOTONIC_COARSE moves by one jiffy */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick))
		return error_set(ret_error, -errno, "cannot tell the kernel's tick: %s",
				 strerror(errno));
	skel->bss->tick_ns = tick.tv_sec * 1000000000ULL + tick.tv_nsec;
	r = attach_walk(probe, ret_error);
	if (r)
		return r;
	for (size_t i = 0; i < n_programs; i++) {
		r = attach(probe, programs[i], ret_error);
		if (r)
			return r;
	}
	/* the programs' clock */
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return error_set(ret_error, -errno, "cannot tell the time: %s", strerror(errno));
	skel->bss->attached_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	return 0;
}

void probe_detach(struct probe *probe)
{
	for (size_t i = 0; i < probe->n_links; i++) {
		bpf_link__destroy(probe->links[i]);
		if (probe->program_fds[i] >= 0 && probe->adopted)
			close(probe->program_fds[i]);
	}
	probe->n_links = 0;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	probe_detach(probe);
	bpf_link__destroy(probe->walk);
	sliprobe_bpf__destroy(probe->skel);
	free(probe->policies_used);
	free(probe);
}

enum probe_hook probe_hook(const struct probe *probe)
{
	return probe->hook;
}

__u32 probe_generation(const struct probe *probe)
{
	return __atomic_load_n(&probe->skel->bss->live_generation, __ATOMIC_ACQUIRE);
}

const char *probe_hook_used(const struct probe *probe)
{
	return probe_hook_name(probe->hook);
}

const char *probe_hook_reason(const struct probe *probe)
{
	return probe->reason;
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

static int write_array(struct bpf_map *map, __u32 first, const void *values, size_t n)
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
	return write_array(probe->skel->maps.slo_criteria, slot, criteria, 1);
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
	r = write_array(probe->skel->maps.slo_counts, first, zero, n);
	return r ?: write_array(probe->skel->maps.slo_counts_shared, first, zero, n);
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
	r = write_array(skel->maps.dfa_states, region.states, tables->states, tables->n_states);
	r = r ?: write_array(skel->maps.dfa_cells, region.cells, tables->cells, tables->n_cells);
	r = r
		    ?: write_array(skel->maps.accepts, region.accepts, tables->accepts,
				   tables->n_accepts);
	r = r ?: write_array(skel->maps.service_sets, region.sets, tables->sets, tables->n_sets);
	for (size_t i = 0; !r && i < tables->n_ports; i++) {
		__u32 key[2] = {generation, tables->ports[i].port};

		r = bpf_map_update_elem(bpf_map__fd(skel->maps.service_ports), key,
					&tables->ports[i].set, BPF_ANY);
	}
	for (size_t i = 0; !r && i < tables->n_policies; i++)
		r = write_array(skel->maps.policies, policies[i], &tables->policies[i], 1);
	if (r)
		return r;
	*live = tables->live;
	memcpy(live->policies, policies, (tables->n_policies - 1) * sizeof(*policies));
	live->found_policy = policies[tables->n_policies - 1];
	return write_array(skel->maps.live, slot, live, 1);
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

static int walk_once(struct probe *probe)
{
	char unused[64];
	ssize_t n;
	int fd, r;

	probe->skel->bss->walk_in_flight = 0;
	probe->skel->bss->walk_number++;
	fd = bpf_iter_create(bpf_link__fd(probe->walk));
	if (fd < 0)
		return fd;
	do
		n = read(fd, unused, sizeof(unused));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	r = n < 0 ? -errno : 0;
	close(fd);
	return r;
}

int probe_walk(struct probe *probe, __u64 unanswered_ns, struct probe_walked *ret)
{
	__u64 before[STAT_COUNT], after[STAT_COUNT];
	struct probe_walked walked;
	int r;

	probe->skel->bss->walk_unanswered_ns = unanswered_ns;
	r = probe_read_stats(probe, before);
	r = r ?: walk_once(probe);
	r = r ?: probe_read_stats(probe, after);
	if (r)
		return r;
	walked.in_flight = probe->skel->bss->walk_in_flight;
	walked.at_most = after[STAT_SEEN] - before[STAT_ENDED] - probe_lost(before);
	walked.at_least = before[STAT_SEEN] - after[STAT_ENDED] - probe_lost(after);
	probe->walk_missed = (__s64)walked.in_flight < walked.at_least;
	walked.consistent = walked.in_flight <= (__u64)walked.at_most &&
			    (!probe->walk_missed || probe->walks_files);
	*ret = walked;
	return 0;
}

int probe_policies_clear(struct probe *probe)
{
	_cleanup_free_ __u32 *zero = calloc(POLICIES_MAX, sizeof(*zero));

	if (!zero)
		return -ENOMEM;
	return write_array(probe->skel->maps.policies_used, 0, zero, POLICIES_MAX);
}

int probe_policies_read(struct probe *probe)
{
	_cleanup_free_ __u32 *keys = calloc(POLICIES_MAX, sizeof(*keys));
	__u32 token = 0, count = POLICIES_MAX;
	int r;

	if (!keys)
		return -ENOMEM;
	if (probe->walk_missed) {
		/* what it has not met may be judged by any of them */
		for (size_t i = 0; i < POLICIES_MAX; i++)
			probe->policies_used[i] = 1;
		return 0;
	}
	r = bpf_map_lookup_batch(bpf_map__fd(probe->skel->maps.policies_used), NULL, &token, keys,
				 probe->policies_used, &count, NULL);
	return r == -ENOENT ? 0 : r;
}

bool probe_policy_used(struct probe *probe, __u16 policy)
{
	return policy < POLICIES_MAX && probe->policies_used[policy];
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
