/* SPDX-License-Identifier: GPL-2.0-only */
/* The halves that generations write, and the policies that a sweep finds in use. */
#include "tests/unit/fixtures/test.h"
#include "kernel/policies_in_use.h"
#include "kernel/tables.h"

static const struct tables_region room = {
	.max_states = 10, .max_cells = 20, .max_accepts = 30, .max_sets = 40};

TEST(generations_write_the_halves_in_turn)
{
	struct tables_region even = tables_region_of(&room, 2), odd = tables_region_of(&room, 3);
	struct tables_region again;

	/* index 0 of states and accepts stands for none, in neither half */
	assert_true(even.states == 1 && even.cells == 0 && even.accepts == 1 && even.sets == 0);
	assert_true(odd.states == 11 && odd.cells == 20 && odd.accepts == 31 && odd.sets == 40);
	for (__u32 generation = 0; generation < 8; generation++) {
		again = tables_region_of(&room, generation);
		assert_memory_equal(&again, generation % 2 ? &odd : &even, sizeof(again));
	}
	assert_true(odd.max_states == 10 && odd.max_cells == 20);
	assert_true(odd.max_accepts == 30 && odd.max_sets == 40);
}

TEST(each_policy_has_a_bit_of_its_own)
{
	static const __u32 some[] = {0, 1, 63, 64, 65, 4032, POLICIES_MAX - 1};

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct policies_in_use in_use = {};

		policies_in_use_add(&in_use, some[i]);
		policies_in_use_add(&in_use, some[i]);
		for (__u32 p = 0; p < POLICIES_MAX; p++)
			assert_int_equal(policies_in_use_has(&in_use, p), p == some[i]);
		assert_false(policies_in_use_has(&in_use, POLICIES_MAX));
		assert_false(policies_in_use_has(&in_use, ~0U));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generations_write_the_halves_in_turn),
		cmocka_unit_test(each_policy_has_a_bit_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
