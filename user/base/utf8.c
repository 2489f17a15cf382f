/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/utf8.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Length of the valid sequence at the start of a NUL-terminated text, or 0. */
static size_t sequence_len(const unsigned char *s)
{
	uint32_t code;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	code = s[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (len == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)))
		return 0;
	if (len == 4 && (code < 0x10000 || code > 0x10ffff))
		return 0;
	return len;
}

char *utf8_clean(const char *bytes)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *in = (const unsigned char *)bytes;
	char *text = malloc(strlen(bytes) * 4 + 1), *out = text;

	if (!text)
		return NULL;
	while (*in) {
		size_t len = sequence_len(in);

		if (len) {
			memcpy(out, in, len);
			out += len;
			in += len;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		*out++ = hex[*in >> 4];
		*out++ = hex[*in & 15];
		in++;
	}
	*out = 0;
	return text;
}
