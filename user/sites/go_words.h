/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pointers in the data of a Go executable, as they will be in memory, less the load address: of a position-independent
 * one the file has them in its relocations.
 */
#ifndef SLIPROBE_SITES_GO_WORDS_H
#define SLIPROBE_SITES_GO_WORDS_H

#include "sites/elf.h"

struct go_relocation {
	__u64 at, value;
};

struct go_words {
	struct elf *elf;
	struct go_relocation *list; /* by `at` */
	size_t n;
};

/* Returns 0 or -ENOMEM; *ret is to be cleared. */
int go_words_init(struct elf *elf, struct go_words *ret);
void go_words_clear(struct go_words *words);

/* The 8 bytes at an address; false if they are not in the file. */
bool go_word(struct go_words *words, __u64 address, __u64 *ret);

/* Calls back with each address in the data that holds the value, until fn returns false. */
void go_words_each(struct go_words *words, __u64 value, bool (*fn)(void *context, __u64 address),
		   void *context);

#endif
