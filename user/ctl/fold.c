/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/fold.h"

#include <string.h>

enum {
	FOLD_INDENT = 4,
};

/* A word, with the spaces before it. */
struct word {
	size_t bytes;
	size_t columns;
	size_t spaces;
};

/* Bytes of the escape sequence at `text`, "\033[31m"; 0: there is none. */
static size_t sequence_len(const char *text)
{
	size_t len;

	if (strncmp(text, "\033[", 2) != 0)
		return 0;
	len = 2 + strspn(text + 2, "0123456789;");
	return text[len] == 'm' ? len + 1 : 0;
}

/* UTF-8: a byte that goes on with a character takes no column of its own. */
static int takes_column(char byte)
{
	return ((unsigned char)byte & 0xc0) != 0x80;
}

static struct word word_at(const char *text)
{
	struct word word = {.spaces = strspn(text, " ")};
	size_t at = word.spaces;

	while (text[at] && text[at] != ' ' && text[at] != '\n') {
		size_t sequence = sequence_len(text + at);

		word.columns += sequence ? 0 : (size_t)takes_column(text[at]);
		at += sequence ? sequence : 1;
	}
	word.bytes = at;
	return word;
}

/* Returns where the next line begins. */
static const char *fold_line(const char *text, size_t width, FILE *out)
{
	size_t column = 0;

	while (*text && *text != '\n') {
		struct word word = word_at(text);

		if (column && column + word.spaces + word.columns > width) {
			fprintf(out, "\n%*s", FOLD_INDENT, "");
			column = FOLD_INDENT + word.columns;
			fwrite(text + word.spaces, 1, word.bytes - word.spaces, out);
		} else {
			column += word.spaces + word.columns;
			fwrite(text, 1, word.bytes, out);
		}
		text += word.bytes;
	}
	if (*text)
		fputc('\n', out);
	return *text ? text + 1 : text;
}

void ctl_fold(const char *text, size_t width, FILE *out)
{
	while (*text)
		text = fold_line(text, width, out);
}
