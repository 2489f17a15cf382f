/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/markdown.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

/* Whether the character could begin or end something there. */
static bool marks(const char *text, const char *at)
{
	if (strchr("\\`*_{}[]#|~@!$^", *at))
		return true;
	/* a scheme, or a host that GitHub makes a link of */
	if (*at == ':')
		return at[1] == '/';
	if (*at == '.' && at - text >= 3 && !strncasecmp(at - 3, "www", 3))
		return true;
	/* a list, a line below a heading */
	if (strchr("-+=", *at))
		return at == text;
	if (*at == '.' || *at == ')')
		return at > text && strspn(text, "0123456789") == (size_t)(at - text);
	return false;
}

void markdown_write(const char *text, FILE *out)
{
	_cleanup_free_ char *safe = text ? utf8_show(text, "") : NULL;

	if (!safe) {
		fputs(text ? "?" : "-", out);
		return;
	}
	for (const char *at = safe; *at; at++) {
		if (*at == '<')
			fputs("&lt;", out);
		else if (*at == '>')
			fputs("&gt;", out);
		else if (*at == '&')
			fputs("&amp;", out);
		else if (marks(safe, at))
			fprintf(out, "\\%c", *at);
		else
			fputc(*at, out);
	}
}

void markdown_write_url(const char *text, FILE *out)
{
	static const char plain[] = "-._~:/?#@!$&'()*+,;=%";
	const char *at = text;

	if (!text || (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)) {
		markdown_write(text, out);
		return;
	}
	while (isalnum((unsigned char)*at) || (*at && strchr(plain, *at)))
		at++;
	if (*at)
		markdown_write(text, out);
	else
		fprintf(out, "<%s>", text);
}
