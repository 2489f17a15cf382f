/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of one function, of all its parts, and of those functions that it leaves for by a direct jump: what
 * they do to the flow, to the stack pointer, and to the register of a result. x86-64 only.
 *
 * A part is known by the table for unwinding, or by the symbol of the function. The whole of a part is decoded, from
 * its first byte to its last; a jump to what is no first byte of an instruction refuses the function.
 */
#ifndef SLIPROBE_SITES_CODE_H
#define SLIPROBE_SITES_CODE_H

#include "sites/elf.h"
#include "sites/frames.h"

enum {
	CODE_INSNS_MAX = 32768,
	CODE_RANGES_MAX = 24,
	CODE_BYTES_MAX = 128 << 10,
	CODE_STACK_UNKNOWN = -0x7fffffff,
};

enum code_flow {
	CODE_NEXT, /* goes on with the next instruction */
	CODE_BRANCH, /* jumps to `target`, or goes on */
	CODE_JUMP, /* jumps to `target` */
	CODE_JUMP_AWAY, /* jumps to where a register or memory says */
	CODE_CALL, /* to `target` */
	CODE_CALL_AWAY,
	CODE_RETURN,
	CODE_STOP, /* goes nowhere: ud2, hlt, int3 */
};

struct code_insn {
	__u64 at; /* virtual address */
	__u64 target; /* of direct jumps and calls; the slot of one through memory at a fixed address */
	__s32 stack; /* bytes that the stack pointer is below that at the entry, before this instruction */
	__s32 base; /* the same of the frame pointer */
	__u32 writes; /* bits of enum code_register */
	__u8 length;
	__u8 flow; /* enum code_flow */
	bool emulated; /* by uprobes of every kernel from 6.1 on */
	bool from_stack; /* writes the stack pointer, or it and a constant, to a register */
	bool refused; /* by uprobes: not to be probed */
	bool joined; /* a direct jump of these instructions leads here */
	bool reached; /* from the entry by direct jumps, and behind calls */
};

enum code_register {
	CODE_AX = 1 << 0,
	CODE_CX = 1 << 1,
	CODE_DX = 1 << 2,
	CODE_BX = 1 << 3,
	CODE_SP = 1 << 4,
	CODE_BP = 1 << 5,
	CODE_SI = 1 << 6,
	CODE_DI = 1 << 7,
	CODE_R8 = 1 << 8,
	CODE_R9 = 1 << 9,
};

struct code {
	struct code_insn *list; /* range by range, each in the order of addresses */
	size_t n;
	size_t entry; /* index of the first instruction of the call */
	struct code_range ranges[CODE_RANGES_MAX];
	size_t first[CODE_RANGES_MAX +
		     1]; /* index of the first instruction of each range, and behind the last */
	size_t n_ranges;
	/* There is a jump by a table: where it leads is not known, but that it stays inside. */
	bool has_table;
};

/*
 * Decodes the function at `address`, whose symbol says `size` bytes; 0: not known. Returns 0, -ENOTSUP with the reason
 * in words ("SSL_read leaves by an indirect jump"), or -ENOMEM; *ret is to be cleared.
 */
int code_decode(struct elf *elf, const char *name, __u64 address, __u64 size, struct code *ret,
		struct error *reason);
void code_clear(struct code *code);

/*
 * Decodes the one part that has the instruction at `address`, without asking how it ends: jumps out of it are left
 * alone. The stack is known from its first byte on. `name` is for the reason.
 */
int code_decode_part(struct elf *elf, const char *name, __u64 address, struct code *ret,
		     struct error *reason);

/* The instruction that begins at the address, or NULL. */
struct code_insn *code_at(const struct code *code, __u64 address);

/* True if a RET can be reached from the instruction; true, too, when that is not known. */
bool code_returns(const struct code *code, __u64 address);

/* The next instruction in its range, or NULL. */
const struct code_insn *code_next(const struct code *code, const struct code_insn *insn);
const struct code_insn *code_before(const struct code *code, const struct code_insn *insn);

#endif
