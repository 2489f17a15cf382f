/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first page of the file that the current process runs, where the kernel keeps it: there since the program was
 * started, until memory runs short. A file's pages lie in a tree by their numbers (the kernel's documentation of
 * XArray), whose entries are told apart by their lowest two bits.
 */
#ifndef SLIPROBE_WHO_IMAGE_PAGE_BPF_H
#define SLIPROBE_WHO_IMAGE_PAGE_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/pages.bpf.h"
#include "who/work.bpf.h"

enum {
	XA_LEVELS = 11, /* of 64 bits in nodes of 64 entries */
	XA_NODE = 2, /* an address of a node, with this added */
	XA_KIND = 3,
	XA_LOWEST_NODE = 4096,
};

/* The file is that of the mapping with the program headers: what a layered file system names is not what it maps. */
static long image_vma(struct task_struct *task, struct vm_area_struct *vma, struct who_work **at)
{
	struct process_work *process = &(*at)->process;

	__u64 after = process->phdr;

	after -= BPF_CORE_READ(vma, vm_start);
	if (!BPF_CORE_READ(vma, vm_pgoff) && after < PAGE_BYTES)
		process->mapping = (__u64)BPF_CORE_READ(vma, vm_file, f_mapping);
	return 0;
}

/* It may have been given back, and be anything by now. */
static __always_inline bool image_page_is_there(const struct process_work *process)
{
	struct folio *folio = (struct folio *)process->folio;

	return (__u64)BPF_CORE_READ(folio, mapping) == process->mapping &&
	       !BPF_CORE_READ(folio, index);
}

/*
 * After build_id_read() has found the program headers' address, and what is there is not in the process's memory: lets
 * it read the page instead. False: there is none.
 */
__noinline int image_page_find(struct who_work *work)
{
	struct page_part page = {};
	struct process_work *process;
	struct address_space *mapping;
	struct xa_node *node;
	__u64 entry;

	if (!work)
		return false;
	process = &work->process;
	process->page = process->mapping = 0;
	if (!process->phdr)
		return false;
	bpf_find_vma(bpf_get_current_task_btf(), process->phdr, image_vma, &work, 0);
	if (!process->mapping)
		return false;
	mapping = (struct address_space *)process->mapping;
	entry = (__u64)BPF_CORE_READ(mapping, i_pages.xa_head);
	for (int i = 0; i < XA_LEVELS; i++) {
		if ((entry & XA_KIND) != XA_NODE || entry < XA_LOWEST_NODE)
			break;
		node = (struct xa_node *)(entry - XA_NODE);
		entry = (__u64)BPF_CORE_READ(node, slots[0]);
	}
	if (!entry || (entry & XA_KIND))
		return false;
	process->folio = entry;
	page.page = entry;
	process->page = page_address(&page);
	return process->page && image_page_is_there(process);
}

#endif
