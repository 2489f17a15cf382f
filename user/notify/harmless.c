/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/harmless.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

static const struct {
	const char *text;
	const char *instead;
} harms[] = {
	{"<", "\xe2\x80\xb9"}, {">", "\xe2\x80\xba"}, {"@", "\xef\xbc\xa0"}, {"`", "'"},
	{"://", "[:]//"},
};

/* The bytes that are read at `at`; what is written for them in *ret_text, so many bytes in *ret_len. */
static size_t one(const char *at, const char **ret_text, size_t *ret_len)
{
	uint32_t code;
	size_t len;

	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
		len = strlen(harms[i].text);
		if (strncmp(at, harms[i].text, len) != 0)
			continue;
		*ret_text = harms[i].instead;
		*ret_len = strlen(harms[i].instead);
		return len;
	}
	len = utf8_decode(at, strlen(at), &code);
	*ret_text = at;
	*ret_len = len ?: 1;
	return *ret_len;
}

char *harmless_text(const char *text)
{
	_cleanup_free_ char *safe = utf8_show(text, "");
	char *ret = safe ? malloc(HARMLESS_BYTES + 1) : NULL;
	size_t n = 0;

	if (!ret)
		return NULL;
	for (const char *at = safe; *at;) {
		const char *part;
		size_t len, read = one(at, &part, &len);

		if (n + len > HARMLESS_BYTES)
			break;
		memcpy(ret + n, part, len);
		n += len;
		at += read;
	}
	ret[n] = 0;
	return ret;
}
