/* SPDX-License-Identifier: GPL-2.0-only */
/* One instruction of x86-64: what it does to the flow, the stack and the registers of a call. */
#ifndef SLIPROBE_SITES_INSN_H
#define SLIPROBE_SITES_INSN_H

#include <stddef.h>

#include "sites/code.h"

enum insn_stack {
	INSN_STACK_SAME,
	INSN_STACK_MOVES, /* by `moves` */
	INSN_STACK_FROM_BASE, /* the stack pointer becomes the frame pointer, + `moves` */
	INSN_STACK_LEAVE, /* it becomes the frame pointer, which is popped */
	INSN_STACK_LOST,
};

enum insn_base {
	INSN_BASE_SAME,
	INSN_BASE_FROM_STACK, /* the frame pointer becomes the stack pointer, - `base_moves` */
	INSN_BASE_LOST,
};

struct insn_effect {
	__u8 stack; /* enum insn_stack */
	__u8 base; /* enum insn_base */
	__s32 moves; /* > 0: the stack grows */
	__s32 base_moves;
};

/* Decodes the instruction at `bytes`. Returns false if it is none within n bytes. */
bool insn_decode(const unsigned char *bytes, size_t n, __u64 address, struct code_insn *ret,
		 struct insn_effect *ret_effect);

/* The operand that an instruction computes from a register and a constant: where offsets of an object are seen. */
struct insn_address {
	__u8 from; /* number of the register: 0 AX, 1 CX, ... 15 R15; 0xff: another form */
	__u8 to;
	__s64 displacement;
	__s64 value; /* the constant of a shift, a mask or a comparison */
	enum {
		INSN_OTHER, /* `writes` tells what is lost */
		INSN_LEA, /* to = from + displacement */
		INSN_LOAD, /* to = 8 bytes at from + displacement */
		INSN_MOVE, /* to = from */
		INSN_ADD, /* to += displacement */
		INSN_LOAD_SMALL, /* to = 1, 2 or 4 bytes at from + displacement */
		INSN_SHIFT, /* to >>= value */
		INSN_MASK, /* to &= value */
		INSN_COMPARE, /* what is at from + displacement with value */
		INSN_TOUCH, /* reads or writes memory at from + displacement, not as a pointer */
	} kind;
	__u32 writes; /* one bit a register by number */
};

bool insn_address(const unsigned char *bytes, size_t n, struct insn_address *ret, __u8 *ret_length);

#endif
