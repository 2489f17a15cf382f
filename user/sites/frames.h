/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where functions begin and end, by what is there to unwind them (.eh_frame): known of functions without symbols, too.
 * Each part of a function that the compiler has split has an entry of its own.
 */
#ifndef SLIPROBE_SITES_FRAMES_H
#define SLIPROBE_SITES_FRAMES_H

#include "sites/elf.h"

struct code_range {
	__u64 from, to;
};

/* The function, or part of one, that has the instruction at `address`. False if that is not known. */
bool frames_range(struct elf *elf, __u64 address, struct code_range *ret);

#endif
