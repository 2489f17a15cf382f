/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

size_t utf8_decode(const char *text, size_t len, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead;
	uint32_t code;
	size_t n;

	if (!len)
		return 0;
	lead = (unsigned char)text[0];
	n = lead < 0x80	      ? 1 :
	    lead >> 5 == 0x6  ? 2 :
	    lead >> 4 == 0xe  ? 3 :
	    lead >> 3 == 0x1e ? 4 :
				0;
	if (!n || n > len)
		return 0;
	code = n == 1 ? lead : lead & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return n;
}

bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
	       code == 0xfeff;
}

char *utf8_clean(const char *bytes)
{
	static const char hex[] = "0123456789abcdef";
	size_t left = strlen(bytes);
	char *text = malloc(left * 4 + 1), *out = text;

	if (!text)
		return NULL;
	while (left) {
		uint32_t code;
		size_t len = utf8_decode(bytes, left, &code);

		if (len) {
			memcpy(out, bytes, len);
			out += len;
		} else {
			len = 1;
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex[(unsigned char)*bytes >> 4];
			*out++ = hex[(unsigned char)*bytes & 15];
		}
		bytes += len;
		left -= len;
	}
	*out = 0;
	return text;
}
