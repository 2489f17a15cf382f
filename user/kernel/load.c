/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading the programs: which hook family the kernel takes, and how large the maps are. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/complaint.h"
#include "kernel/private.h"

enum {
	HIST_BYTES = 64 << 20, /* of all CPUs, as long as HIST_GROUPS_MIN fit */
};

/*
 * The type information of the kernel's modules. libbpf looks through it for each function that a program may do
 * without (weak) and that the kernel itself has not, which takes CAP_SYS_ADMIN, and loads nothing where that is
 * refused; later versions of libbpf go on without.
 * The programs use nothing of any module, so here it is as if there were none.
 * This takes the place of libbpf's function, for libbpf's own calls too.
 */
int bpf_btf_get_next_id(__u32 start_id, __u32 *next_id)
{
	union bpf_attr attr = {.start_id = start_id};

	if (!syscall(SYS_bpf, BPF_BTF_GET_NEXT_ID, &attr, sizeof(attr))) {
		*next_id = attr.next_id;
		return 0;
	}
	if (errno == EPERM)
		errno = ENOENT;
	return -errno;
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

void probe_choose_programs(struct sliprobe_bpf *skel, enum probe_hook hook, enum probe_walk walk)
{
	bool fexit = hook == PROBE_HOOK_FEXIT;

	for (enum probe_walk other = PROBE_WALK_MAP; other <= PROBE_WALK_SOCKETS; other++)
		bpf_program__set_autoload(probe_sweep_program(skel, other), other == walk);

	bpf_program__set_autoload(skel->progs.tls_enter, false);
	bpf_program__set_autoload(skel->progs.tls_return, false);
	bpf_program__set_autoload(skel->progs.tls_return_http2, false);
	bpf_program__set_autoload(skel->progs.tp_send_http2, !fexit);
	bpf_program__set_autoload(skel->progs.tp_recv_http2, !fexit);
	bpf_program__set_autoload(skel->progs.fexit_send_http2, fexit);
	bpf_program__set_autoload(skel->progs.fexit_recv_http2, fexit);
	bpf_program__set_autoload(skel->progs.fexit_sendpage_http2,
				  fexit && kernel_has("tcp_sendpage", BTF_KIND_FUNC));
	probe_choose_ktls(skel, KTLS_UNSEEN);
	bpf_program__set_autoload(skel->progs.tp_send, !fexit);
	bpf_program__set_autoload(skel->progs.tp_recv, !fexit);
	bpf_program__set_autoload(skel->progs.fexit_send, fexit);
	bpf_program__set_autoload(skel->progs.fexit_recv, fexit);
	bpf_program__set_autoload(skel->progs.fexit_sendpage,
				  fexit && kernel_has("tcp_sendpage", BTF_KIND_FUNC));
}

int probe_join(const struct bpf_map *map, const struct bpf_program *program)
{
	const __u32 only = 0, fd = (__u32)bpf_program__fd(program);

	if (!bpf_program__autoload(program))
		return 0;
	return bpf_map__update_elem(map, &only, sizeof(only), &fd, sizeof(fd), BPF_ANY);
}

/* The programs that go on with frames of HTTP/2, those of one family. */
static int join_http2(struct sliprobe_bpf *skel)
{
	const struct {
		const struct bpf_map *map;
		const struct bpf_program *program;
	} joins[] = {
		{skel->maps.http2_sent, skel->progs.tp_send_http2},
		{skel->maps.http2_sent, skel->progs.fexit_send_http2},
		{skel->maps.http2_sent_pages, skel->progs.fexit_sendpage_http2},
		{skel->maps.http2_received, skel->progs.tp_recv_http2},
		{skel->maps.http2_received, skel->progs.fexit_recv_http2},
		{skel->maps.tls_http2, skel->progs.tls_return_http2},
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]) && !r; i++)
		r = probe_join(joins[i].map, joins[i].program);
	return r;
}

/* The number of histogram groups: the largest per-CPU table, and the only one no count depends on. */
static __u32 hist_groups(void)
{
	size_t cpus = libbpf_num_possible_cpus() > 0 ? libbpf_num_possible_cpus() : 1;
	size_t fit = HIST_BYTES / (cpus * sizeof(struct hist_value));

	return fit > HIST_GROUPS_MAX ? HIST_GROUPS_MAX :
	       fit < HIST_GROUPS_MIN ? HIST_GROUPS_MIN :
				       fit / BLOCK * BLOCK;
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
	r = r ?: bpf_map__set_max_entries(skel->maps.spare_groups, groups);
	r = r ?: bpf_map__set_max_entries(skel->maps.dfa_cells, LIVE_REGIONS * room->max_cells);
	r = r ?: bpf_map__set_max_entries(skel->maps.accepts, 1 + LIVE_REGIONS * room->max_accepts);
	return r     ?:
		       bpf_map__set_max_entries(skel->maps.service_sets,
						LIVE_REGIONS * room->max_sets);
}

/* What is loaded of the programs. */
struct choice {
	enum probe_hook hook;
	enum probe_walk walk;
	enum probe_tls tls;
	enum ktls_seen ktls;
};

static int load(const struct choice *choice, const struct tables_region *room,
		struct sliprobe_bpf **ret)
{
	struct sliprobe_bpf *skel;
	int r;

	probe_listen();
	if (choice->hook == PROBE_HOOK_TRACEPOINT &&
	    !kernel_has("btf_trace_sock_send_length", BTF_KIND_TYPEDEF)) {
		probe_complain(
			"the kernel has no tracepoint sock_send_length (it came with Linux 6.3)");
		return -ENOENT;
	}
	skel = sliprobe_bpf__open();
	if (!skel)
		return -errno;
	probe_choose_programs(skel, choice->hook, choice->walk);
	r = set_room(skel, room);
	skel->rodata->tls_built = choice->tls != PROBE_TLS_OFF;
	r = r ?: probe_choose_tls(skel, choice->tls);
	probe_choose_ktls(skel, choice->ktls);
	r = r ?: sliprobe_bpf__load(skel);
	r = r ?: join_http2(skel);
	r = r ?: probe_join_ktls(skel);
	if (r) {
		sliprobe_bpf__destroy(skel);
		return r;
	}
	*ret = skel;
	return 0;
}

static void try(enum probe_hook hook, enum probe_tls tls, struct probe_trial *ret)
{
	const struct choice choice = {hook, probe_walk(), tls,
				      tls == PROBE_TLS_OFF ? KTLS_UNSEEN : probe_ktls(hook)};
	const struct tables_region room = {
		.max_states = 1, .max_cells = 256, .max_accepts = 1, .max_sets = 1};
	struct sliprobe_bpf *skel = NULL;

	*ret = (struct probe_trial){.error = load(&choice, &room, &skel)};
	if (ret->error)
		snprintf(ret->reason, sizeof(ret->reason), "%s", probe_complaint(ret->error));
	sliprobe_bpf__destroy(skel);
}

void probe_try(enum probe_hook hook, struct probe_trial *ret)
{
	try(hook, PROBE_TLS_OFF, ret);
}

void probe_try_tls(enum probe_hook hook, struct probe_trial *ret)
{
	try(hook, probe_tls_way(), ret);
}

/* With the programs on TLS libraries as probe->tls.way has it; without, if only they are refused. */
static int load_family(struct probe *probe, enum probe_hook hook)
{
	struct choice choice = {hook, probe->walk, probe->tls.way, KTLS_UNSEEN};
	int r;

	if (choice.tls != PROBE_TLS_OFF)
		choice.ktls = probe_ktls(hook);
	probe->tls.ktls = choice.ktls;
	r = load(&choice, &probe->room, &probe->skel);
	if (r && choice.ktls != KTLS_UNSEEN) {
		probe->tls.ktls = choice.ktls = KTLS_UNSEEN;
		r = load(&choice, &probe->room, &probe->skel);
		if (!r)
			probe->skel->bss->ktls_refused = 1;
	}
	if (!r || choice.tls == PROBE_TLS_OFF)
		return r;
	snprintf(probe->tls.reason, sizeof(probe->tls.reason),
		 "the kernel refuses the programs on TLS libraries: %s", probe_complaint(r));
	choice.tls = PROBE_TLS_OFF;
	r = load(&choice, &probe->room, &probe->skel);
	if (r) {
		probe->tls.reason[0] = 0;
		return r;
	}
	probe->tls.way = PROBE_TLS_OFF;
	probe->skel->bss->tls_refused = 1;
	return 0;
}

/* Megabytes: without the memory for them, all that is asked of them seems to be missing in this kernel. */
static int look_at_types(struct error *error)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	struct btf *btf;
	int r;

	if (access(path, R_OK))
		return error_set(error, -ENOTSUP,
				 "this kernel offers no type information (%s: %s): it must be "
				 "built with CONFIG_DEBUG_INFO_BTF",
				 path, strerror(errno));
	btf = btf__parse(path, NULL);
	r = (int)libbpf_get_error(btf);
	if (r)
		return error_set(error, r, "this kernel's type information (%s) cannot be read: %s",
				 path, strerror(-r));
	btf__free(btf);
	return 0;
}

static int load_first_usable(struct probe *probe, enum probe_hook hook, struct error *error)
{
	char first[PROBE_COMPLAINT_BYTES] = "";
	int r = look_at_types(error);

	if (r)
		return r;
	probe->walk = probe_walk();
	if (hook != PROBE_HOOK_FEXIT) {
		probe->hook = PROBE_HOOK_TRACEPOINT;
		r = load_family(probe, PROBE_HOOK_TRACEPOINT);
		if (!r) {
			snprintf(probe->reason, sizeof(probe->reason),
				 "tracepoints sock_send_length and sock_recv_length loaded");
			return 0;
		}
		snprintf(first, sizeof(first), "%s", probe_complaint(r));
		if (hook == PROBE_HOOK_TRACEPOINT)
			return error_set(error, r == -EPERM ? r : -ENOTSUP,
					 "the kernel refuses the tracepoint programs: %s", first);
	}
	probe->hook = PROBE_HOOK_FEXIT;
	r = load_family(probe, PROBE_HOOK_FEXIT);
	if (!r) {
		snprintf(probe->reason, sizeof(probe->reason),
			 "exits of tcp_sendmsg and tcp_recvmsg loaded%s%s",
			 first[0] ? "; tracepoints not: " : " as asked for", first);
		return 0;
	}
	return error_set(error, r == -EPERM ? r : -ENOTSUP,
			 "the kernel refuses both hook families: tracepoint: %s; fexit: %s",
			 first[0] ? first : "not tried", probe_complaint(r));
}

int probe_open(enum probe_hook hook, const struct tables_region *room, bool tls, struct probe **ret,
	       struct error *ret_error)
{
	struct probe *probe = probe_new();
	int r;

	if (!probe)
		return error_set(ret_error, -ENOMEM, "out of memory");
	probe->room = *room;
	probe->tls.way = tls ? probe_tls_way() : PROBE_TLS_OFF;
	r = load_first_usable(probe, hook, ret_error);
	if (r) {
		probe_close(probe);
		return r;
	}
	probe_know_host(probe);
	probe_begin_versions(probe);
	probe_begin_tls(probe);
	*ret = probe;
	return 0;
}
