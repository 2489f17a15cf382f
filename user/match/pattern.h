/* SPDX-License-Identifier: GPL-2.0-only */
/* Route templates and globs: how they are written, and which of two routes is more specific. */
#ifndef SLIPROBE_MATCH_PATTERN_H
#define SLIPROBE_MATCH_PATTERN_H

#include <linux/types.h>
#include <stdbool.h>

enum pattern_syntax {
	/*
	 * `*`, `{name}`: one or more bytes other than '/'; `**`: any bytes, none included; others:
	 * literal. `{name}` is how OpenAPI and OpenTelemetry's `http.route` write a parameter.
	 */
	PATTERN_ROUTE,
	/* `*`: any bytes, none included; `?`: any one byte; others: literal, case matters */
	PATTERN_GLOB,
};

struct pattern {
	const char *text;
	enum pattern_syntax syntax;
	/*
	 * 0: on its own. Patterns of the same group are alternatives: if any of them matches, the
	 * first of them is the one in the accept set. A group costs much less than its patterns on
	 * their own if they are of the form "*x*": an automaton that must tell which of 20 such
	 * patterns it has met needs a state for each of a million subsets; one that must only tell
	 * that it has met one of them is as small as the patterns.
	 */
	__u32 group;
};

/* In order of specificity, see route_specificity_cmp(). */
enum pattern_op {
	OP_END,
	OP_LITERAL,
	OP_ONE,
	OP_SEGMENT, /* one or more bytes other than '/' */
	OP_ANY, /* any bytes, none included */
	OP_SURE, /* OP_ANY at the end of a pattern: whatever follows, the pattern matches */
};

struct token {
	enum pattern_op op;
	unsigned char byte; /* of OP_LITERAL */
};

/* Takes the token at *text, and moves *text behind it. OP_SURE is never one. */
struct token pattern_next_token(const char **text, enum pattern_syntax syntax);

/*
 * Orders two route templates by specificity, as needed for "most specific wins": at the first
 * difference, read from the left, the end comes before a literal byte (which is in byte order),
 * a literal byte before `*`, and `*` before `**`.
 * Returns < 0 if `a` is more specific, > 0 if `b` is, 0 if they are the same template.
 */
int route_specificity_cmp(const char *a, const char *b);

/* False only if no path matches both templates. */
bool route_may_overlap(const char *a, const char *b);

#endif
