/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel has the bytes of the pages that its structures name. That place is no secret, but the symbols
 * that tell it are not in every kernel's list. So it is found from what is: the slab allocator keeps, for each
 * of its pages that has free objects, the page's structure and the address of such an object. All pages' structures
 * lie in one array, as the pages do in memory, so that one such pair tells the place of any other page.
 */
#ifndef SLIPROBE_KERNEL_PAGES_BPF_H
#define SLIPROBE_KERNEL_PAGES_BPF_H

#include "kernel/helpers.bpf.h"

/* An element of skb_shared_info's `frags`: its members' names change from kernel to kernel, this does not. */
struct page_part {
	__u64 page; /* address of its struct page; odd: a part of a device's memory */
	__u32 len;
	__u32 offset;
};

enum {
	PAGE_BYTES = 4096,
	SLAB_CACHES_MAX = 4096, /* looked at */
};

/* A page's address, less that of its structure times their ratio: the same for all pages. 0: not found yet. */
__u64 pages_at;
__u64 pages_guess; /* of one pair; it counts once another pair agrees */
__u64 pages_cache; /* any cache of the slab allocator, for those who have none at hand; 0: none met yet */

static __always_inline __u64 pages_ratio(void)
{
	return PAGE_BYTES / bpf_core_type_size(struct page);
}

/* Looks at one cache of the slab allocator. Returns 1 when the place is known. */
static long pages_step(__u32 i, struct kmem_cache **at_cache)
{
	struct kmem_cache *cache = *at_cache;
	struct list_head *first, *next;
	struct slab *slab;
	__u64 object, at;

	next = BPF_CORE_READ(cache, list.next);
	*at_cache = (void *)next - bpf_core_field_offset(struct kmem_cache, list);
	first = BPF_CORE_READ(cache, node[0], partial.next);
	slab = (void *)first - bpf_core_field_offset(struct slab, slab_list);
	/* of one page, so that an object's address tells the page's */
	if (!first || BPF_CORE_READ(cache, oo.x) >> 16 || BPF_CORE_READ(slab, slab_cache) != cache)
		return 0;
	object = (__u64)BPF_CORE_READ(slab, freelist);
	if (!object)
		return 0;
	at = (object & ~(__u64)(PAGE_BYTES - 1)) - (__u64)slab * pages_ratio();
	if (pages_guess == at)
		pages_at = at;
	pages_guess = at;
	return pages_at != 0;
}

/* False where the kernel was built with another allocator. */
static __always_inline bool pages_can_be_found(void)
{
	return bpf_core_field_exists(struct kmem_cache, oo) &&
	       bpf_core_field_exists(struct kmem_cache, node) &&
	       bpf_core_field_exists(struct kmem_cache_node, partial) &&
	       bpf_core_field_exists(struct slab, slab_list) &&
	       bpf_core_field_exists(struct slab, freelist);
}

/* `cache`: any one. */
static __noinline int pages_find(struct kmem_cache *cache)
{
	if (pages_can_be_found() && cache && !pages_at &&
	    PAGE_BYTES % bpf_core_type_size(struct page) == 0)
		bpf_loop(SLAB_CACHES_MAX, pages_step, &cache, 0);
	return 0;
}

static __always_inline void pages_meet(struct kmem_cache *cache)
{
	if (!pages_at)
		pages_cache = (__u64)cache;
}

/* The address of its bytes; 0: not known. */
static __always_inline __u64 page_address(const struct page_part *part)
{
	if (!pages_at || (part->page & 1))
		return 0;
	return pages_at + part->page * pages_ratio() + part->offset;
}

#endif
