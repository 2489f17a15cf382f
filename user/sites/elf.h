/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An ELF file of x86-64 as hostile input: every reading is bounded by the file, and by a budget of bytes in all. It is
 * read by pread(), in blocks, as they are asked for: a file that is cut meanwhile ends a reading, not the process.
 */
#ifndef SLIPROBE_SITES_ELF_H
#define SLIPROBE_SITES_ELF_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
	ELF_SECTIONS_MAX = 512,
	ELF_SEGMENTS_MAX = 64,
	ELF_BLOCK_BYTES = 64 << 10,
	ELF_SECTION_NAME_BYTES = 24,
	ELF_IMPORTS_MAX = 8,
};

struct elf_section {
	char name[ELF_SECTION_NAME_BYTES]; /* cut to what fits */
	__u32 type; /* SHT_ */
	__u32 link;
	__u64 address, offset, size, entry_size;
};

/* A PT_LOAD. */
struct elf_segment {
	__u64 address, offset, size; /* of what is in the file */
	bool executable, writable;
};

struct elf_symbol {
	const char *name; /* ends with a NUL, within its table */
	__u64 address, size;
	bool function;
	bool defined;
};

struct elf {
	int fd;
	__u64 size;
	unsigned char
		*bytes; /* of the whole file, those of a block are there once it is asked for */
	unsigned char *have; /* one bit a block */
	__u64 budget_bytes;
	struct elf_section *sections;
	size_t n_sections;
	struct elf_segment segments[ELF_SEGMENTS_MAX];
	size_t n_segments;
	__u64 dynamic, dynamic_size; /* address of PT_DYNAMIC; 0: none */
	__u64 frames, frames_size; /* of PT_GNU_EH_FRAME */
};

/* Returns 0, -ENOEXEC, -EFBIG, -ENOMEM, or as pread() fails. */
int elf_open(int fd, struct elf *ret, struct error *error);
void elf_close(struct elf *elf);

/* len bytes at an offset of the file or at a virtual address; NULL if not all of them are there. Valid until closed. */
const void *elf_file(struct elf *elf, __u64 offset, __u64 len);
const void *elf_at(struct elf *elf, __u64 address, __u64 len);

/* Where the byte at a virtual address is in the file. */
bool elf_offset(const struct elf *elf, __u64 address, __u64 *ret);

/* The segment that has the address, or NULL. */
const struct elf_segment *elf_segment_at(const struct elf *elf, __u64 address);

/* NULL: there is none of that name. Of SHT_NOBITS no bytes are in the file. */
const struct elf_section *elf_section(const struct elf *elf, const char *name);
const struct elf_section *elf_section_at(const struct elf *elf, __u64 address);

/* Calls back for each symbol of .dynsym, then of .symtab, until fn returns false. */
void elf_symbols(struct elf *elf, bool (*fn)(void *context, const struct elf_symbol *symbol),
		 void *context);

/* The slots to which the dynamic linker writes the address of the function; returns how many, at most max. */
size_t elf_imports(struct elf *elf, const char *name, __u64 *ret_slots, size_t max);

/* The slot by which the stub at an address jumps on to another file; 0: there is no such stub. */
__u64 elf_stub_slot(struct elf *elf, __u64 address);

/* True if `needle` is in the section; false of sections beyond 64 MiB. */
bool elf_section_has(struct elf *elf, const char *section, const void *needle, size_t len);

#endif
