/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pattern automata against a matcher that tries one pattern at a time.
 *
 * Input: lines. The first ones, up to an empty line, are patterns; bits 0 and 1-2 of a pattern's
 * first byte are its syntax and its group, the rest of the line is its text. What follows the empty
 * line is the text to match.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/automaton.h"
#include "tests/unit/fixtures/naive_match.h"

enum {
	PATTERNS_MAX = 8,
	PATTERN_BYTES = 24,
	TEXT_BYTES = 64,
	STATES_MAX = 4096,
	/* where automaton_place() puts it: any numbers will do */
	STATE_OFFSET = 7,
	CELL_OFFSET = 300,
	ACCEPT_OFFSET = 11,
};

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_dfa: %s\n", what);
	abort();
}

/* True if pattern `p` must be in the accept set, by the words of match/pattern about groups. */
static bool expected(const struct pattern *patterns, const bool *matches, size_t n, size_t p)
{
	bool any = matches[p];

	for (size_t q = 0; patterns[p].group && q < n; q++) {
		if (patterns[q].group != patterns[p].group)
			continue;
		if (q < p)
			return false;
		any |= matches[q];
	}
	return any;
}

/* automaton_match() over the automaton's copy in shared arrays. */
static uint32_t placed_match(const struct automaton *automaton, const char *text, size_t len)
{
	size_t n_states = STATE_OFFSET + automaton->n_states,
	       n_cells = CELL_OFFSET + automaton->n_cells;
	struct dfa_state *states = calloc(n_states, sizeof(*states));
	struct dfa_cell *cells = calloc(n_cells, sizeof(*cells));
	uint32_t state = automaton->start ? STATE_OFFSET + automaton->start : DFA_DEAD;
	uint32_t accept;

	require(states && cells, "no memory");
	automaton_place(automaton, STATE_OFFSET, CELL_OFFSET, ACCEPT_OFFSET,
			states + STATE_OFFSET + 1, cells + CELL_OFFSET);
	for (size_t i = 0; i < len && state; i++) {
		const struct dfa_state *from = &states[state];
		const struct dfa_cell *cell = &cells[from->base + (unsigned char)text[i]];

		/* many bytes at once, as the kernel does */
		if (from->kind == DFA_RUN && from->n <= len - i &&
		    !memcmp(&from->bytes, text + i, from->n)) {
			require(from->n > 0 && from->n <= DFA_RUN_MAX, "a run of no length");
			i += from->n - 1;
			state = from->run_next;
			require(state < n_states, "a run to beyond the array");
			continue;
		}
		if (from->kind == DFA_LOOP && !memchr(&from->bytes, text[i], DFA_EXITS_MAX))
			continue;
		state = cell->check == state ? cell->next : states[state].dflt;
		require(state < n_states, "a state beyond the array");
	}
	accept = states[state].accept;
	free(states);
	free(cells);
	return accept ? accept - ACCEPT_OFFSET : 0;
}

static size_t read_patterns(const char **data, size_t *size, struct pattern *patterns,
			    char texts[][PATTERN_BYTES + 1])
{
	size_t n = 0;

	while (n < PATTERNS_MAX && *size) {
		const char *end = memchr(*data, '\n', *size);
		size_t len = end ? (size_t)(end - *data) : *size;
		size_t n_text = len ? len - 1 : 0;

		if (n_text > PATTERN_BYTES)
			n_text = PATTERN_BYTES;
		if (len) {
			memcpy(texts[n], *data + 1, n_text);
			texts[n][n_text] = '\0';
			patterns[n] = (struct pattern){
				.text = texts[n],
				.syntax = (*data)[0] & 1 ? PATTERN_GLOB : PATTERN_ROUTE,
				.group = (uint32_t)(*data)[0] >> 1 & 3,
			};
			n++;
		}
		len += end != NULL;
		*data += len;
		*size -= len;
		if (len == 1)
			break;
	}
	return n;
}

static void check_order(const struct pattern *patterns, size_t n)
{
	for (size_t p = 0; p < n; p++) {
		for (size_t q = 0; q < n; q++) {
			int one = route_specificity_cmp(patterns[p].text, patterns[q].text);
			int other = route_specificity_cmp(patterns[q].text, patterns[p].text);

			require((one < 0) == (other > 0) && (one == 0) == (other == 0),
				"specificity is no order");
			require(p != q || one == 0, "a template differs from itself");
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pattern patterns[PATTERNS_MAX];
	char texts[PATTERNS_MAX][PATTERN_BYTES + 1];
	const char *text = (const char *)data;
	bool matches[PATTERNS_MAX], any = false;
	struct automaton automaton;
	uint32_t set, state;
	size_t n = read_patterns(&text, &size, patterns, texts);
	int r;

	if (size > TEXT_BYTES)
		size = TEXT_BYTES;
	check_order(patterns, n);
	r = automaton_compile(patterns, n, STATES_MAX, &automaton);
	if (r) {
		require(r == -E2BIG, "refused with another error than E2BIG");
		return 0;
	}
	set = automaton_match(&automaton, text, size);
	for (size_t p = 0; p < n; p++)
		matches[p] = naive_match(patterns[p].text, patterns[p].syntax, text, size);
	for (size_t p = 0; p < n; p++) {
		bool in_set = expected(patterns, matches, n, p);

		any |= in_set;
		require(automaton_set_has(&automaton, set, p) == in_set,
			"the naive matcher says otherwise");
	}
	require(any == (set != 0), "an accept set with no pattern in it");

	state = automaton.start;
	for (size_t i = 0; i < size; i++)
		state = automaton_next(&automaton, state, (unsigned char)text[i]);
	require(automaton.states[state].accept == set, "byte by byte is not the whole");
	require(placed_match(&automaton, text, size) == set, "the copy matches otherwise");
	automaton_clear(&automaton);
	return 0;
}
