/* SPDX-License-Identifier: GPL-2.0-only */
/* SLOs of every found service: a track for each service that is met, or known from disk. */
#include <errno.h>

#include "tests/unit/apply/applied_fixture.h"

static const char wild[] = "slos:\n"
			   "  - {name: \"{service}-up\", service: \"*\", objective: 99}\n";

static const char without[] = "services:\n  - {name: shop, match: {port: 80}}\n";

static struct applied applied;

static int setup(void **state)
{
	(void)state;
	return applied_init(&applied);
}

static int teardown(void **state)
{
	(void)state;
	applied_clear(&applied);
	return 0;
}

TEST(a_found_service_has_a_track_for_each_wildcard)
{
	const struct track *track;
	struct config config;
	struct change change = plan(&applied, &none_in_use, wild, &config);

	assert_int_equal(change.write.n_counters, 1);
	assert_int_equal(change.write.counters[0].slot, 0);
	assert_int_equal(change.write.counters[0].counts, SLO_CRITERIA_MAX);
	assert_int_equal(change.write.counters[0].n_counts, ENDPOINTS_MAX);
	change_commit(&change);
	assert_int_equal(applied.tracks.n_wildcards, 1);
	assert_int_equal(applied_found(&applied, "nginx:80", 5, 0), 0);
	assert_int_equal(applied_found(&applied, "nginx:80", 5, 0), 0);
	assert_int_equal(applied.tracks.n_found, 1);
	track = track_named(&applied, "nginx:80-up");
	assert_int_equal(track->counts, SLO_CRITERIA_MAX + 5);
	assert_true(track->wildcard);
	assert_int_equal(track->birth.serial, applied.tracks.wildcards[0].birth.serial);
	/* it goes on over a reload */
	put_in_force(&applied, &none_in_use, wild);
	assert_ptr_equal(track_named(&applied, "nginx:80-up"), track);
	assert_ptr_equal(track->slo, &applied.in_force.config.slos[0]);
}

TEST(a_service_known_from_disk_gets_its_slot_when_it_is_met)
{
	const char *definition;
	struct track *track;

	put_in_force(&applied, &none_in_use, wild);
	definition = applied.tracks.wildcards[0].definition;
	assert_int_equal(applied_found_before(&applied, "old-up", "old", "another"), 0);
	assert_int_equal(applied_found_before(&applied, "else-up", "old", definition), 0);
	assert_int_equal(applied.tracks.n_found, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(applied_found_before(&applied, "old-up", "old", definition), 0);
	assert_int_equal(applied.tracks.n_found, 1);
	track = track_named(&applied, "old-up");
	assert_int_equal(track->counts, TRACK_NO_COUNTS);
	assert_int_equal(applied_found(&applied, "old", 9, 0), 0);
	assert_int_equal(applied.tracks.n_found, 1);
	assert_int_equal(track->counts, SLO_CRITERIA_MAX + 9);
}

/* Its id may have been another's meanwhile: its counters begin at 0, and are others on disk. */
TEST(a_service_that_is_lost_and_met_again_goes_on)
{
	struct track *track;
	__u32 base;

	put_in_force(&applied, &none_in_use, wild);
	base = applied.tracks.wildcards[0].base;
	assert_int_equal(applied_found(&applied, "nginx:80", 5, 77), 0);
	assert_int_equal(applied_found(&applied, "other:80", 6, 78), 0);
	track = track_named(&applied, "nginx:80-up");
	assert_int_equal(track->birth.serial,
			 applied.tracks.wildcards[0].birth.serial | 77ULL << 32);
	track->stepped = (struct slo_counts){.good = 12};
	applied_lost(&applied, 5);
	assert_int_equal(track->counts, TRACK_NO_COUNTS);
	assert_int_equal(track->stepped.good, 12);
	assert_int_equal(track_named(&applied, "other:80-up")->counts, base + 6);
	assert_int_equal(applied_found(&applied, "new:81", 5, 79), 0);
	assert_int_equal(track_named(&applied, "new:81-up")->counts, base + 5);
	assert_int_equal(applied_found(&applied, "nginx:80", 9, 80), 0);
	assert_ptr_equal(track_named(&applied, "nginx:80-up"), track);
	assert_int_equal(applied.tracks.n_found, 3);
	assert_int_equal(track->counts, base + 9);
	assert_int_equal(track->stepped.good, 0);
	assert_int_equal(track->birth.serial,
			 applied.tracks.wildcards[0].birth.serial | 80ULL << 32);
}

static void count_at(const char *name, double t_seconds)
{
	struct track *track = track_named(&applied, name);

	track->stepped_seconds = t_seconds;
	assert_int_equal(slo_history_add(track->history, t_seconds, (struct slo_events){1, 0}), 0);
}

TEST(services_that_are_lost_for_a_window_are_forgotten)
{
	const double day = 86400, now = 100 * day;

	put_in_force(&applied, &none_in_use, wild); /* its window is 30 d */
	for (__u32 i = 1; i <= 5; i++) {
		const char *names[] = {"", "here", "late", "old", "paged", "empty"};
		const char *slos[] = {"", "here-up", "late-up", "old-up", "paged-up"};

		assert_int_equal(applied_found(&applied, names[i], i, i), 0);
		if (i < 5)
			count_at(slos[i], i == 2 ? now - 29 * day : now - 31 * day);
		if (i > 1)
			applied_lost(&applied, i);
	}
	track_named(&applied, "empty-up")->stepped_seconds = now;
	track_named(&applied, "paged-up")->alerts.states[0].status = ALERT_FIRING;
	applied_forget_lost(&applied, now);
	assert_int_equal(applied.tracks.n_found, 3);
	assert_non_null(track_named(&applied, "here-up"));
	assert_non_null(track_named(&applied, "late-up"));
	assert_non_null(track_named(&applied, "paged-up"));
}

TEST(no_more_than_so_many_lost_services_are_kept)
{
	const double now = 1000000;
	char name[32];

	put_in_force(&applied, &none_in_use, wild);
	for (__u32 i = 1; i <= FOUND_LOST_MAX + 10; i++) {
		snprintf(name, sizeof(name), "app:%u", i);
		assert_int_equal(applied_found(&applied, name, i % 2000 + 1, i), 0);
		snprintf(name, sizeof(name), "app:%u-up", i);
		count_at(name, now - (i * 7919 % (FOUND_LOST_MAX + 10)));
		applied_lost(&applied, i % 2000 + 1);
	}
	applied_forget_lost(&applied, now);
	assert_int_equal(applied.tracks.n_found, FOUND_LOST_MAX);
	for (size_t i = 0; i < FOUND_LOST_MAX; i++) {
		double last;

		assert_true(slo_history_last_event(applied.tracks.found[i].track->history, &last));
		assert_true(last > now - FOUND_LOST_MAX);
	}
}

TEST(an_ended_wildcard_takes_its_tracks_with_it_and_back)
{
	struct track *track;
	__u32 base;

	put_in_force(&applied, &none_in_use, wild);
	assert_int_equal(applied_found(&applied, "nginx:80", 5, 0), 0);
	track = track_named(&applied, "nginx:80-up");
	base = applied.tracks.wildcards[0].base;
	put_in_force(&applied, &none_in_use, without);
	assert_int_equal(applied.tracks.n_found, 0);
	assert_int_equal(applied.tracks.n_ending, 1);
	assert_int_equal(applied.tracks.n_wildcards, 1);
	assert_null(applied.tracks.wildcards[0].slo);
	/* a service met now may have requests that began under it */
	assert_int_equal(applied_found(&applied, "late:81", 6, 0), 0);
	assert_int_equal(applied.tracks.n_ending, 2);
	assert_null(applied.tracks.ending[1].track->slo);
	put_in_force(&applied, &none_in_use, wild);
	assert_int_equal(applied.tracks.n_wildcards, 1);
	assert_int_equal(applied.tracks.wildcards[0].base, base);
	assert_int_equal(applied.tracks.n_found, 2);
	assert_ptr_equal(track_named(&applied, "nginx:80-up"), track);
	assert_ptr_equal(track->slo, &applied.in_force.config.slos[0]);
	/* forgotten, its base is free again */
	put_in_force(&applied, &none_in_use, without);
	for (int i = 0; i < 2; i++)
		applied_review_ending(&applied, &none_in_use);
	applied_forget_ended(&applied);
	assert_int_equal(applied.tracks.n_wildcards, 0);
	assert_int_equal(applied.tracks.n_ending, 0);
}

TEST(wildcards_of_open_requests_count_to_the_limit)
{
	struct tables_region region;
	struct error error = {};
	char yaml[256];

	for (int i = 0; i < SLO_WILDCARDS_MAX; i++) {
		struct policies_in_use all = in_use_all();

		snprintf(yaml, sizeof(yaml),
			 "slos:\n  - {name: \"{service}-%d\", service: \"*\", objective: 99}\n", i);
		put_in_force(&applied, &all, yaml);
		assert_int_equal(applied.tracks.wildcards[0].base,
				 SLO_CRITERIA_MAX + i * ENDPOINTS_MAX);
	}
	region = next_region(&applied);
	assert_int_equal(plan_fails(&applied, &none_in_use, &region, wild, &error), -ENOSPC);
	assert_string_equal(error.text,
			    "t.yaml: expected at most 4 SLOs for service \"*\" (those of open "
			    "requests under earlier configurations included)");
	for (int i = 0; i < 2; i++)
		applied_review_ending(&applied, &none_in_use);
	applied_forget_ended(&applied);
	put_in_force(&applied, &none_in_use, wild);
	assert_int_equal(applied.tracks.wildcards[0].base, SLO_CRITERIA_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_found_service_has_a_track_for_each_wildcard),
		WITH_SETUP(a_service_known_from_disk_gets_its_slot_when_it_is_met),
		WITH_SETUP(a_service_that_is_lost_and_met_again_goes_on),
		WITH_SETUP(services_that_are_lost_for_a_window_are_forgotten),
		WITH_SETUP(no_more_than_so_many_lost_services_are_kept),
		WITH_SETUP(an_ended_wildcard_takes_its_tracks_with_it_and_back),
		WITH_SETUP(wildcards_of_open_requests_count_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
