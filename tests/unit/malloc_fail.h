/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation that fails on demand, for tests that walk every out-of-memory path. The test is linked
 * with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc, by a .mk file beside it.
 */
#ifndef SLIPROBE_MALLOC_FAIL_H
#define SLIPROBE_MALLOC_FAIL_H

#include <stddef.h>

/* The call that fails, counted from 1; 0: none. */
static unsigned long fail_at, n_allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return ++n_allocations == fail_at ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return ++n_allocations == fail_at ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return ++n_allocations == fail_at ? NULL : __real_realloc(old, size);
}

#endif
