/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pattern automata against a naive matcher.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "automaton_fixture.h"
#include "tests/unit/fixtures/naive_match.h"

/* As the kernel walks: many bytes at once, where the state's kind allows it. */
static __u32 quick_match(const struct automaton *automaton, const char *text)
{
	__u32 at = automaton->start;

	while (*text) {
		const struct dfa_state *from = &automaton->states[at];

		if (from->kind == DFA_RUN && !strncmp(text, (const char *)&from->bytes, from->n)) {
			assert_in_range(from->n, 1, DFA_RUN_MAX);
			at = from->run_next;
			text += from->n;
			continue;
		}
		if (from->kind == DFA_LOOP && !memchr(&from->bytes, *text, DFA_EXITS_MAX) &&
		    *text != '\n') {
			text++;
			continue;
		}
		at = automaton_next(automaton, at, (unsigned char)*text++);
	}
	return automaton->states[at].accept;
}

/* Compares the accept set of `text` with what each pattern says on its own. */
static void check_text(const struct automaton *automaton, const struct pattern *patterns, size_t n,
		       const char *text)
{
	__u32 set = automaton_match(automaton, text, strlen(text));
	bool any = false;

	assert_int_equal(quick_match(automaton, text), set);
	for (size_t p = 0; p < n; p++) {
		bool expected =
			naive_match(patterns[p].text, patterns[p].syntax, text, strlen(text));
		bool is_first = true;

		for (size_t q = 0; patterns[p].group && q < n; q++) {
			if (patterns[q].group != patterns[p].group)
				continue;
			if (q < p)
				is_first = false;
			expected |= naive_match(patterns[q].text, patterns[q].syntax, text,
						strlen(text));
		}
		expected &= is_first;
		any |= expected;
		if (automaton_set_has(automaton, set, p) != expected)
			fail_msg(
				"pattern %zu \"%s\" (syntax %d, group %u) and text \"%s\": expected %d",
				p, patterns[p].text, patterns[p].syntax, patterns[p].group, text,
				expected);
	}
	assert_int_equal(set != 0, any);
}

static void check_all_texts(const struct automaton *automaton, const struct pattern *patterns,
			    size_t n, const char *alphabet, size_t max_len)
{
	size_t n_letters = strlen(alphabet), digits[16] = {};
	char text[17] = "";

	for (;;) {
		size_t at = 0;

		check_text(automaton, patterns, n, text);
		while (at < max_len && text[at] && ++digits[at] == n_letters) {
			digits[at] = 0;
			text[at] = alphabet[0];
			at++;
		}
		if (at == max_len)
			return;
		text[at] = alphabet[digits[at]];
	}
}

enum { MAX_RANDOM = 6 };

static void random_patterns(struct pattern *patterns, char texts[][12], size_t *ret_n)
{
	static const char *const alphabets[] = {"ab/**", "ab?**", "a/*"};
	size_t n = 1 + random_below(MAX_RANDOM);

	for (size_t p = 0; p < n; p++) {
		const char *alphabet = alphabets[random_below(3)];
		size_t len = random_below(9);

		for (size_t i = 0; i < len; i++)
			texts[p][i] = alphabet[random_below((unsigned int)strlen(alphabet))];
		texts[p][len] = '\0';
		patterns[p] = (struct pattern){
			.text = texts[p],
			.syntax = random_below(2) ? PATTERN_ROUTE : PATTERN_GLOB,
			.group = random_below(2) ? 0 : 1 + random_below(3) * 1000,
		};
	}
	*ret_n = n;
}

TEST(agrees_with_naive_matcher)
{
	random_state = 20240607;
	for (int round = 0; round < 1500; round++) {
		struct pattern patterns[MAX_RANDOM];
		char texts[MAX_RANDOM][12];
		struct automaton automaton;
		size_t n;

		random_patterns(patterns, texts, &n);
		assert_int_equal(automaton_compile(patterns, n, 1 << 16, &automaton), 0);
		check_shape(&automaton);
		check_all_texts(&automaton, patterns, n, "ab/?", 4);
		for (int i = 0; i < 50; i++) {
			char text[15];
			size_t len = random_below(15);

			for (size_t k = 0; k < len; k++)
				text[k] = "ab/*"[random_below(4)];
			text[len] = '\0';
			check_text(&automaton, patterns, n, text);
		}
		automaton_clear(&automaton);
	}
}

TEST(routes_match_as_documented)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"/checkout", "/checkout", true},
		{"/checkout", "/checkout/", false},
		{"/checkout", "/Checkout", false},
		{"/cart/*", "/cart/7", true},
		{"/cart/*", "/cart/", false},
		{"/cart/*", "/cart/7/8", false},
		{"/cart/*/items", "/cart/7/items", true},
		{"/cart/*/items", "/cart//items", false},
		{"/v*/x", "/v2/x", true},
		{"/v*/x", "/v/x", false},
		{"/items/**", "/items/", true},
		{"/items/**", "/items/a/b", true},
		{"/items/**", "/items", false},
		{"/items**", "/items", true},
		{"/**/x", "/x", false},
		{"/**/x", "//x", true},
		{"/**/x", "/a/b/x", true},
		{"/a?b", "/a?b", true},
		{"/a?b", "/axb", false},
		{"", "", true},
		{"", "/", false},
		{"**", "", true},
		{"*", "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pattern pattern = {.text = cases[i].pattern, .syntax = PATTERN_ROUTE};
		struct automaton automaton;
		__u32 set;

		assert_int_equal(automaton_compile(&pattern, 1, 1000, &automaton), 0);
		set = automaton_match(&automaton, cases[i].text, strlen(cases[i].text));
		if (automaton_set_has(&automaton, set, 0) != cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].text);
		automaton_clear(&automaton);
	}
}

TEST(bytes_are_unsigned)
{
	static const struct pattern patterns[] = {
		{.text = "\xff\x80?*", .syntax = PATTERN_GLOB},
		{.text = "/\xc3\xa9/*", .syntax = PATTERN_ROUTE},
	};
	struct automaton automaton;

	assert_int_equal(automaton_compile(patterns, 2, 1000, &automaton), 0);
	check_shape(&automaton);
	for (int c = 0; c < 256; c++) {
		char text[] = {(char)0xff, (char)0x80, (char)c};
		char path[] = {'/', (char)0xc3, (char)0xa9, '/', (char)c};

		assert_true(automaton_set_has(&automaton,
					      automaton_match(&automaton, text, sizeof(text)), 0));
		assert_int_equal(automaton_match(&automaton, path, sizeof(path)) != 0, c != '/');
	}
	automaton_clear(&automaton);
}

/* A state that all 256 bytes lead somewhere else from. */
TEST(widest_row)
{
	static char texts[255][3];
	static struct pattern patterns[255];
	struct automaton automaton;

	for (int c = 1; c < 256; c++) {
		texts[c - 1][0] = (char)c;
		texts[c - 1][1] = 'x';
		patterns[c - 1].text = texts[c - 1];
		patterns[c - 1].syntax = PATTERN_ROUTE;
	}
	assert_int_equal(automaton_compile(patterns, 255, 1000, &automaton), 0);
	check_shape(&automaton);
	for (int c = 1; c < 256; c++) {
		char text[] = {(char)c, 'x'};
		__u32 set = automaton_match(&automaton, text, 2);

		for (size_t p = 0; p < 255; p++) {
			bool expected = (int)p == c - 1;

			if (texts[p][0] == '*')
				expected = c != '/';
			assert_int_equal(automaton_set_has(&automaton, set, p), expected);
		}
	}
	automaton_clear(&automaton);
}

TEST(no_patterns_match_nothing)
{
	struct automaton automaton;

	assert_int_equal(automaton_compile(NULL, 0, 1, &automaton), 0);
	check_shape(&automaton);
	assert_int_equal(automaton.start, DFA_DEAD);
	assert_int_equal(automaton_match(&automaton, "", 0), 0);
	assert_int_equal(automaton_match(&automaton, "/x", 2), 0);
	automaton_clear(&automaton);
}

TEST(same_patterns_same_tables)
{
	struct pattern patterns[MAX_RANDOM];
	char texts[MAX_RANDOM][12];
	struct automaton a, b;
	size_t n;

	random_state = 4711;
	random_patterns(patterns, texts, &n);
	assert_int_equal(automaton_compile(patterns, n, 1000, &a), 0);
	assert_int_equal(automaton_compile(patterns, n, 2000, &b), 0);
	assert_int_equal(a.n_states, b.n_states);
	assert_int_equal(a.n_cells, b.n_cells);
	assert_memory_equal(a.states, b.states, a.n_states * sizeof(*a.states));
	assert_memory_equal(a.cells, b.cells, a.n_cells * sizeof(*a.cells));
	automaton_clear(&a);
	automaton_clear(&b);
}

/* The parts of a usual template and glob that can be passed at once. */
TEST(kinds_of_states)
{
	static const struct pattern route = {.text = "/api/orders/*/items/**",
					     .syntax = PATTERN_ROUTE};
	static const struct pattern glob = {.text = "*bot*", .syntax = PATTERN_GLOB};
	const struct dfa_state *at;
	struct automaton automaton;

	assert_int_equal(automaton_compile(&route, 1, 100, &automaton), 0);
	at = &automaton.states[automaton.start];
	assert_int_equal(at->kind, DFA_RUN);
	assert_int_equal(at->n, 8);
	assert_memory_equal(&at->bytes, "/api/ord", 8);
	at = &automaton.states[at->run_next];
	assert_int_equal(at->kind, DFA_RUN);
	assert_int_equal(at->n, 4);
	assert_memory_equal(&at->bytes, "ers/", 4);
	/* a segment has one byte at least */
	at = &automaton.states[at->run_next];
	assert_int_equal(at->kind, DFA_STEP);
	at = &automaton.states[at->dflt];
	assert_int_equal(at->kind, DFA_LOOP);
	assert_int_equal(at->n, 1);
	assert_memory_equal(&at->bytes, "/\n\n\n", 4);
	at = &automaton.states[automaton_next(&automaton, (__u32)(at - automaton.states), '/')];
	assert_memory_equal(&at->bytes, "items/\0", 8);
	/* "**": whatever follows */
	at = &automaton.states[at->run_next];
	assert_int_equal(at->kind, DFA_LOOP);
	assert_int_equal(at->n, 0);
	automaton_clear(&automaton);

	assert_int_equal(automaton_compile(&glob, 1, 100, &automaton), 0);
	at = &automaton.states[automaton.start];
	assert_int_equal(at->kind, DFA_LOOP);
	assert_int_equal(at->n, 1);
	assert_memory_equal(&at->bytes, "b\n\n\n", 4);
	automaton_clear(&automaton);
}

/* Three automata in one pair of arrays, walked as the kernel does. */
TEST(placed_automata_share_arrays)
{
	static const struct pattern patterns[] = {
		{.text = "/a/*", .syntax = PATTERN_ROUTE},
		{.text = "*bot*", .syntax = PATTERN_GLOB},
		{.text = "/a/**", .syntax = PATTERN_ROUTE},
	};
	static const char *const texts[] = {"/a/x", "/a/x/y", "/a/robot", "bot",
					    "",	    "/a",     "/a/bot/"};
	static struct dfa_state states[64];
	static struct dfa_cell cells[4096];
	__u32 n_states = 0, n_cells = 0, start[3];

	for (int i = 0; i < 3; i++) {
		struct automaton automaton;

		assert_int_equal(automaton_compile(&patterns[i], 1, 20, &automaton), 0);
		automaton_place(&automaton, n_states, n_cells, 10U * (unsigned int)i,
				states + n_states + 1, cells + n_cells);
		start[i] = automaton.start ? n_states + automaton.start : DFA_DEAD;
		n_states += (__u32)automaton.n_states - 1;
		n_cells += (__u32)automaton.n_cells;
		automaton_clear(&automaton);
	}
	for (int i = 0; i < 3; i++) {
		for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
			bool expected = naive_match(patterns[i].text, patterns[i].syntax, texts[t],
						    strlen(texts[t]));
			__u32 at = start[i];

			for (const char *c = texts[t]; *c; c++) {
				__u32 cell = states[at].base + (unsigned char)*c;

				assert_true(cell < n_cells);
				at = cells[cell].check == at ? cells[cell].next : states[at].dflt;
				assert_true(at <= n_states);
			}
			assert_int_equal(states[at].accept, expected ? 10 * i + 1 : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_naive_matcher),
		cmocka_unit_test(routes_match_as_documented),
		cmocka_unit_test(bytes_are_unsigned),
		cmocka_unit_test(widest_row),
		cmocka_unit_test(no_patterns_match_nothing),
		cmocka_unit_test(same_patterns_same_tables),
		cmocka_unit_test(kinds_of_states),
		cmocka_unit_test(placed_automata_share_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
