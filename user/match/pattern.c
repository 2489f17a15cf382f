/* SPDX-License-Identifier: GPL-2.0-only */
#include "match/pattern.h"

#include <stddef.h>
#include <string.h>

struct token pattern_next_token(const char **text, enum pattern_syntax syntax)
{
	const char *at = *text;
	struct token token = {.op = OP_LITERAL, .byte = (unsigned char)*at};
	size_t star = syntax == PATTERN_ROUTE ? 2 : 1;

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
	if (*at == '*')
		token.op = OP_SEGMENT;
	else if (*at == '?' && syntax == PATTERN_GLOB)
		token.op = OP_ONE;
	*text = at + 1;
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
