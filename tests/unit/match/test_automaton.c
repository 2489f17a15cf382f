/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pattern automata against a naive matcher.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/fixtures/random.h"
#include "tests/unit/fixtures/test.h"
#include "match/automaton.h"
#include "tests/unit/fixtures/malloc_fail.h"
#include "tests/unit/fixtures/naive_match.h"

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void check_shape(const struct dfa *dfa)
{
	assert_true(dfa->n_states >= 1);
	assert_true(dfa->n_sets >= 1);
	assert_true(dfa->start < dfa->n_states);
	assert_int_equal(dfa->states[0].base, 0);
	assert_int_equal(dfa->states[0].dflt, DFA_DEAD);
	assert_int_equal(dfa->states[0].accept, 0);
	for (size_t i = 0; i < dfa->set_words; i++)
		assert_int_equal(dfa->sets[i], 0);
	for (size_t s = 0; s < dfa->n_states; s++) {
		assert_true((size_t)dfa->states[s].base + 256 <= dfa->n_cells);
		assert_true(dfa->states[s].dflt < dfa->n_states);
		assert_true(dfa->states[s].accept < dfa->n_sets);
	}
	for (size_t i = 0; i < dfa->n_cells; i++) {
		assert_true(dfa->cells[i].check < dfa->n_states);
		assert_true(dfa->cells[i].next < dfa->n_states);
		if (dfa->cells[i].check == DFA_DEAD)
			assert_int_equal(dfa->cells[i].next, DFA_DEAD);
	}
}

/* As the kernel walks: many bytes at once, where the state's kind allows it. */
static __u32 quick_match(const struct dfa *dfa, const char *text)
{
	__u32 at = dfa->start;

	while (*text) {
		const struct dfa_state *from = &dfa->states[at];

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
		at = dfa_next(dfa, at, (unsigned char)*text++);
	}
	return dfa->states[at].accept;
}

/* Compares the accept set of `text` with what each pattern says on its own. */
static void check_text(const struct dfa *dfa, const struct dfa_pattern *patterns, size_t n,
		       const char *text)
{
	__u32 set = dfa_match(dfa, text, strlen(text));
	bool any = false;

	assert_int_equal(quick_match(dfa, text), set);
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
		if (dfa_set_has(dfa, set, p) != expected)
			fail_msg(
				"pattern %zu \"%s\" (syntax %d, group %u) and text \"%s\": expected %d",
				p, patterns[p].text, patterns[p].syntax, patterns[p].group, text,
				expected);
	}
	assert_int_equal(set != 0, any);
}

static void check_all_texts(const struct dfa *dfa, const struct dfa_pattern *patterns, size_t n,
			    const char *alphabet, size_t max_len)
{
	size_t n_letters = strlen(alphabet), digits[16] = {};
	char text[17] = "";

	for (;;) {
		size_t at = 0;

		check_text(dfa, patterns, n, text);
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

static void random_patterns(struct dfa_pattern *patterns, char texts[][12], size_t *ret_n)
{
	static const char *const alphabets[] = {"ab/**", "ab?**", "a/*"};
	size_t n = 1 + random_below(MAX_RANDOM);

	for (size_t p = 0; p < n; p++) {
		const char *alphabet = alphabets[random_below(3)];
		size_t len = random_below(9);

		for (size_t i = 0; i < len; i++)
			texts[p][i] = alphabet[random_below((unsigned int)strlen(alphabet))];
		texts[p][len] = '\0';
		patterns[p] = (struct dfa_pattern){
			.text = texts[p],
			.syntax = random_below(2) ? DFA_ROUTE : DFA_GLOB,
			.group = random_below(2) ? 0 : 1 + random_below(3) * 1000,
		};
	}
	*ret_n = n;
}

TEST(agrees_with_naive_matcher)
{
	random_state = 20240607;
	for (int round = 0; round < 1500; round++) {
		struct dfa_pattern patterns[MAX_RANDOM];
		char texts[MAX_RANDOM][12];
		struct dfa dfa;
		size_t n;

		random_patterns(patterns, texts, &n);
		assert_int_equal(dfa_compile(patterns, n, 1 << 16, &dfa), 0);
		check_shape(&dfa);
		check_all_texts(&dfa, patterns, n, "ab/?", 4);
		for (int i = 0; i < 50; i++) {
			char text[15];
			size_t len = random_below(15);

			for (size_t k = 0; k < len; k++)
				text[k] = "ab/*"[random_below(4)];
			text[len] = '\0';
			check_text(&dfa, patterns, n, text);
		}
		dfa_clear(&dfa);
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
		struct dfa_pattern pattern = {.text = cases[i].pattern, .syntax = DFA_ROUTE};
		struct dfa dfa;
		__u32 set;

		assert_int_equal(dfa_compile(&pattern, 1, 1000, &dfa), 0);
		set = dfa_match(&dfa, cases[i].text, strlen(cases[i].text));
		if (dfa_set_has(&dfa, set, 0) != cases[i].matches)
			fail_msg("%s, %s", cases[i].pattern, cases[i].text);
		dfa_clear(&dfa);
	}
}

TEST(bytes_are_unsigned)
{
	static const struct dfa_pattern patterns[] = {
		{.text = "\xff\x80?*", .syntax = DFA_GLOB},
		{.text = "/\xc3\xa9/*", .syntax = DFA_ROUTE},
	};
	struct dfa dfa;

	assert_int_equal(dfa_compile(patterns, 2, 1000, &dfa), 0);
	check_shape(&dfa);
	for (int c = 0; c < 256; c++) {
		char text[] = {(char)0xff, (char)0x80, (char)c};
		char path[] = {'/', (char)0xc3, (char)0xa9, '/', (char)c};

		assert_true(dfa_set_has(&dfa, dfa_match(&dfa, text, sizeof(text)), 0));
		assert_int_equal(dfa_match(&dfa, path, sizeof(path)) != 0, c != '/');
	}
	dfa_clear(&dfa);
}

/* A state that all 256 bytes lead somewhere else from. */
TEST(widest_row)
{
	static char texts[255][3];
	static struct dfa_pattern patterns[255];
	struct dfa dfa;

	for (int c = 1; c < 256; c++) {
		texts[c - 1][0] = (char)c;
		texts[c - 1][1] = 'x';
		patterns[c - 1].text = texts[c - 1];
		patterns[c - 1].syntax = DFA_ROUTE;
	}
	assert_int_equal(dfa_compile(patterns, 255, 1000, &dfa), 0);
	check_shape(&dfa);
	for (int c = 1; c < 256; c++) {
		char text[] = {(char)c, 'x'};
		__u32 set = dfa_match(&dfa, text, 2);

		for (size_t p = 0; p < 255; p++) {
			bool expected = (int)p == c - 1;

			if (texts[p][0] == '*')
				expected = c != '/';
			assert_int_equal(dfa_set_has(&dfa, set, p), expected);
		}
	}
	dfa_clear(&dfa);
}

TEST(no_patterns_match_nothing)
{
	struct dfa dfa;

	assert_int_equal(dfa_compile(NULL, 0, 1, &dfa), 0);
	check_shape(&dfa);
	assert_int_equal(dfa.start, DFA_DEAD);
	assert_int_equal(dfa_match(&dfa, "", 0), 0);
	assert_int_equal(dfa_match(&dfa, "/x", 2), 0);
	dfa_clear(&dfa);
}

TEST(specificity)
{
	/* most specific first */
	static const char *const sorted[] = {
		"/",	"/a",	  "/a/b",  "/a/b/c", "/a/b*", "/a/b**",
		"/a/*", "/a/*/c", "/a/**", "/*",     "/**",
	};
	size_t n = sizeof(sorted) / sizeof(*sorted);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int order = route_specificity_cmp(sorted[i], sorted[j]);

			if ((order > 0) != (i > j) || (order < 0) != (i < j))
				fail_msg("%s, %s: %d", sorted[i], sorted[j], order);
		}
	}
	assert_int_equal(route_specificity_cmp("/a/**", "/a/****"), 0);
	assert_true(route_specificity_cmp("/\x7f", "/\x80") < 0);
}

TEST(thousand_routes)
{
	enum { N = 1000 };
	static char texts[N][64];
	static struct dfa_pattern patterns[N];
	double started = seconds_now();
	struct dfa dfa;

	for (int i = 0; i < N; i++) {
		static const char *const shapes[] = {
			"/api/v1/resource%d/*/details",
			"/shop/*/item%d",
			"/static/%d/**",
			"/users/*/orders/*/lines%d",
			"/%d/exact/path/of/some/length",
		};

		snprintf(texts[i], sizeof(texts[i]), shapes[i % 5], i);
		patterns[i] = (struct dfa_pattern){.text = texts[i], .syntax = DFA_ROUTE};
	}
	assert_int_equal(dfa_compile(patterns, N, 1 << 18, &dfa), 0);
	started = seconds_now() - started;
	print_message("1000 routes: %zu states, %zu cells, %zu sets, %.1f ms\n", dfa.n_states,
		      dfa.n_cells, dfa.n_sets, started * 1e3);
	assert_true(started < 1.0);
	check_shape(&dfa);
	for (int i = 0; i < N; i++) {
		char text[64];
		size_t len = 0;
		__u32 set;

		for (const char *from = texts[i]; *from; from++) {
			if (*from != '*' || from[1] != '*')
				text[len++] = *from == '*' ? 'x' : *from;
		}
		set = dfa_match(&dfa, text, len);
		for (int p = 0; p < N; p++)
			assert_int_equal(dfa_set_has(&dfa, set, (size_t)p), p == i);
	}
	assert_int_equal(dfa_match(&dfa, "/api/v1/resource0/x/detail", 26), 0);
	dfa_clear(&dfa);
}

enum { N_BOTS = 64 };

static void make_bots(struct dfa_pattern *patterns, char texts[][16], __u32 group)
{
	for (int i = 0; i < N_BOTS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "*bot%c%c*", 'a' + i % 8, 'a' + i / 8);
		patterns[i] = (struct dfa_pattern){
			.text = texts[i],
			.syntax = DFA_GLOB,
			.group = group,
		};
	}
}

TEST(blow_up_is_refused)
{
	static const size_t limits[] = {0, 1, 1000, 65536, DFA_MAX_STATES, SIZE_MAX};
	struct dfa_pattern patterns[N_BOTS];
	char texts[N_BOTS][16];
	struct dfa untouched = {.n_states = 12345}, dfa = untouched;

	make_bots(patterns, texts, 0);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		double started = seconds_now();

		assert_int_equal(dfa_compile(patterns, N_BOTS, limits[i], &dfa), -E2BIG);
		assert_memory_equal(&dfa, &untouched, sizeof(dfa));
		started = seconds_now() - started;
		print_message("limit %zu: refused after %.0f ms\n", limits[i], started * 1e3);
		assert_true(started < 30.0); /* under sanitizers */
	}
}

TEST(groups_do_not_blow_up)
{
	struct dfa_pattern patterns[N_BOTS];
	char texts[N_BOTS][16];
	struct dfa dfa;

	make_bots(patterns, texts, 77);
	assert_int_equal(dfa_compile(patterns, N_BOTS, 1000, &dfa), 0);
	check_shape(&dfa);
	print_message("64 globs of one group: %zu states, %zu cells\n", dfa.n_states, dfa.n_cells);
	assert_true(dfa.n_states < 100);
	assert_true(dfa_set_has(&dfa, dfa_match(&dfa, "a bothh/1.0", 11), 0));
	assert_int_equal(dfa_match(&dfa, "a bot hh/1.0", 12), 0);
	assert_int_equal(dfa.n_sets, 2);
	dfa_clear(&dfa);
}

TEST(limit_is_exact)
{
	struct dfa_pattern pattern = {.text = "/abc", .syntax = DFA_ROUTE};
	struct dfa dfa;

	/* dead, start, and one after each byte */
	assert_int_equal(dfa_compile(&pattern, 1, 5, &dfa), -E2BIG);
	assert_int_equal(dfa_compile(&pattern, 1, 6, &dfa), 0);
	assert_int_equal(dfa.n_states, 6);
	dfa_clear(&dfa);
}

TEST(same_patterns_same_tables)
{
	struct dfa_pattern patterns[MAX_RANDOM];
	char texts[MAX_RANDOM][12];
	struct dfa a, b;
	size_t n;

	random_state = 4711;
	random_patterns(patterns, texts, &n);
	assert_int_equal(dfa_compile(patterns, n, 1000, &a), 0);
	assert_int_equal(dfa_compile(patterns, n, 2000, &b), 0);
	assert_int_equal(a.n_states, b.n_states);
	assert_int_equal(a.n_cells, b.n_cells);
	assert_memory_equal(a.states, b.states, a.n_states * sizeof(*a.states));
	assert_memory_equal(a.cells, b.cells, a.n_cells * sizeof(*a.cells));
	dfa_clear(&a);
	dfa_clear(&b);
}

/* What of a usual template and glob can be passed at once. */
TEST(kinds_of_states)
{
	static const struct dfa_pattern route = {.text = "/api/orders/*/items/**",
						 .syntax = DFA_ROUTE};
	static const struct dfa_pattern glob = {.text = "*bot*", .syntax = DFA_GLOB};
	const struct dfa_state *at;
	struct dfa dfa;

	assert_int_equal(dfa_compile(&route, 1, 100, &dfa), 0);
	at = &dfa.states[dfa.start];
	assert_int_equal(at->kind, DFA_RUN);
	assert_int_equal(at->n, 8);
	assert_memory_equal(&at->bytes, "/api/ord", 8);
	at = &dfa.states[at->run_next];
	assert_int_equal(at->kind, DFA_RUN);
	assert_int_equal(at->n, 4);
	assert_memory_equal(&at->bytes, "ers/", 4);
	/* a segment has one byte at least */
	at = &dfa.states[at->run_next];
	assert_int_equal(at->kind, DFA_STEP);
	at = &dfa.states[at->dflt];
	assert_int_equal(at->kind, DFA_LOOP);
	assert_int_equal(at->n, 1);
	assert_memory_equal(&at->bytes, "/\n\n\n", 4);
	at = &dfa.states[dfa_next(&dfa, (__u32)(at - dfa.states), '/')];
	assert_memory_equal(&at->bytes, "items/\0", 8);
	/* "**": whatever follows */
	at = &dfa.states[at->run_next];
	assert_int_equal(at->kind, DFA_LOOP);
	assert_int_equal(at->n, 0);
	dfa_clear(&dfa);

	assert_int_equal(dfa_compile(&glob, 1, 100, &dfa), 0);
	at = &dfa.states[dfa.start];
	assert_int_equal(at->kind, DFA_LOOP);
	assert_int_equal(at->n, 1);
	assert_memory_equal(&at->bytes, "b\n\n\n", 4);
	dfa_clear(&dfa);
}

/* Three automata in one pair of arrays, walked as the kernel does. */
TEST(placed_automata_share_arrays)
{
	static const struct dfa_pattern patterns[] = {
		{.text = "/a/*", .syntax = DFA_ROUTE},
		{.text = "*bot*", .syntax = DFA_GLOB},
		{.text = "/a/**", .syntax = DFA_ROUTE},
	};
	static const char *const texts[] = {"/a/x", "/a/x/y", "/a/robot", "bot",
					    "",	    "/a",     "/a/bot/"};
	static struct dfa_state states[64];
	static struct dfa_cell cells[4096];
	__u32 n_states = 0, n_cells = 0, start[3];

	for (int i = 0; i < 3; i++) {
		struct dfa dfa;

		assert_int_equal(dfa_compile(&patterns[i], 1, 20, &dfa), 0);
		dfa_place(&dfa, n_states, n_cells, 10U * (unsigned int)i, states + n_states + 1,
			  cells + n_cells);
		start[i] = dfa.start ? n_states + dfa.start : DFA_DEAD;
		n_states += (__u32)dfa.n_states - 1;
		n_cells += (__u32)dfa.n_cells;
		dfa_clear(&dfa);
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

TEST(every_failed_allocation_is_clean)
{
	struct dfa_pattern patterns[N_BOTS + 4] = {
		{.text = "/x/*", .syntax = DFA_ROUTE},
		{.text = "/x/**/y", .syntax = DFA_ROUTE},
		{.text = "q?*z", .syntax = DFA_GLOB},
		{.text = "*z*", .syntax = DFA_GLOB},
	};
	char texts[N_BOTS][16];
	struct dfa untouched = {.n_states = 12345};
	unsigned long n;

	make_bots(patterns + 4, texts, 1);
	for (n = 1;; n++) {
		struct dfa dfa = untouched;
		int err;

		n_allocations = 0;
		fail_at = n;
		err = dfa_compile(patterns, N_BOTS + 4, 10000, &dfa);
		fail_at = 0;
		if (!err) {
			dfa_clear(&dfa);
			break;
		}
		assert_int_equal(err, -ENOMEM);
		assert_memory_equal(&dfa, &untouched, sizeof(dfa));
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_naive_matcher),
		cmocka_unit_test(routes_match_as_documented),
		cmocka_unit_test(bytes_are_unsigned),
		cmocka_unit_test(widest_row),
		cmocka_unit_test(no_patterns_match_nothing),
		cmocka_unit_test(specificity),
		cmocka_unit_test(thousand_routes),
		cmocka_unit_test(blow_up_is_refused),
		cmocka_unit_test(groups_do_not_blow_up),
		cmocka_unit_test(limit_is_exact),
		cmocka_unit_test(same_patterns_same_tables),
		cmocka_unit_test(kinds_of_states),
		cmocka_unit_test(placed_automata_share_arrays),
		cmocka_unit_test(every_failed_allocation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
