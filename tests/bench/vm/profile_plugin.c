/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU plugin: how often each translated block of the guest ran since the mark before, written at each mark to a file
 * FILE.1, FILE.2 and so on, FILE given as out=FILE: a line each of address, instructions, executions. A mark is the
 * execution of mark.c.
 *
 * Debian ships no header for plugins; this is the part of their interface (version 1) used here:
 * https://www.qemu.org/docs/master/devel/tcg-plugins.html
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
typedef uint64_t plugin_id;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*fn)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int operation, void *at,
					      uint64_t operand);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*fn)(unsigned int, void *), int registers,
					  void *context);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum {
	ADD_U64 = 0,
	NO_REGISTERS = 0,
	MARK = 0x66660000, /* where mark.c begins: see profile.sh */
};

struct block {
	struct block *next;
	uint64_t address;
	uint64_t instructions;
	uint64_t executions;
};

static struct block *blocks; /* the CPU is one, and so is what translates */
static const char *out;

static void marked(unsigned int cpu, void *context)
{
	static unsigned int n;
	char name[4096];
	FILE *file;

	(void)cpu;
	(void)context;
	snprintf(name, sizeof(name), "%s.%u", out, n++);
	file = fopen(name, "w");
	if (!file)
		abort();
	for (struct block *block = blocks; block; block = block->next) {
		if (block->executions)
			fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", block->address,
				block->instructions, block->executions);
		block->executions = 0;
	}
	fclose(file);
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->address = qemu_plugin_tb_vaddr(tb);
	block->instructions = qemu_plugin_tb_n_insns(tb);
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, ADD_U64, &block->executions, 1);
	if (block->address == MARK)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, marked, NO_REGISTERS, NULL);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info,
							       int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = argv[i] + 4;
	}
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
