/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions about texts that libc has no answer to. */
#ifndef SLIPROBE_BASE_TEXT_H
#define SLIPROBE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Whether `end` is the end of the `len` bytes, and something stands before it. */
static inline bool text_ends_in(const char *text, size_t len, const char *end)
{
	const size_t n = strlen(end);

	return len > n && !memcmp(text + len - n, end, n);
}

/* Whether `end` is the end of the text, or all of it, in whatever case. */
static inline bool text_ends_in_any_case(const char *text, const char *end)
{
	const size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcasecmp(text + len - n, end);
}

#endif
