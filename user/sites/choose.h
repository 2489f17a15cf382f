/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which instructions are probed. One that the kernel emulates costs a tenth of one that it steps over, so a call's
 * first instruction or its RET gives way to an emulated one that each call passes instead, and exactly once: between
 * the two no jump leads in, none leads out to another RET, and nothing changes the registers that the probe reads.
 */
#ifndef SLIPROBE_SITES_CHOOSE_H
#define SLIPROBE_SITES_CHOOSE_H

#include "sites/code.h"

struct choice {
	__u64 at; /* virtual address */
	__s32 stack; /* bytes that the stack pointer is below that at the function's first instruction */
	bool emulated;
};

/* Registers of enum code_register that the probe reads at an entry. Returns false if no instruction can be probed. */
bool choose_entry(const struct code *code, __u32 reads, struct choice *ret);

/* For the RET at insn, with the result in AX. Returns false likewise. */
bool choose_return(const struct code *code, const struct code_insn *insn, struct choice *ret);

/* For the way back from the call at insn: ret->stack is relative to the first instruction of the function called. */
bool choose_behind(const struct code *code, const struct code_insn *insn, struct choice *ret);

#endif
