/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An automaton for the tests of the HTTP/2 follower. Each step leads somewhere at random, so two texts that differ end
 * in the same state by chance only: what the follower makes of a text is known byte for byte.
 */
#ifndef SLIPROBE_TESTS_HTTP2_AUTOMATON_H
#define SLIPROBE_TESTS_HTTP2_AUTOMATON_H

#include <linux/types.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dfa.h"
#include "tests/unit/fixtures/random.h"

enum {
	HTTP2_TEST_STATES = 512, /* with the dead one */
	/* where automata of two configurations start */
	HTTP2_TEST_PATHS = 1,
	HTTP2_TEST_AGENTS = 2,
	HTTP2_TEST_PATHS_NEXT = 3,
	HTTP2_TEST_AGENTS_NEXT = 4,
};

static __u16 http2_test_next[HTTP2_TEST_STATES][256];

static inline void http2_test_automaton_init(void)
{
	random_seed(541);
	for (int state = 1; state < HTTP2_TEST_STATES; state++)
		for (int c = 0; c < 256; c++)
			http2_test_next[state][c] =
				(__u16)(1 + random_below(HTTP2_TEST_STATES - 1));
}

static inline __u32 http2_dfa_next(__u32 state, __u8 byte)
{
	if (state >= HTTP2_TEST_STATES)
		abort();
	return http2_test_next[state][byte];
}

/* Behind all of a text. */
static inline __u32 http2_test_walk(__u32 state, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		state = http2_dfa_next(state, (__u8)text[i]);
	return state;
}

/* What a :path is, by http1/bytes.h: up to a query; no path, unless it begins with a slash. */
static inline __u32 http2_test_path(__u32 start, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '?' && text[n] != '#')
		n++;
	return n && text[0] == '/' ? http2_test_walk(start, text, n) : DFA_DEAD;
}

#endif
