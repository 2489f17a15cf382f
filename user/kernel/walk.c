/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sweep goes over: the first that the kernel lets a program do. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "kernel/private.h"

enum {
	NOT_KNOWN = -1,
	FILE_PLACE =
		24, /* of `file` in struct bpf_iter__task_file, which is the same in all kernels */
};

/* Offset of a member in bytes; NOT_KNOWN. */
static int offset_of(const struct btf *btf, const char *type, const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, btf_members(t)[i].name_off);

		if (name && !strcmp(name, member))
			return (int)btf_member_bit_offset(t, i) / 8;
	}
	return NOT_KNOWN;
}

static bool loads(const struct btf *btf, const char *iterator, const struct bpf_insn *insns,
		  size_t n)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_ITER);
	int id = btf__find_by_name_kind(btf, iterator, BTF_KIND_FUNC);
	int fd;

	if (id < 0)
		return false;
	options.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "walk", "GPL", insns, n, &options);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool walks_map(const struct btf *btf)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return loads(btf, "bpf_iter_bpf_sk_storage_map", nothing, 2);
}

/* A kernel may take the socket that a file leads to for a pointer of no certain type, which no helper is given. */
static bool walks_files(const struct btf *btf)
{
	const int sk = offset_of(btf, "socket", "sk");
	const struct bpf_insn to_socket[] = {
		{BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, FILE_PLACE, 0},
		{BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 5, 0},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_sock_from_file},
		{BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 3, 0},
		{BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_0, (__s16)sk, 0},
		{BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 1, 0},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skc_to_tcp_sock},
		{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	return sk != NOT_KNOWN && loads(btf, "bpf_iter_task_file", to_socket,
					sizeof(to_socket) / sizeof(to_socket[0]));
}

enum probe_walk probe_walk(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	enum probe_walk walk;

	if (libbpf_get_error(btf))
		return PROBE_WALK_FILES; /* who loads the programs says what is wrong */
	walk = walks_map(btf)	? PROBE_WALK_MAP :
	       walks_files(btf) ? PROBE_WALK_FILES :
				  PROBE_WALK_SOCKETS;
	btf__free(btf);
	return walk;
}

const char *probe_walk_name(enum probe_walk walk)
{
	static const char *const names[] = {"map", "files", "sockets"};

	return names[walk];
}

const char *probe_walk_reason(enum probe_walk walk)
{
	static const char *const reasons[] = {
		"all connections can be listed",
		"the kernel lets no program list all connections: those that no process has open at the moment are not met",
		"the kernel lets no program list all connections, nor reach those of files: those of other network namespaces are not met",
	};

	return reasons[walk];
}

struct bpf_program *probe_sweep_program(struct sliprobe_bpf *skel, enum probe_walk walk)
{
	return walk == PROBE_WALK_MAP	? skel->progs.sweep_conns :
	       walk == PROBE_WALK_FILES ? skel->progs.sweep_files :
					  skel->progs.sweep_sockets;
}
