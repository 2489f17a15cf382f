/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/utf8.h"

#include <stdio.h>
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

bool utf8_is_unsafe(uint32_t code)
{
	/* Unicode 15: of the general categories Cc, Cf, Zl and Zp those without a glyph, and fillers */
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{0x0, 0x1f},	    {0x7f, 0x9f},	{0xad, 0xad},	    {0x34f, 0x34f},
		{0x61c, 0x61c},	    {0x115f, 0x1160},	{0x17b4, 0x17b5},   {0x180b, 0x180f},
		{0x200b, 0x200f},   {0x2028, 0x202e},	{0x2060, 0x206f},   {0x3164, 0x3164},
		{0xfeff, 0xfeff},   {0xffa0, 0xffa0},	{0xfff0, 0xfffb},   {0xfffe, 0xffff},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	/* the last two of each plane are no characters */
	if ((code & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* What may not stand in the text, as characters that may. Returns how many: up to 10. */
static size_t write_out(uint32_t code, char *out)
{
	return (size_t)(code > 0xffff ? sprintf(out, "\\U%08x", code) :
					sprintf(out, "\\u%04x", code));
}

/* keep: unsafe characters are written out, too, but these; NULL: they are not */
static char *clean(const char *bytes, const char *keep)
{
	size_t left = strlen(bytes);
	/* one byte becomes up to 6: U+001B is \u001b */
	char *text = malloc(left * 6 + 1), *out = text;

	if (!text)
		return NULL;
	while (left) {
		uint32_t code;
		size_t len = utf8_decode(bytes, left, &code);

		if (!len) {
			len = 1;
			out += sprintf(out, "\\x%02x", (unsigned char)*bytes);
		} else if (keep && utf8_is_unsafe(code) &&
			   !(code < 0x80 && strchr(keep, (int)code))) {
			out += write_out(code, out);
		} else {
			memcpy(out, bytes, len);
			out += len;
		}
		bytes += len;
		left -= len;
	}
	*out = 0;
	return text;
}

char *utf8_clean(const char *bytes)
{
	return clean(bytes, NULL);
}

char *utf8_show(const char *bytes, const char *keep)
{
	return clean(bytes, keep);
}

static void write_json_code(uint32_t code, FILE *out)
{
	if (code > 0xffff) {
		code -= 0x10000;
		fprintf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
	} else {
		fprintf(out, "\\u%04x", code);
	}
}

void utf8_write_json(const char *text, size_t len, FILE *out)
{
	while (len) {
		uint32_t code;
		size_t n = utf8_decode(text, len, &code);

		if (!n) {
			n = 1;
			fputs("\\ufffd", out);
		} else if (utf8_is_unsafe(code) && code != '\n' && code != '\t') {
			write_json_code(code, out);
		} else {
			fwrite(text, 1, n, out);
		}
		text += n;
		len -= n;
	}
}
