/* SPDX-License-Identifier: GPL-2.0-only */
#include "match/pattern.h"

#include <stddef.h>
#include <string.h>

/* Length of the `{name}` that the text begins with; 0: it does not. */
static size_t parameter_len(const char *text)
{
	size_t len = text[0] == '{' ? strcspn(text, "}/") : 0;

	return len > 1 && text[len] == '}' ? len + 1 : 0;
}

struct token pattern_next_token(const char **text, enum pattern_syntax syntax)
{
	const char *at = *text;
	struct token token = {.op = OP_LITERAL, .byte = (unsigned char)*at};
	size_t star = syntax == PATTERN_ROUTE ? 2 : 1;
	size_t parameter = syntax == PATTERN_ROUTE ? parameter_len(at) : 0;

	if (!*at) {
		token.op = OP_END;
		return token;
	}
	if (!strncmp(at, "**", star)) {
		token.op = OP_ANY;
		while (!strncmp(at, "**", star))
			at += star; /* "any" twice over is "any" */
		*text = at;
		return token;
	}
	if (*at == '*' || parameter)
		token.op = OP_SEGMENT;
	else if (*at == '?' && syntax == PATTERN_GLOB)
		token.op = OP_ONE;
	*text = at + (parameter ? parameter : 1);
	return token;
}

int route_specificity_cmp(const char *a, const char *b)
{
	for (;;) {
		struct token in_a = pattern_next_token(&a, PATTERN_ROUTE),
			     in_b = pattern_next_token(&b, PATTERN_ROUTE);

		if (in_a.op != in_b.op)
			return in_a.op < in_b.op ? -1 : 1;
		if (in_a.op == OP_END)
			return 0;
		if (in_a.op == OP_LITERAL && in_a.byte != in_b.byte)
			return in_a.byte < in_b.byte ? -1 : 1;
	}
}

static bool is_slash(struct token token)
{
	return token.op == OP_LITERAL && token.byte == '/';
}

/* Goes to the end of the segment. Returns the token that ends it: a '/', the end, or a `**`. */
static struct token skip_segment(struct token token, const char **text)
{
	while (token.op != OP_END && token.op != OP_ANY && !is_slash(token))
		token = pattern_next_token(text, PATTERN_ROUTE);
	return token;
}

bool route_may_overlap(const char *a, const char *b)
{
	for (;;) {
		struct token in_a = pattern_next_token(&a, PATTERN_ROUTE),
			     in_b = pattern_next_token(&b, PATTERN_ROUTE);

		if (in_a.op == OP_SEGMENT || in_b.op == OP_SEGMENT) {
			if (is_slash(in_a) || is_slash(in_b) || in_a.op == OP_END ||
			    in_b.op == OP_END)
				return false;
			in_a = skip_segment(in_a, &a);
			in_b = skip_segment(in_b, &b);
		}
		if (in_a.op == OP_ANY || in_b.op == OP_ANY)
			return true;
		if (in_a.op != in_b.op || (in_a.op == OP_LITERAL && in_a.byte != in_b.byte))
			return false;
		if (in_a.op == OP_END)
			return true;
	}
}
