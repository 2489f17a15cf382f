/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU plugin: how often each translated block of the guest ran, written at the end to the file
 * given as out=FILE, a line each: address, instructions, executions.
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
void qemu_plugin_register_atexit_cb(plugin_id id, void (*fn)(plugin_id, void *), void *context);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { ADD_U64 = 0 };

struct block {
	struct block *next;
	uint64_t address;
	uint64_t instructions;
	uint64_t executions;
};

static struct block *blocks; /* the CPU is one, and so is what translates */
static const char *out;

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
}

static void ended(plugin_id id, void *context)
{
	FILE *file = fopen(out, "w");

	(void)id;
	(void)context;
	if (!file)
		abort();
	for (const struct block *block = blocks; block; block = block->next)
		fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", block->address,
			block->instructions, block->executions);
	fclose(file);
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
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
