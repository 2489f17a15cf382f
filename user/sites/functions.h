/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of one file by name: where they are, and who refers to whom. A call of a function of the same file may
 * go through a stub, since another file may replace it.
 */
#ifndef SLIPROBE_SITES_FUNCTIONS_H
#define SLIPROBE_SITES_FUNCTIONS_H

#include "sites/code.h"
#include "sites/elf.h"
#include "sites/frames.h"

struct function {
	const char *name;
	__u64 address; /* 0: the file has none of that name */
	__u64 size;
	__u64 slots[ELF_IMPORTS_MAX]; /* by which it is called through stubs, or indirectly */
	size_t n_slots;
};

/* Fills `list`, of which the names are set, by one look at all symbols. */
void functions_find(struct elf *elf, struct function *list, size_t n);

/* True if `from` calls or jumps to the function. */
bool function_called_by(struct elf *elf, const struct function *function,
			const struct function *from);

/* True if the target of the call or jump is the function. */
bool function_is_target(struct elf *elf, const struct function *function,
			const struct code_insn *insn);

/*
 * The bytes from the function's first instruction to its end, which is ret->to: by what is there to unwind it, else by
 * its symbol. NULL if they are more than `max`, or not in the file.
 */
const unsigned char *function_bytes(struct elf *elf, const struct function *function, __u64 max,
				    struct code_range *ret);

/* The instructions of the function alone, in order, whatever they do: *ret is to be freed. Returns how many, 0: none. */
size_t function_insns(struct elf *elf, const struct function *function, struct code_insn **ret);

#endif
