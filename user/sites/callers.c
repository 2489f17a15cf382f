/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/callers.h"

#include <errno.h>
#include <string.h>

enum {
	CODE_BYTES_MAX = 192 << 20,
	OPCODE_CALL = 0xe8,
	OPCODE_JUMP = 0xe9,
	OPCODE_LEA = 0x8d,
};

/* `at` is where 4 bytes say how far it is to the function. What stands before them tells what refers to it. */
static int take(const unsigned char *bytes, __u64 at, __u64 address, const char *name,
		__u64 ret[CALLERS_MAX], size_t *n, struct error *reason)
{
	unsigned char last = bytes[at - 1], before = at > 1 ? bytes[at - 2] : 0;

	if (last == OPCODE_CALL) {
		if (*n == CALLERS_MAX)
			return error_set(reason, -ENOTSUP, "%s has too many callers", name);
		ret[(*n)++] = address + at - 1;
		return 0;
	}
	if (last == OPCODE_JUMP || (before == 0x0f && (last & 0xf0) == 0x80))
		return error_set(reason, -ENOTSUP,
				 "%s leaves by an indirect jump, and is jumped to", name);
	if (before == OPCODE_LEA && (last & 0xc7) == 0x05)
		return error_set(reason, -ENOTSUP,
				 "%s leaves by an indirect jump, and its address is taken", name);
	return 0;
}

static int search(const unsigned char *bytes, __u64 size, __u64 from, __u64 address,
		  const char *name, __u64 ret[CALLERS_MAX], size_t *n, struct error *reason)
{
	int r = 0;

	for (__u64 at = 1; !r && at + 4 <= size; at++) {
		__s32 distance;

		memcpy(&distance, bytes + at, sizeof(distance));
		if (from + at + 4 + (__u64)(__s64)distance == address)
			r = take(bytes, at, from, name, ret, n, reason);
	}
	return r;
}

int callers_find(struct elf *elf, const char *name, __u64 address, __u64 ret[CALLERS_MAX],
		 size_t *ret_n, struct error *reason)
{
	__u64 budget_bytes = CODE_BYTES_MAX;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; !r && i < elf->n_segments; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		const unsigned char *bytes;

		if (!segment->executable || !segment->size)
			continue;
		bytes = segment->size <= budget_bytes ?
				elf_file(elf, segment->offset, segment->size) :
				NULL;
		if (!bytes)
			return error_set(reason, -ENOTSUP, "its code is too large, or not there");
		budget_bytes -= segment->size;
		r = search(bytes, segment->size, segment->address, address, name, ret, &n, reason);
	}
	if (!r && !n)
		r = error_set(reason, -ENOTSUP, "%s has no callers in the file", name);
	if (!r)
		*ret_n = n;
	return r;
}
