/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions about texts that libc has no answer to. */
#ifndef SLIPROBE_BASE_TEXT_H
#define SLIPROBE_BASE_TEXT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
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

/* The number at *at, without a sign or blanks before it; *at is then behind it. False, with neither set: there is none. */
static inline bool text_take_number(const char **at, int base, unsigned long long *ret)
{
	const bool hex = base == 16 && strchr("abcdefABCDEF", **at);
	unsigned long long number;
	char *end;

	if (!**at || (!hex && (**at < '0' || **at > '9')))
		return false;
	errno = 0;
	number = strtoull(*at, &end, base);
	if (errno)
		return false;
	*ret = number;
	*at = end;
	return true;
}

#endif
