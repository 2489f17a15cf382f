/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ownership on the user side: a variable that owns something says so where it is declared, and
 * gives it away with TAKE_PTR().
 */
#ifndef SLIPROBE_BASE_CLEANUP_H
#define SLIPROBE_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Calls `func(&variable)` when the variable goes out of scope. */
#define _cleanup_(func) __attribute__((cleanup(func)))

static inline void free_pointer_at(void *pointer)
{
	free(*(void **)pointer);
}

#define _cleanup_free_ _cleanup_(free_pointer_at)

static inline void close_file_at(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* For files that are read only: of a written file the result of fclose() matters. */
#define _cleanup_fclose_ _cleanup_(close_file_at)

static inline void close_descriptor_at(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Of a descriptor; one below 0 is none. */
#define _cleanup_close_ _cleanup_(close_descriptor_at)

/* Returns the pointer and leaves NULL behind. */
#define TAKE_PTR(pointer)                                                                          \
	({                                                                                         \
		__typeof__(pointer) take_ptr_value = (pointer);                                    \
		(pointer) = NULL;                                                                  \
		take_ptr_value;                                                                    \
	})

#endif
