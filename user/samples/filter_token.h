/* SPDX-License-Identifier: GPL-2.0-only */
/* The words and signs of a filter's text. Pure. */
#ifndef SLIPROBE_SAMPLES_FILTER_TOKEN_H
#define SLIPROBE_SAMPLES_FILTER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum filter_token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED, /* `text` is what is between the quotes */
	TOKEN_SIGNS, /* of = ! < > ~, as many as there are */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_ENDLESS, /* a quote that is not closed */
};

struct filter_token {
	enum filter_token_kind kind;
	const char *text;
	size_t len;
	const char *at; /* its first character, the quote included */
	char quote;
};

/* Takes the token at *text, and moves *text behind it. */
struct filter_token filter_token_take(const char **text);

/* Whether it is that word, without quotes, in any case. */
bool filter_token_is(const struct filter_token *token, const char *word);

/* Whether it is these signs. */
bool filter_token_signs(const struct filter_token *token, const char *signs);

/* Writes what a word or a quoted text means, with its end, to `out` of token->len + 1 bytes. Returns its length. */
size_t filter_token_text(const struct filter_token *token, char *out);

/* Whether the text, as it is, is one word. */
bool filter_token_is_word(const char *text);

#endif
