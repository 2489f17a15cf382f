/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/filter_token.h"

#include <string.h>

static const char white[] = " \t\r\n";
static const char signs[] = "=!<>~";
/* where a word ends */
static const char ends[] = " \t\r\n=!<>~(),\"'";

static struct filter_token quoted(const char **text)
{
	struct filter_token token = {TOKEN_QUOTED, *text + 1, 0, *text, **text};
	const char *end = token.text;

	while (*end && *end != token.quote)
		end += token.quote == '"' && *end == '\\' && end[1] ? 2 : 1;
	token.len = (size_t)(end - token.text);
	if (!*end)
		token.kind = TOKEN_ENDLESS;
	*text = *end ? end + 1 : end;
	return token;
}

struct filter_token filter_token_take(const char **text)
{
	struct filter_token token = {};

	*text += strspn(*text, white);
	token.at = token.text = *text;
	token.len = 1;
	switch (**text) {
	case '\0':
		token.len = 0;
		return token;
	case '"':
	case '\'':
		return quoted(text);
	case '(':
		token.kind = TOKEN_OPEN;
		break;
	case ')':
		token.kind = TOKEN_CLOSE;
		break;
	case ',':
		token.kind = TOKEN_COMMA;
		break;
	default:
		token.len = strspn(*text, signs);
		token.kind = token.len ? TOKEN_SIGNS : TOKEN_WORD;
		if (!token.len)
			token.len = strcspn(*text, ends);
	}
	*text += token.len;
	return token;
}

bool filter_token_is(const struct filter_token *token, const char *word)
{
	return token->kind == TOKEN_WORD && strlen(word) == token->len &&
	       !strncasecmp(token->text, word, token->len);
}

bool filter_token_signs(const struct filter_token *token, const char *what)
{
	return token->kind == TOKEN_SIGNS && strlen(what) == token->len &&
	       !strncmp(token->text, what, token->len);
}

size_t filter_token_text(const struct filter_token *token, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < token->len; i++) {
		const char next = i + 1 < token->len ? token->text[i + 1] : '\0';

		if (token->quote == '"' && token->text[i] == '\\' && (next == '"' || next == '\\'))
			i++;
		out[n++] = token->text[i];
	}
	out[n] = '\0';
	return n;
}

bool filter_token_is_word(const char *text)
{
	return *text && !text[strcspn(text, ends)];
}
