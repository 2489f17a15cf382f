/* SPDX-License-Identifier: GPL-2.0-only */
/* Pattern automata: the time and the states that they take, and the limits of both. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/fixtures/test.h"
#include "automaton_fixture.h"
#include "tests/unit/fixtures/malloc_fail.h"

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

TEST(thousand_routes)
{
	enum { N = 1000 };
	static char texts[N][64];
	static struct pattern patterns[N];
	double started = seconds_now();
	struct automaton automaton;

	for (int i = 0; i < N; i++) {
		static const char *const shapes[] = {
			"/api/v1/resource%d/*/details",
			"/shop/*/item%d",
			"/static/%d/**",
			"/users/*/orders/*/lines%d",
			"/%d/exact/path/of/some/length",
		};

		snprintf(texts[i], sizeof(texts[i]), shapes[i % 5], i);
		patterns[i] = (struct pattern){.text = texts[i], .syntax = PATTERN_ROUTE};
	}
	assert_int_equal(automaton_compile(patterns, N, 1 << 18, &automaton), 0);
	started = seconds_now() - started;
	print_message("1000 routes: %zu states, %zu cells, %zu sets, %.1f ms\n", automaton.n_states,
		      automaton.n_cells, automaton.n_sets, started * 1e3);
	assert_true(started < 1.0);
	check_shape(&automaton);
	for (int i = 0; i < N; i++) {
		char text[64];
		size_t len = 0;
		__u32 set;

		for (const char *from = texts[i]; *from; from++) {
			if (*from != '*' || from[1] != '*')
				text[len++] = *from == '*' ? 'x' : *from;
		}
		set = automaton_match(&automaton, text, len);
		for (int p = 0; p < N; p++)
			assert_int_equal(automaton_set_has(&automaton, set, (size_t)p), p == i);
	}
	assert_int_equal(automaton_match(&automaton, "/api/v1/resource0/x/detail", 26), 0);
	automaton_clear(&automaton);
}

enum { N_BOTS = 64 };

static void make_bots(struct pattern *patterns, char texts[][16], __u32 group)
{
	for (int i = 0; i < N_BOTS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "*bot%c%c*", 'a' + i % 8, 'a' + i / 8);
		patterns[i] = (struct pattern){
			.text = texts[i],
			.syntax = PATTERN_GLOB,
			.group = group,
		};
	}
}

TEST(blow_up_is_refused)
{
	static const size_t limits[] = {0, 1, 1000, 65536, AUTOMATON_MAX_STATES, SIZE_MAX};
	struct pattern patterns[N_BOTS];
	char texts[N_BOTS][16];
	struct automaton untouched = {.n_states = 12345}, automaton = untouched;

	make_bots(patterns, texts, 0);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		double started = seconds_now();

		assert_int_equal(automaton_compile(patterns, N_BOTS, limits[i], &automaton),
				 -E2BIG);
		assert_memory_equal(&automaton, &untouched, sizeof(automaton));
		started = seconds_now() - started;
		print_message("limit %zu: refused after %.0f ms\n", limits[i], started * 1e3);
		assert_true(started < 30.0); /* under sanitizers */
	}
}

TEST(groups_do_not_blow_up)
{
	struct pattern patterns[N_BOTS];
	char texts[N_BOTS][16];
	struct automaton automaton;

	make_bots(patterns, texts, 77);
	assert_int_equal(automaton_compile(patterns, N_BOTS, 1000, &automaton), 0);
	check_shape(&automaton);
	print_message("64 globs of one group: %zu states, %zu cells\n", automaton.n_states,
		      automaton.n_cells);
	assert_true(automaton.n_states < 100);
	assert_true(
		automaton_set_has(&automaton, automaton_match(&automaton, "a bothh/1.0", 11), 0));
	assert_int_equal(automaton_match(&automaton, "a bot hh/1.0", 12), 0);
	assert_int_equal(automaton.n_sets, 2);
	automaton_clear(&automaton);
}

TEST(limit_is_exact)
{
	struct pattern pattern = {.text = "/abc", .syntax = PATTERN_ROUTE};
	struct automaton automaton;

	/* dead, start, and one after each byte */
	assert_int_equal(automaton_compile(&pattern, 1, 5, &automaton), -E2BIG);
	assert_int_equal(automaton_compile(&pattern, 1, 6, &automaton), 0);
	assert_int_equal(automaton.n_states, 6);
	automaton_clear(&automaton);
}

TEST(every_failed_allocation_is_clean)
{
	struct pattern patterns[N_BOTS + 4] = {
		{.text = "/x/*", .syntax = PATTERN_ROUTE},
		{.text = "/x/**/y", .syntax = PATTERN_ROUTE},
		{.text = "q?*z", .syntax = PATTERN_GLOB},
		{.text = "*z*", .syntax = PATTERN_GLOB},
	};
	char texts[N_BOTS][16];
	struct automaton untouched = {.n_states = 12345};
	unsigned long n;

	make_bots(patterns + 4, texts, 1);
	for (n = 1;; n++) {
		struct automaton automaton = untouched;
		int r;

		n_allocations = 0;
		fail_at = n;
		r = automaton_compile(patterns, N_BOTS + 4, 10000, &automaton);
		fail_at = 0;
		if (!r) {
			automaton_clear(&automaton);
			break;
		}
		assert_int_equal(r, -ENOMEM);
		assert_memory_equal(&automaton, &untouched, sizeof(automaton));
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousand_routes),
		cmocka_unit_test(blow_up_is_refused),
		cmocka_unit_test(groups_do_not_blow_up),
		cmocka_unit_test(limit_is_exact),
		cmocka_unit_test(every_failed_allocation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
