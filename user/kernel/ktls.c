/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS in the kernel: which hooks see what its sockets carry.
 *
 * The functions of TLS may be those of a module. Programs on their exits hold it, and can only be loaded while it is
 * there; they do no more than to go on with others (sliprobe.bpf.c). What is spliced from a socket no tracepoint tells: that takes the exit of a function, too.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/private.h"

/* Programs may be loaded on functions of modules: it takes CAP_SYS_ADMIN. */
static bool may_use_modules(void)
{
	union bpf_attr attr = {};

	return !syscall(SYS_bpf, BPF_BTF_GET_NEXT_ID, &attr, sizeof(attr));
}

/* TLS has that function: the kernel's own, or the module's. */
static bool tls_has(struct btf *kernel, const char *name)
{
	struct btf *module;
	bool has = btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) > 0;

	if (has || !may_use_modules())
		return has;
	module = btf__load_module_btf("tls", kernel);
	if (libbpf_get_error(module))
		return false;
	has = btf__find_by_name_kind(module, name, BTF_KIND_FUNC) > 0;
	btf__free(module);
	return has;
}

/* An empty program can be attached to the exit of that function of the kernel. */
static bool can_follow(const struct btf *kernel, const char *name)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FEXIT);
	const int id = btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC);
	int program, link;

	if (id < 0)
		return false;
	options.attach_btf_id = (__u32)id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, 2, &options);
	if (program < 0)
		return false;
	link = bpf_raw_tracepoint_open(NULL, program);
	close(program);
	if (link >= 0)
		close(link);
	return link >= 0;
}

enum ktls_seen probe_ktls(enum probe_hook hook)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	enum ktls_seen seen = KTLS_UNSEEN;

	if (libbpf_get_error(kernel))
		return KTLS_UNSEEN;
	if (btf__find_by_name_kind(kernel, "tls_context", BTF_KIND_STRUCT) > 0 &&
	    can_follow(kernel, "sock_splice_read")) {
		if (hook == PROBE_HOOK_TRACEPOINT)
			seen = KTLS_BY_TRACEPOINTS;
		else if (tls_has(kernel, "tls_sw_sendmsg") && tls_has(kernel, "tls_sw_recvmsg"))
			seen = KTLS_BY_EXITS;
	}
	btf__free(kernel);
	return seen;
}

bool probe_ktls_takes_admin(void)
{
	struct btf *kernel;
	bool takes;

	if (access("/sys/kernel/btf/tls", F_OK))
		return false;
	kernel = btf__load_vmlinux_btf();
	if (libbpf_get_error(kernel))
		return false;
	takes = btf__find_by_name_kind(kernel, "btf_trace_sock_send_length", BTF_KIND_TYPEDEF) < 0;
	btf__free(kernel);
	return takes;
}

static bool has_sendpage(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool has;

	if (libbpf_get_error(kernel))
		return false;
	has = tls_has(kernel, "tls_sw_sendpage");
	btf__free(kernel);
	return has;
}

void probe_choose_ktls(struct sliprobe_bpf *skel, enum ktls_seen seen)
{
	const bool by_tracepoints = seen == KTLS_BY_TRACEPOINTS, by_exits = seen == KTLS_BY_EXITS;
	const bool by_pages = by_exits && has_sendpage();

	skel->rodata->ktls_seen = seen;
	bpf_program__set_autoload(skel->progs.tp_send_kernel, by_tracepoints);
	bpf_program__set_autoload(skel->progs.tp_recv_kernel, by_tracepoints);
	bpf_program__set_autoload(skel->progs.fexit_tls_send, by_exits);
	bpf_program__set_autoload(skel->progs.fexit_send_kernel, by_exits);
	bpf_program__set_autoload(skel->progs.fexit_tls_sendpage, by_pages);
	bpf_program__set_autoload(skel->progs.fexit_sendpage_kernel, by_pages);
	bpf_program__set_autoload(skel->progs.fexit_tls_recv, by_exits);
	bpf_program__set_autoload(skel->progs.fexit_recv_kernel, by_exits);
	bpf_program__set_autoload(skel->progs.fexit_splice, by_tracepoints || by_exits);
	bpf_program__set_autoload(skel->progs.tp_send_frames, by_tracepoints);
	bpf_program__set_autoload(skel->progs.tp_recv_frames, by_tracepoints);
	bpf_program__set_autoload(skel->progs.fexit_send_frames, by_exits);
	bpf_program__set_autoload(skel->progs.fexit_sendpage_frames, by_pages);
	bpf_program__set_autoload(skel->progs.fexit_recv_frames, by_exits);
	bpf_program__set_autoload(skel->progs.fexit_splice_frames, by_tracepoints || by_exits);
}

int probe_join_ktls(struct sliprobe_bpf *skel)
{
	const struct {
		const struct bpf_map *map;
		const struct bpf_program *program;
	} joins[] = {
		{skel->maps.tls_kernel_sent, skel->progs.tp_send_kernel},
		{skel->maps.tls_kernel_sent, skel->progs.fexit_send_kernel},
		{skel->maps.tls_kernel_paged, skel->progs.fexit_sendpage_kernel},
		{skel->maps.tls_kernel_received, skel->progs.tp_recv_kernel},
		{skel->maps.tls_kernel_received, skel->progs.fexit_recv_kernel},
		{skel->maps.tls_frames_sent, skel->progs.tp_send_frames},
		{skel->maps.tls_frames_sent, skel->progs.fexit_send_frames},
		{skel->maps.tls_frames_paged, skel->progs.fexit_sendpage_frames},
		{skel->maps.tls_frames_received, skel->progs.tp_recv_frames},
		{skel->maps.tls_frames_received, skel->progs.fexit_recv_frames},
		{skel->maps.tls_frames_spliced, skel->progs.fexit_splice_frames},
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]) && !r; i++)
		r = probe_join(joins[i].map, joins[i].program);
	return r;
}

bool probe_sees_ktls(const struct probe *probe)
{
	return probe->tls.ktls != KTLS_UNSEEN || probe->skel->bss->ktls_refused;
}
