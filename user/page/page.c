/* SPDX-License-Identifier: GPL-2.0-only */
#include "page/page.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "page/parts.h"

/* Style and script stand between a line end after the tag and the closing tag: both are in the digest. */
static int put_style(FILE *out)
{
	fputc('\n', out);
	fwrite(page_style.begin, 1, (size_t)(page_style.end - page_style.begin), out);
	return ferror(out);
}

static int put_script(FILE *out)
{
	fputc('\n', out);
	for (const struct page_part *part = page_scripts; part->begin; part++)
		fwrite(part->begin, 1, (size_t)(part->end - part->begin), out);
	return ferror(out);
}

static void digest(int (*put)(FILE *out), char ret[static SHA256_BASE64_BYTES])
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const int failed = out ? put(out) : 0;

	/* without memory: a digest of nothing, which allows nothing */
	if (!out || fclose(out) || failed)
		len = 0;
	sha256_base64(text ?: "", len, ret);
}

/* connect: of CSP's source list. The rest of it is what a file may say of itself, too. */
static void policy(const char *connect, char ret[static PAGE_POLICY_BYTES])
{
	char style[SHA256_BASE64_BYTES], script[SHA256_BASE64_BYTES];

	digest(put_style, style);
	digest(put_script, script);
	snprintf(
		ret, PAGE_POLICY_BYTES,
		"default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data:; "
		"connect-src %s; base-uri 'none'; form-action 'none'",
		script, style, connect);
}

void page_policy(char ret[static PAGE_POLICY_BYTES])
{
	static const char frames[] = "; frame-ancestors 'none'"; /* of a header alone */
	size_t len;

	policy("'self'", ret);
	len = strlen(ret);
	snprintf(ret + len, PAGE_POLICY_BYTES - len, "%s", frames);
}

/*
 * JSON in a script element: it ends at "</script", and "<!--" changes how it ends (HTML standard, "Restrictions
 * for contents of script elements"). JSON has '<' in strings alone, where it may be written as an escape; the
 * separators of lines U+2028 and U+2029 mean nothing in what is read by JSON.parse().
 */
static void put_json(const char *json, size_t len, FILE *out)
{
	for (size_t i = 0; i < len; i++) {
		switch (json[i]) {
		case '<':
			fputs("\\u003c", out);
			break;
		case '>':
			fputs("\\u003e", out);
			break;
		case '&':
			fputs("\\u0026", out);
			break;
		default:
			fputc(json[i], out);
		}
	}
}

static void put_policy_tag(FILE *out)
{
	char text[PAGE_POLICY_BYTES];

	policy("'none'", text);
	fprintf(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n", text);
}

struct page {
	const char *json; /* NULL: it asks */
	size_t json_len;
};

static void put_word(const struct page *page, const char *line, size_t len, FILE *out)
{
	const bool style = len == strlen("@style@") && !memcmp(line, "@style@", len);
	const bool script = len == strlen("@script@") && !memcmp(line, "@script@", len);

	if (style) {
		fputs("<style>", out);
		put_style(out);
		fputs("</style>\n", out);
	} else if (script) {
		fputs("<script>", out);
		put_script(out);
		fputs("</script>\n", out);
	} else if (page->json && line[1] == 'p') {
		put_policy_tag(out);
	} else if (page->json) {
		fputs("<script type=\"application/json\" id=\"answers\">", out);
		put_json(page->json, page->json_len, out);
		fputs("</script>\n", out);
	}
}

static void put_page(const struct page *page, FILE *out)
{
	for (const char *line = page_frame.begin, *end; line < page_frame.end; line = end + 1) {
		end = memchr(line, '\n', (size_t)(page_frame.end - line)) ?: page_frame.end;
		if (line[0] == '@')
			put_word(page, line, (size_t)(end - line), out);
		else
			fprintf(out, "%.*s\n", (int)(end - line), line);
	}
}

static char *text_of(const struct page *page, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool failed;

	if (!out)
		return NULL;
	put_page(page, out);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	*ret_len = len;
	return text;
}

char *page_text(size_t *ret_len)
{
	return text_of(&(const struct page){}, ret_len);
}

char *page_report(const char *json, size_t json_len, size_t *ret_len)
{
	return text_of(&(const struct page){json, json_len}, ret_len);
}
