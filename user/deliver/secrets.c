/* SPDX-License-Identifier: GPL-2.0-only */
#include "deliver/secrets.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/url.h"

static const char stars[] = "***";

/* How many bytes of the secret the text begins with; at its end a part of them will do. */
static size_t begins_with(const char *text, const char *secret, size_t len)
{
	const size_t left = strnlen(text, len);

	if (strncasecmp(text, secret, left) != 0)
		return 0;
	return left == len || left >= SECRET_PART_MIN ? left : 0;
}

static void mask(char *text, const char *secret, size_t len, size_t min)
{
	char *to = text;

	if (len < min || len <= strlen(stars))
		return;
	while (*text) {
		const size_t n = begins_with(text, secret, len);

		if (n) {
			memcpy(to, stars, strlen(stars));
			to += strlen(stars);
			text += n;
		} else {
			*to++ = *text++;
		}
	}
	*to = 0;
}

static int digit(char c)
{
	const char *at = c ? strchr("0123456789abcdef", c | 0x20) : NULL;

	return at ? (int)(at - "0123456789abcdef") : -1;
}

/* Decodes "%41" in place: RFC 3986, 2.1. */
static void percent_decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		const int high = *text == '%' ? digit(text[1]) : -1;
		const int low = high >= 0 ? digit(text[2]) : -1;

		if (low > 0 || (low == 0 && high)) {
			*to++ = (char)(high << 4 | low);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = 0;
}

static void mask_each_part(char *text, const char *secret, const char *separators)
{
	size_t n;

	for (const char *at = secret; *at; at += n ? n : 1) {
		n = strcspn(at, separators);
		mask(text, at, n, SECRET_PART_MIN);
	}
}

/* The whole and then the parts between separators, as they stand and decoded. */
static void mask_parts(char *text, const char *from, size_t len, const char *separators,
		       size_t whole_min)
{
	_cleanup_free_ char *raw = strndup(from, len);
	_cleanup_free_ char *decoded = strndup(from, len);

	/* out of memory, rather say nothing */
	if (!raw || !decoded) {
		*text = 0;
		return;
	}
	percent_decode(decoded);
	mask(text, raw, strlen(raw), whole_min);
	mask(text, decoded, strlen(decoded), whole_min);
	mask_each_part(text, raw, separators);
	mask_each_part(text, decoded, separators);
}

void secrets_mask(const struct secrets *secrets, char *text)
{
	if (secrets->url) {
		const struct url_parts parts = url_split(secrets->url);

		if (!secrets->plain_path)
			mask_parts(text, parts.rest, strlen(parts.rest),
				   "/?#&=;,:", SECRET_WHOLE_MIN);
		mask_parts(text, parts.user.at, parts.user.len, ":", SECRET_WHOLE_MIN);
	}
	for (size_t i = 0; i < secrets->n_headers; i++) {
		const char *value = secrets->headers[i] + strcspn(secrets->headers[i], ":");

		value += strspn(value, ": ");
		mask_parts(text, value, strlen(value), " ,;=\"", SECRET_WHOLE_MIN);
	}
	for (size_t i = 1; secrets->argv && secrets->argv[0] && secrets->argv[i]; i++)
		mask_parts(text, secrets->argv[i], strlen(secrets->argv[i]), " ,;=\"'",
			   SECRET_PART_MIN);
}
