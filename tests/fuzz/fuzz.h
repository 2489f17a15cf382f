/* SPDX-License-Identifier: GPL-2.0-only */
/* What fuzzers share. A fuzzer that finds a fault aborts, with a sentence. */
#ifndef SLIPROBE_TESTS_FUZZ_H
#define SLIPROBE_TESTS_FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/random.h"

static inline void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	abort();
}

/* The input as a string of its own size, for AddressSanitizer. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL, "no memory");
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The line at *text, without its end; *text goes behind it. NULL: there is none. */
static inline char *fuzz_line(char **text)
{
	char *line = *text, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	*text = end ? end + 1 : NULL;
	return line;
}

/*
 * Mutates the `len` bytes at `at` by `mutate`, and moves what follows. Returns the input's new size,
 * at most max_size.
 */
static inline size_t fuzz_mutate_part(uint8_t *data, size_t size, size_t max_size, size_t at,
				      size_t len, size_t (*mutate)(uint8_t *, size_t, size_t))
{
	const size_t after = size - at - len, room = max_size - at - after;
	uint8_t *part = malloc(room + 1);
	size_t n;

	require(part != NULL, "no memory");
	memcpy(part, data + at, len);
	n = mutate(part, len, room);
	if (n > room)
		n = room; /* libFuzzer may make a byte of nothing, where there is room for none */
	memmove(data + at + n, data + at + len, after);
	memcpy(data + at, part, n);
	free(part);
	return at + n + after;
}

/* Likewise one of the parts behind `at` that `between` parts. */
static inline size_t fuzz_mutate_any_part(uint8_t *data, size_t size, size_t max_size, size_t at,
					  const char *between,
					  size_t (*mutate)(uint8_t *, size_t, size_t))
{
	uint8_t *from = data + at, *end = data + size, *to;

	while ((to = memmem(from, (size_t)(end - from), between, strlen(between))) &&
	       random_below(2))
		from = to + strlen(between);
	return fuzz_mutate_part(data, size, max_size, (size_t)(from - data),
				(size_t)((to ?: end) - from), mutate);
}

#endif
