/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The build id of the program that the current process runs: a note in its own memory, at a place that its program
 * headers tell, whose place the kernel told it when it began (System V ABI, "Auxiliary Vector" and "Program Header";
 * ELF notes: gABI, "Note Section"). Reading brings no page in: a forked process has none of those that it has not used
 * itself. Then the first page of the file is read where the kernel keeps it: who/image_page.
 */
#ifndef SLIPROBE_WHO_BUILD_ID_BPF_H
#define SLIPROBE_WHO_BUILD_ID_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/pages.bpf.h"
#include "who/work.bpf.h"

enum {
	AUXV_MAX = 32,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,

	PHDRS_MAX = 32,
	PT_LOAD = 1,
	PT_NOTE = 4,

	NOTES_MAX = 16,
	NOTE_GNU_BUILD_ID = 3,
	NOTE_GO_BUILD_ID = 4,

	ELF_PAGE_MASK = 4095,
	ELF_PHOFF = 32, /* where in the file's header the place of the program headers is */
};

struct auxv {
	__u64 type;
	__u64 value;
};

struct elf_phdr {
	__u32 type;
	__u32 flags;
	__u64 offset;
	__u64 vaddr;
	__u64 paddr;
	__u64 file_bytes;
	__u64 bytes;
	__u64 align;
};

struct elf_note {
	__u32 name_bytes;
	__u32 desc_bytes;
	__u32 type;
	__u32 name; /* its first four bytes */
};

/* `at`: in the process's memory, or in the file where its first page is read. */
static __always_inline long image_read(struct process_work *process, void *to, __u32 n, __u64 at)
{
	long r;

	if (!process->page)
		r = bpf_probe_read_user(to, n, (void *)at);
	else if (at > PAGE_BYTES || at + n > PAGE_BYTES)
		r = -1;
	else
		r = bpf_probe_read_kernel(to, n, (void *)(process->page + at));
	if (r)
		process->unread = 1;
	return r;
}

static long auxv_step(__u32 i, struct who_work **at)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_work *process = &(*at)->process;
	struct mm_struct *mm = task->mm;
	struct auxv auxv = {};

	if ((i + 1) * sizeof(auxv) > bpf_core_field_size(mm->saved_auxv))
		return 1;
	bpf_probe_read_kernel(&auxv, sizeof(auxv),
			      (char *)mm + bpf_core_field_offset(mm->saved_auxv) +
				      i * sizeof(auxv));
	if (auxv.type == AT_PHDR)
		process->phdr = auxv.value;
	else if (auxv.type == AT_PHNUM)
		process->phdrs = auxv.value;
	return !auxv.type;
}

/* The first loaded part has the headers in it: by that the rest of the memory is found. */
static long bias_step(__u32 i, struct who_work **at)
{
	struct process_work *process = &(*at)->process;
	struct elf_phdr phdr;

	if (i >= process->phdrs)
		return 1;
	if (image_read(process, &phdr, sizeof(phdr), process->phdr + i * sizeof(phdr)))
		return 1;
	if (phdr.type != PT_LOAD)
		return 0;
	process->bias =
		(process->phdr & ~(__u64)ELF_PAGE_MASK) - (phdr.vaddr & ~(__u64)ELF_PAGE_MASK);
	return 1;
}

static __always_inline __u64 align_up(__u64 n, __u64 align)
{
	return (n + align - 1) & ~(align - 1);
}

/* One note, of the place process->notes[0]. */
static long note_step(__u32 i, struct who_work **at)
{
	struct process_work *process = &(*at)->process;
	struct process_facts *facts = &process->facts;
	__u64 desc, align = process->notes[0].align;
	struct elf_note note;
	__u32 n;

	if (process->notes[0].at + sizeof(note) > process->notes[0].end)
		return 1;
	if (image_read(process, &note, sizeof(note), process->notes[0].at))
		return 1;
	desc = align_up(process->notes[0].at + 12 + note.name_bytes, align);
	process->notes[0].at = align_up(desc + note.desc_bytes, align);
	n = note.desc_bytes < BUILD_ID_BYTES ? note.desc_bytes : BUILD_ID_BYTES;
	if (note.name_bytes != 4 || !n)
		return 0;
	if (note.type == NOTE_GNU_BUILD_ID && note.name == 0x00554e47 /* "GNU" */)
		facts->build_id_kind = BUILD_ID_GNU;
	else if (note.type == NOTE_GO_BUILD_ID && note.name == 0x00006f47 /* "Go" */)
		facts->build_id_kind = BUILD_ID_GO;
	else
		return 0;
	barrier_var(n);
	if (n > BUILD_ID_BYTES)
		return 1;
	if (image_read(process, facts->build_id, n, desc)) {
		facts->build_id_kind = BUILD_ID_NONE;
		return 1;
	}
	facts->build_id_bytes = n;
	return facts->build_id_kind == BUILD_ID_GNU;
}

/* Finds where notes are. */
static long notes_step(__u32 i, struct who_work **at)
{
	struct process_work *process = &(*at)->process;
	struct elf_phdr phdr;
	__u32 n = process->n_notes;

	barrier_var(n);
	if (i >= process->phdrs || n >= PROCESS_NOTES)
		return 1;
	if (image_read(process, &phdr, sizeof(phdr), process->phdr + i * sizeof(phdr)))
		return 1;
	if (phdr.type != PT_NOTE)
		return 0;
	process->notes[n].at = process->page ? phdr.offset : process->bias + phdr.vaddr;
	process->notes[n].end = process->notes[n].at + phdr.bytes;
	process->notes[n].align = phdr.align == 8 ? 8 : 4;
	process->n_notes = n + 1;
	return 0;
}

/* Finds the program headers in the process's memory. */
static __always_inline void image_begin(struct who_work *work)
{
	struct process_work *process = &work->process;

	process->phdr = process->phdrs = 0;
	process->bias = 0;
	bpf_loop(AUXV_MAX, auxv_step, &work, 0);
	if (process->phdr)
		bpf_loop(PHDRS_MAX, bias_step, &work, 0);
}

/* Leaves it in the facts, if it can be read: see image_page_find(), too. */
__noinline int build_id_read(struct who_work *work)
{
	struct process_work *process;

	if (!work)
		return 0;
	process = &work->process;
	process->facts.build_id_kind = BUILD_ID_NONE;
	process->facts.build_id_bytes = 0;
	__builtin_memset(process->facts.build_id, 0, BUILD_ID_BYTES);
	process->n_notes = 0;
	process->unread = 0;
	if (process->page)
		image_read(process, &process->phdr, sizeof(process->phdr), ELF_PHOFF);
	else
		image_begin(work);
	if (!process->phdr)
		return 0;
	bpf_loop(PHDRS_MAX, notes_step, &work, 0);
	for (__u32 k = 0; k < PROCESS_NOTES; k++) {
		if (k >= process->n_notes || process->facts.build_id_kind == BUILD_ID_GNU)
			break;
		process->notes[0] = process->notes[k];
		bpf_loop(NOTES_MAX, note_step, &work, 0);
	}
	if (!process->facts.build_id_bytes)
		process->facts.build_id_kind = BUILD_ID_NONE;
	return 0;
}

#endif
