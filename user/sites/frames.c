/* SPDX-License-Identifier: GPL-2.0-only */
/* Formats: Linux Standard Base 5.0, core, 10.6: exception frames, .eh_frame_hdr; DWARF 5, 7.24: LEB128. */
#include "sites/frames.h"

#include <string.h>

enum {
	/* DW_EH_PE_ */
	ENCODED_ABSOLUTE = 0x00,
	ENCODED_U4 = 0x03,
	ENCODED_S4 = 0x0b,
	ENCODED_FORM = 0x0f,
	ENCODED_PC_RELATIVE = 0x10,
	ENCODED_TABLE = 0x3b, /* 4 bytes with a sign, relative to the header */

	HEADER_BYTES = 12,
	ENTRY_BYTES = 8,
	ENTRIES_MAX = 4 << 20,
	CIE_BYTES_MAX = 64,
	LEB_BYTES_MAX = 10,
};

static __s32 signed_at(const unsigned char *at)
{
	__s32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static __u32 unsigned_at(const unsigned char *at)
{
	__u32 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static bool skip_leb128(const unsigned char *bytes, size_t n, size_t *at)
{
	for (size_t i = 0; i < LEB_BYTES_MAX && *at < n; i++) {
		if (!(bytes[(*at)++] & 0x80))
			return true;
	}
	return false;
}

static bool skip_leb128s(const unsigned char *bytes, size_t n, int count, size_t *at)
{
	for (int i = 0; i < count; i++) {
		if (!skip_leb128(bytes, n, at))
			return false;
	}
	return true;
}

/* How the addresses of the descriptions that belong to this common part are written; -1: not understood. */
static int cie_encoding(struct elf *elf, __u64 cie)
{
	const unsigned char *head = elf_at(elf, cie, 4), *bytes;
	size_t n, at, letters;
	int encoding = ENCODED_ABSOLUTE;

	if (!head)
		return -1;
	n = unsigned_at(head);
	if (n < 8)
		return -1;
	if (n > CIE_BYTES_MAX)
		n = CIE_BYTES_MAX;
	bytes = elf_at(elf, cie + 4, n);
	/* id 0, version 1 or 3, augmentation, factors, register */
	if (!bytes || unsigned_at(bytes) || (bytes[4] != 1 && bytes[4] != 3) ||
	    !memchr(bytes + 5, '\0', n - 5))
		return -1;
	letters = 5;
	at = letters + strlen((const char *)bytes + letters) + 1;
	if (!skip_leb128s(bytes, n, 3, &at))
		return -1;
	if (bytes[letters] != 'z')
		return bytes[letters] ? -1 : encoding;
	if (!skip_leb128(bytes, n, &at))
		return -1;
	for (letters++; bytes[letters]; letters++) {
		if (at >= n)
			return -1;
		if (bytes[letters] == 'R') {
			encoding = bytes[at++];
		} else if (bytes[letters] == 'L') {
			at++;
		} else if (bytes[letters] == 'P') {
			int form = bytes[at] & ENCODED_FORM;

			at += 1 + (form == ENCODED_U4 || form == ENCODED_S4 ? 4 : 8);
		} else if (bytes[letters] != 'S') {
			return -1;
		}
	}
	return encoding;
}

static bool read_description(struct elf *elf, __u64 at, struct code_range *ret)
{
	const unsigned char *head = elf_at(elf, at, 8);
	__u64 from, size;
	bool short_form;
	int encoding;

	if (!head || unsigned_at(head) < 12 || unsigned_at(head) >= 0xfffffff0)
		return false;
	encoding = cie_encoding(elf, at + 4 - unsigned_at(head + 4));
	short_form =
		(encoding & ENCODED_FORM) == ENCODED_S4 || (encoding & ENCODED_FORM) == ENCODED_U4;
	head = elf_at(elf, at, short_form ? 16 : 24);
	if (encoding < 0 || !head)
		return false;
	if (short_form) {
		from = (__u64)signed_at(head + 8);
		size = unsigned_at(head + 12);
	} else {
		memcpy(&from, head + 8, sizeof(from));
		memcpy(&size, head + 16, sizeof(size));
	}
	if ((encoding & 0x70) == ENCODED_PC_RELATIVE)
		from += at + 8;
	else if (encoding & 0x70)
		return false;
	if (!size || size > ~from)
		return false;
	*ret = (struct code_range){.from = from, .to = from + size};
	return true;
}

bool frames_range(struct elf *elf, __u64 address, struct code_range *ret)
{
	const unsigned char *head = elf_at(elf, elf->frames, HEADER_BYTES), *table;
	struct code_range range;
	size_t n, low = 0, high;

	if (!elf->frames || !head || head[0] != 1 || head[2] != ENCODED_U4 ||
	    head[3] != ENCODED_TABLE ||
	    ((head[1] & ENCODED_FORM) != ENCODED_S4 && (head[1] & ENCODED_FORM) != ENCODED_U4))
		return false;
	n = unsigned_at(head + 8);
	if (!n || n > ENTRIES_MAX)
		return false;
	table = elf_at(elf, elf->frames + HEADER_BYTES, n * ENTRY_BYTES);
	if (!table)
		return false;
	/* the last that begins at the address or before */
	for (high = n; high - low > 1;) {
		size_t middle = low + (high - low) / 2;
		__u64 begins = elf->frames + (__u64)signed_at(table + middle * ENTRY_BYTES);

		if (begins <= address)
			low = middle;
		else
			high = middle;
	}
	if (!read_description(elf, elf->frames + (__u64)signed_at(table + low * ENTRY_BYTES + 4),
			      &range))
		return false;
	if (address < range.from || address >= range.to)
		return false;
	*ret = range;
	return true;
}
