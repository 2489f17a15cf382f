/* SPDX-License-Identifier: GPL-2.0-only */
/* The HTTP/2 follower over connections made at random, in pieces of any size. */
#include "tests/unit/fixtures/test.h"
#include "tests/vectors/http2_user.h"

static struct traffic traffic;
static struct http2_run run;
static __u32 n_texts; /* that blocks have in the table */

static void count_texts(void)
{
	for (__u32 i = 0; i < traffic.n_expected; i++)
		for (int k = 0; k < HTTP2_TEXTS; k++)
			n_texts += run.texts[i][k] && traffic.expected_texts[i][k];
}

/* Of how many blocks something is hidden. */
static __u32 check_many(struct traffic_plan plan, __u32 n, bool widens, bool exact)
{
	static const __u32 pieces[] = {1, 7, 1400, 4000, 0};
	__u32 hidden = 0;

	for (__u32 i = 0; i < n; i++, plan.seed++) {
		plan.side = i & 1 ? HTTP2_RESPONSES : HTTP2_REQUESTS;
		traffic_make(&traffic, &plan);
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			traffic_play(&traffic, pieces[j], widens, &run);
			if (!traffic_check(&traffic, &run, exact, &hidden))
				fail_msg("pieces of %u", pieces[j]);
			count_texts();
		}
	}
	traffic_clear(&traffic);
	return hidden;
}

/* Usual: RFC 7541 has no table that is larger, unless the peer asks for it. */
TEST(tables_of_the_usual_size_are_followed_exactly)
{
	struct traffic_plan plan = {.seed = 1, .blocks = 200, .room = HTTP2_TABLE_BYTES};

	assert_int_equal(check_many(plan, 12, false, true), 0);
	plan.seed = 500;
	plan.plain = true;
	plan.blocks = 1000;
	n_texts = 0;
	assert_int_equal(check_many(plan, 12, false, true), 0);
	assert_true(n_texts > 5000);
}

TEST(tables_that_change_their_size)
{
	struct traffic_plan plan = {
		.seed = 1000, .blocks = 200, .room = HTTP2_TABLE_BYTES, .resizes = true};

	assert_int_equal(check_many(plan, 12, false, true), 0);
	plan.seed = 1500;
	plan.room = 300; /* most entries are too large */
	assert_int_equal(check_many(plan, 12, false, true), 0);
}

/* Of what the ring does not hold, it says so. */
TEST(large_tables_are_never_wrong)
{
	struct traffic_plan plan = {.seed = 2000, .blocks = 400, .room = 16384, .resizes = true};

	assert_int_not_equal(check_many(plan, 8, false, false), 0);
}

/* With the wider ring nothing that a table of 64 KiB has is hidden. */
TEST(large_tables_with_a_wider_ring)
{
	struct traffic_plan plan = {
		.seed = 3000, .blocks = 400, .room = HTTP2_WIDE_BYTES, .resizes = true};

	assert_int_equal(check_many(plan, 8, true, false), 0);
	plan.plain = true;
	plan.blocks = 1500;
	assert_int_equal(check_many(plan, 8, true, false), 0);
}

/* Of those above that some of it is. */
TEST(tables_that_are_larger_than_the_wider_ring)
{
	struct traffic_plan plan = {.seed = 4000, .blocks = 1500, .room = 1 << 18, .plain = true};

	assert_int_not_equal(check_many(plan, 8, true, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_of_the_usual_size_are_followed_exactly),
		cmocka_unit_test(tables_that_change_their_size),
		cmocka_unit_test(large_tables_are_never_wrong),
		cmocka_unit_test(large_tables_with_a_wider_ring),
		cmocka_unit_test(tables_that_are_larger_than_the_wider_ring),
	};

	http2_test_automaton_init();
	return cmocka_run_group_tests_name("http2 traffic", tests, NULL, NULL);
}
