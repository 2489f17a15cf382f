/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Places of the kernel's tables: given out once, and again only when nothing is judged by them.
 * Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#include <errno.h>

#include "tests/unit/apply/applied_fixture.h"
#include "apply/places.h"
#include "apply/review.h"
#include "tests/unit/fixtures/malloc_fail.h"

static struct applied applied;
static struct places *places;

static int setup(void **state)
{
	int r = applied_init(&applied);

	(void)state;
	places = applied.numbers.places;
	return r;
}

static int teardown(void **state)
{
	(void)state;
	applied_clear(&applied);
	return 0;
}

/* A policy in the kernel that counts at `slot`, by the criteria of the same slot. */
static void add_policy(__u32 number, __u32 criteria, __u32 counts)
{
	struct policy policy = {.n_slos = 1, .slos = {{.criteria = criteria, .counts = counts}}};

	places->policies[number] = policy_refs_new(&policy);
	assert_non_null(places->policies[number]);
}

static void assert_next_slot(__u32 expected)
{
	__u32 slot = 77;

	assert_int_equal(places_take_slot(places, &slot), 0);
	assert_int_equal(slot, expected);
}

TEST(slots_are_taken_from_the_first_on)
{
	__u32 slot = 77;

	for (__u32 i = 0; i < SLO_CRITERIA_MAX; i++)
		assert_next_slot(i);
	assert_int_equal(places_take_slot(places, &slot), -ENOSPC);
	assert_int_equal(slot, 77);
	places_review(&applied, &none_in_use);
	assert_next_slot(0);
}

TEST(bases_are_where_counters_of_endpoints_begin)
{
	__u32 base = 77;

	for (__u32 i = 0; i < SLO_WILDCARDS_MAX; i++) {
		assert_int_equal(places_take_base(places, &base), 0);
		assert_int_equal(base, SLO_CRITERIA_MAX + i * ENDPOINTS_MAX);
	}
	assert_int_equal(base + ENDPOINTS_MAX, SLO_COUNTS_MAX);
	assert_int_equal(places_take_base(places, &base), -ENOSPC);
	assert_int_equal(base, SLO_COUNTS_MAX - ENDPOINTS_MAX);
}

TEST(a_policy_is_free_when_no_connection_is_judged_by_it)
{
	struct policies_in_use in_use = {};

	add_policy(3, 0, 0);
	add_policy(64, 1, 1);
	add_policy(POLICIES_MAX - 1, 2, 2);
	policies_in_use_add(&in_use, 64);
	policies_in_use_add(&in_use, POLICIES_MAX - 1);
	places_review(&applied, &in_use);
	assert_null(places->policies[3]);
	assert_non_null(places->policies[64]);
	assert_non_null(places->policies[POLICIES_MAX - 1]);
	assert_next_slot(0);
	assert_next_slot(3);
	places_review(&applied, &none_in_use);
	assert_null(places->policies[64]);
	assert_null(places->policies[POLICIES_MAX - 1]);
}

TEST(a_live_policy_is_kept_although_no_connection_is_judged_by_it_yet)
{
	applied.in_force.policies = calloc(2, sizeof(*applied.in_force.policies));
	assert_non_null(applied.in_force.policies);
	applied.in_force.policies[0] = 5;
	applied.in_force.policies[1] = 9;
	applied.in_force.n_policies = 2;
	add_policy(5, 0, 0);
	add_policy(6, 1, 1);
	add_policy(9, 2, 2);
	places_review(&applied, &none_in_use);
	assert_non_null(places->policies[5]);
	assert_null(places->policies[6]);
	assert_non_null(places->policies[9]);
	assert_next_slot(1);
	assert_next_slot(3);
}

TEST(a_base_is_kept_while_a_policy_counts_from_it_on)
{
	struct policies_in_use in_use = {};
	__u32 base;

	policies_in_use_add(&in_use, 7);
	add_policy(7, 0, SLO_CRITERIA_MAX + ENDPOINTS_MAX);
	places_review(&applied, &in_use);
	assert_false(places->bases[0]);
	assert_true(places->bases[1]);
	assert_int_equal(places_take_base(places, &base), 0);
	assert_int_equal(places_take_base(places, &base), 0);
	assert_int_equal(base, SLO_CRITERIA_MAX + 2 * ENDPOINTS_MAX);
}

/* The policies' references do not tell: a track's last counts may not be read yet. */
TEST(a_track_keeps_its_slot_until_it_is_forgotten)
{
	static const char one[] = "services:\n  - {name: shop, match: {port: 80}}\n"
				  "slos:\n  - {name: up, service: shop, objective: 99}\n";
	static const char none[] = "services:\n  - {name: shop, match: {port: 80}}\n";

	put_in_force(&applied, &none_in_use, one);
	places_review(&applied, &none_in_use);
	assert_next_slot(1);
	put_in_force(&applied, &none_in_use, none);
	places_review(&applied, &none_in_use);
	assert_next_slot(1);
	for (int i = 0; i < 2; i++)
		applied_review_ending(&applied, &none_in_use);
	applied_forget_ended(&applied);
	places_review(&applied, &none_in_use);
	assert_next_slot(0);
}

TEST(what_is_judged_for_is_told_by_its_counters)
{
	assert_false(places_judged_for(places, 0));
	add_policy(1, 4, 0);
	add_policy(2, 5, SLO_CRITERIA_MAX);
	assert_true(places_judged_for(places, 0));
	assert_true(places_judged_for(places, SLO_CRITERIA_MAX));
	assert_false(places_judged_for(places, 4));
	assert_false(places_judged_for(places, SLO_CRITERIA_MAX + 1));
}

/* ---- restoring ---- */

struct kernel {
	__u32 read[8];
	size_t n;
	__u32 broken;
};

/* Policy p counts at slot p. */
static int read_policy(void *context, __u32 number, struct policy *ret)
{
	struct kernel *kernel = context;

	if (number == kernel->broken)
		return -ENOENT;
	kernel->read[kernel->n++] = number;
	*ret = (struct policy){.n_slos = 1, .slos = {{.criteria = number, .counts = number}}};
	return 0;
}

TEST(policies_are_restored_that_are_live_or_in_use)
{
	struct policies_in_use in_use = {};
	struct kernel kernel = {};

	applied.in_force.policies = calloc(1, sizeof(*applied.in_force.policies));
	assert_non_null(applied.in_force.policies);
	applied.in_force.policies[0] = 2;
	applied.in_force.n_policies = 1;
	policies_in_use_add(&in_use, 0); /* connections without a policy */
	policies_in_use_add(&in_use, 2);
	policies_in_use_add(&in_use, 3);
	assert_int_equal(places_restore(&applied, &in_use, read_policy, &kernel), 0);
	assert_int_equal(kernel.n, 2);
	assert_int_equal(kernel.read[0], 2);
	assert_int_equal(kernel.read[1], 3);
	assert_null(places->policies[0]);
	assert_true(places_judged_for(places, 2));
	assert_true(places_judged_for(places, 3));
	assert_false(places_judged_for(places, 1));
	places_review(&applied, &none_in_use);
	assert_true(places_judged_for(places, 2));
	assert_false(places_judged_for(places, 3));
}

/* Policies 1 to 40 were written once; 7 judges for nothing. */
static int read_forty(void *context, __u32 number, struct policy *ret)
{
	struct kernel *kernel = context;

	kernel->n++;
	*ret = (struct policy){};
	if (number <= 40 && number != 7)
		ret->n_slos = 1;
	return 0;
}

/* The sweep has missed an open request, so any policy may be its one: but none that was never written. */
TEST(policies_that_were_never_written_are_free)
{
	struct policies_in_use all;
	struct kernel kernel = {};
	size_t taken = 0;

	memset(&all, 0xff, sizeof(all));
	applied.in_force.policies = calloc(1, sizeof(*applied.in_force.policies));
	assert_non_null(applied.in_force.policies);
	applied.in_force.policies[0] = 41; /* it judges for nothing, and is live */
	applied.in_force.n_policies = 1;
	assert_int_equal(places_restore(&applied, &all, read_forty, &kernel), 0);
	for (size_t p = 0; p < POLICIES_MAX; p++)
		taken += places->policies[p] != NULL;
	assert_int_equal(taken, 40);
	assert_null(places->policies[7]);
	assert_non_null(places->policies[41]);
}

TEST(a_policy_that_cannot_be_read_is_an_error)
{
	struct policies_in_use in_use = {};
	struct kernel kernel = {.broken = 4};
	int r;

	policies_in_use_add(&in_use, 3);
	policies_in_use_add(&in_use, 4);
	assert_int_equal(places_restore(&applied, &in_use, read_policy, &kernel), -ENOENT);
	for (unsigned long n = 1; n <= 2; n++) {
		n_allocations = 0;
		fail_at = n;
		kernel = (struct kernel){};
		r = places_restore(&applied, &none_in_use, read_policy, &kernel);
		fail_at = 0;
		assert_int_equal(r, n == 1 ? -ENOMEM : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(slots_are_taken_from_the_first_on),
		WITH_SETUP(bases_are_where_counters_of_endpoints_begin),
		WITH_SETUP(a_policy_is_free_when_no_connection_is_judged_by_it),
		WITH_SETUP(a_live_policy_is_kept_although_no_connection_is_judged_by_it_yet),
		WITH_SETUP(a_base_is_kept_while_a_policy_counts_from_it_on),
		WITH_SETUP(a_track_keeps_its_slot_until_it_is_forgotten),
		WITH_SETUP(what_is_judged_for_is_told_by_its_counters),
		WITH_SETUP(policies_are_restored_that_are_live_or_in_use),
		WITH_SETUP(policies_that_were_never_written_are_free),
		WITH_SETUP(a_policy_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
