/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "agent/quotas.h"

enum { SECOND = 1000000000 };

/* The room `kernel` is not part of unit tests; nothing here reads it. */
int probe_each_fold(struct probe *probe, probe_fold_fn fn, void *context)
{
	(void)probe, (void)fn, (void)context;
	return 0;
}

struct owner probe_owned(struct probe *probe, const struct owner_key *owner)
{
	(void)probe, (void)owner;
	return (struct owner){};
}

int probe_drop_fold(struct probe *probe, const struct owner_key *owner)
{
	(void)probe, (void)owner;
	return 0;
}

static struct quota_met met(void)
{
	return (struct quota_met){
		.owner = {.kind = OWNER_USER, .id = 65534},
		.fold = {.since_ns = 1, .last_ns = 10ULL * SECOND, .connections = 7},
		.has = ENDPOINTS_OF_USER,
		.told_connections = 7,
	};
}

TEST(is_met_while_the_owner_has_all_it_may_have)
{
	struct quota_met quota = met();

	assert_false(quota_is_over(&quota, 11ULL * SECOND));
	assert_false(quota_is_over(&quota, (10ULL + QUOTA_OVER_S) * SECOND));
	assert_true(quota_is_over(&quota, (11ULL + QUOTA_OVER_S) * SECOND));
}

TEST(is_over_when_there_is_room_and_nothing_more_came)
{
	struct quota_met quota = met();

	quota.has = ENDPOINTS_OF_USER / 4 * 3;
	assert_false(quota_is_over(&quota, 11ULL * SECOND));
	quota.has--;
	assert_true(quota_is_over(&quota, 11ULL * SECOND));
	quota.fold.connections++;
	assert_false(quota_is_over(&quota, 11ULL * SECOND));
}

TEST(is_met_while_too_many_were_made_in_an_hour)
{
	struct quota_met quota = met();

	quota.has = 0;
	quota.made = MADE_TIMES * ENDPOINTS_OF_USER;
	assert_false(quota_is_over(&quota, 11ULL * SECOND));
	quota.made--;
	assert_true(quota_is_over(&quota, 11ULL * SECOND));
}

TEST(a_clock_behind_the_last_connection_is_no_end)
{
	struct quota_met quota = met();

	assert_false(quota_is_over(&quota, 0));
}

static void expect_text(struct quota_met quota, const char *text)
{
	char *shown = quota_owner_text(&quota);

	assert_string_equal(shown, text);
	free(shown);
}

TEST(owners_have_words)
{
	expect_text(met(), "user 65534");
	expect_text((struct quota_met){.owner = {.kind = OWNER_ALL}},
		    "all found services together");
	expect_text((struct quota_met){.owner = {.kind = OWNER_CGROUP, .id = 77},
				       .what = (char *)"/system.slice/shop.service"},
		    "cgroup /system.slice/shop.service");
	expect_text((struct quota_met){.owner = {.kind = OWNER_CGROUP, .id = 77}}, "cgroup 77");
	expect_text((struct quota_met){.owner = {.kind = OWNER_NETNS, .id = 4026531840}},
		    "network namespace 4026531840");
}

TEST(quotas_leave_room_for_configured_services)
{
	assert_true(ENDPOINTS_FOUND_MAX + ENDPOINTS_OF_SERVICE < ENDPOINTS_MAX);
	assert_true(SERIES_FOUND_MAX + SERIES_SPARE + SERIES_KEPT < SERIES_MAX);
	assert_true(quota_limit(OWNER_USER) < quota_limit(OWNER_NETNS));
	assert_true(quota_limit(OWNER_ALL) == ENDPOINTS_FOUND_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_met_while_the_owner_has_all_it_may_have),
		cmocka_unit_test(is_over_when_there_is_room_and_nothing_more_came),
		cmocka_unit_test(is_met_while_too_many_were_made_in_an_hour),
		cmocka_unit_test(a_clock_behind_the_last_connection_is_no_end),
		cmocka_unit_test(owners_have_words),
		cmocka_unit_test(quotas_leave_room_for_configured_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
