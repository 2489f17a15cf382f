/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One configuration put in force after another: what goes on, what begins, what ends, and what is to
 * be written for it. Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#include <errno.h>

#include "tests/unit/apply/applied_fixture.h"
#include "apply/places.h"
#include "tests/unit/fixtures/malloc_fail.h"

static const char two[] = "services:\n"
			  "  - {name: shop, match: {port: 80}, routes: [/a, /b]}\n"
			  "  - {name: cart, match: {port: 81}, routes: [/c]}\n"
			  "slos:\n"
			  "  - {name: fast, service: shop, objective: 99, good: {latency: 1s}}\n"
			  "  - {name: up, service: cart, objective: 99.9}\n";

/* `two` in another order, with one more service, route and SLO before them. */
static const char turned[] =
	"services:\n"
	"  - {name: new, match: {port: 82}, routes: [/z]}\n"
	"  - {name: cart, match: {port: 81}, routes: [/c]}\n"
	"  - {name: shop, match: {port: 80}, routes: [/b, /a]}\n"
	"slos:\n"
	"  - {name: also, service: new, objective: 95}\n"
	"  - {name: up, service: cart, objective: 99.9}\n"
	"  - {name: fast, service: shop, objective: 98, good: {latency: 1s}}\n";

/* `fast` counts something else, `up` is gone. */
static const char changed[] =
	"services:\n"
	"  - {name: shop, match: {port: 80}, routes: [/a, /b]}\n"
	"slos:\n"
	"  - {name: fast, service: shop, objective: 99, good: {latency: 2s}}\n";

static const char wild[] = "slos:\n"
			   "  - {name: \"{service}-up\", service: \"*\", objective: 99}\n";

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

/* ---- numbers ---- */

TEST(ids_last_over_reloads)
{
	static const char *const services[] = {"shop", "cart", "new"};
	static const char *const routes[] = {"/a", "/b", "/c", "/z"};
	struct config config;
	struct change change;

	put_in_force(&applied, &none_in_use, two);
	change = plan(&applied, &none_in_use, turned, &config);
	for (__u32 i = 0; i < 3; i++)
		assert_int_equal(ids_number(applied.numbers.services, services[i]), i + 1);
	for (__u32 i = 0; i < 4; i++)
		assert_int_equal(ids_number(applied.numbers.routes, routes[i]), i + 1);
	assert_int_equal(change.write.tables.policies[0].service, 3);
	assert_int_equal(change.write.tables.policies[1].service, 2);
	assert_int_equal(change.write.tables.policies[2].service, 1);
	change_commit(&change);
}

TEST(generations_are_counted)
{
	for (__u32 generation = 1; generation <= 5; generation++) {
		put_in_force(&applied, &none_in_use, generation % 2 ? two : turned);
		assert_int_equal(applied.in_force.generation, generation);
	}
}

/* ---- what goes on, begins, ends ---- */

TEST(the_first_configuration_has_all_counters_written)
{
	struct config config;
	struct change change = plan(&applied, &none_in_use, two, &config);

	assert_int_equal(change.write.generation, 1);
	assert_int_equal(change.write.n_counters, 2);
	for (__u32 i = 0; i < 2; i++) {
		const struct new_counters *counters = &change.write.counters[i];

		assert_int_equal(counters->slot, i);
		assert_int_equal(counters->counts, i);
		assert_int_equal(counters->n_counts, 1);
	}
	assert_true(change.write.counters[0].criteria.latency_ns == 1000000000);
	assert_true(change.write.counters[1].criteria.latency_ns == ~0ULL);
	/* policy 0 is none; behind the services' is that of found ones */
	assert_int_equal(change.write.tables.n_policies, 3);
	for (__u16 i = 0; i < 3; i++)
		assert_int_equal(change.write.policies[i], i + 1);
	change_commit(&change);
	assert_int_equal(applied.tracks.n_configured, 2);
	assert_string_equal(applied.tracks.configured[0]->name, "fast");
	assert_int_equal(applied.in_force.n_policies, 3);
	assert_int_equal(applied.in_force.lookups.n, 2); /* the host's network namespaces */
	assert_int_equal(applied.in_force.config.n_slos, 2);
}

TEST(an_unchanged_slo_goes_on)
{
	struct track *fast, *up;
	struct config config;
	struct change change;

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	up = track_named(&applied, "up");
	change = plan(&applied, &none_in_use, turned, &config);
	/* another objective and another place in the file are no other definition */
	assert_int_equal(change.write.n_counters, 1);
	assert_int_equal(change.write.counters[0].slot, 2);
	assert_int_equal(change.write.tables.policies[2].slos[0].counts, fast->counts);
	change_commit(&change);
	assert_ptr_equal(track_named(&applied, "fast"), fast);
	assert_ptr_equal(track_named(&applied, "up"), up);
	assert_int_equal(fast->birth.serial, 1);
	assert_true(fast->slo->objective == 0.98);
	assert_ptr_equal(fast->slo, &applied.in_force.config.slos[2]);
	assert_int_equal(track_named(&applied, "also")->birth.serial, 3);
	assert_int_equal(applied.tracks.n_ending, 0);
	assert_false(applied_any_ending(&applied));
}

TEST(another_definition_begins_anew_and_ends_the_former)
{
	struct track *fast, *up;

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	up = track_named(&applied, "up");
	put_in_force(&applied, &none_in_use, changed);
	assert_ptr_not_equal(track_named(&applied, "fast"), fast);
	/* both former slots are kept while they are counted on */
	assert_int_equal(track_named(&applied, "fast")->counts, 2);
	assert_true(applied_any_ending(&applied));
	assert_int_equal(applied.tracks.n_ending, 2);
	assert_ptr_equal(applied.tracks.ending[0].track, fast);
	assert_ptr_equal(applied.tracks.ending[1].track, up);
	assert_null(fast->slo);
	assert_null(tracks_named(&applied.tracks, "up"));
}

TEST(one_that_comes_back_goes_on)
{
	struct track *fast, *up;

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	up = track_named(&applied, "up");
	put_in_force(&applied, &none_in_use, changed);
	put_in_force(&applied, &none_in_use, two);
	assert_ptr_equal(track_named(&applied, "fast"), fast);
	assert_ptr_equal(track_named(&applied, "up"), up);
	assert_ptr_equal(fast->slo, &applied.in_force.config.slos[0]);
	/* the one that took its place ends now */
	assert_int_equal(applied.tracks.n_ending, 1);
	assert_int_equal(applied.tracks.ending[0].track->counts, 2);
}

TEST(an_ended_one_is_forgotten_when_nobody_is_judged_for_it)
{
	struct policies_in_use in_use = {};

	put_in_force(&applied, &none_in_use, two);
	put_in_force(&applied, &none_in_use, changed);
	/* policies 1 (shop) and 2 (cart) are those of the first configuration */
	policies_in_use_add(&in_use, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(applied.tracks.n_ending, 2);
		applied_review_ending(&applied, &in_use);
		applied_forget_ended(&applied);
	}
	assert_int_equal(applied.tracks.n_ending, 1);
	assert_string_equal(applied.tracks.ending[0].track->name, "up");
	/* the sweeps must have been in a row; policy 2, once unused, cannot come back */
	for (int i = 0; i < 5; i++) {
		applied_review_ending(&applied, &in_use);
		applied_forget_ended(&applied);
	}
	assert_int_equal(applied.tracks.n_ending, 1);
	applied_review_ending(&applied, &none_in_use);
	applied_forget_ended(&applied);
	assert_int_equal(applied.tracks.n_ending, 1);
	applied_review_ending(&applied, &none_in_use);
	applied_forget_ended(&applied);
	assert_int_equal(applied.tracks.n_ending, 0);
	assert_false(applied_any_ending(&applied));
}

TEST(tracks_are_listed_by_what_is_asked)
{
	static const char *const in_force[] = {"fast", "nginx:80-up"}, *const ended[] = {"up"};
	const struct tracks *tracks = &applied.tracks;
	struct track *track;
	char yaml[512];
	size_t at = 0;

	put_in_force(&applied, &none_in_use, two);
	snprintf(yaml, sizeof(yaml), "%.*s%s  - {name: fast, service: shop, objective: 99, %s}\n",
		 (int)(strstr(changed, "slos") - changed), changed, wild, "good: {latency: 1s}");
	put_in_force(&applied, &none_in_use, yaml);
	assert_int_equal(applied_found(&applied, "nginx:80", 3, 0), 0);
	assert_int_equal(tracks_count(tracks, TRACKS_IN_FORCE), 3);
	assert_int_equal(tracks_count(tracks, TRACKS_ENDED), 1);
	assert_int_equal(tracks_count(tracks, TRACKS_IN_FORCE | TRACKS_ENDED), 4);
	assert_string_equal(tracks_next(tracks, TRACKS_IN_FORCE, &at)->name, "shop-up");
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(tracks_next(tracks, TRACKS_IN_FORCE, &at)->name, in_force[i]);
	assert_null(tracks_next(tracks, TRACKS_IN_FORCE, &at));
	at = 0;
	assert_string_equal(tracks_next(tracks, TRACKS_ENDED, &at)->name, ended[0]);
	assert_null(tracks_next(tracks, TRACKS_ENDED, &at));
	at = 0;
	for (size_t i = 0; (track = tracks_next(tracks, TRACKS_IN_FORCE | TRACKS_ENDED, &at)); i++)
		assert_true((i == 3) == (track->slo == NULL));
	assert_int_equal(at, 5);
}

/* ---- plans that come to nothing ---- */

static void assert_as_before(__u32 generation, const struct track *fast)
{
	assert_int_equal(applied.in_force.generation, generation);
	assert_int_equal(applied.in_force.config.n_slos, 2);
	assert_int_equal(applied.in_force.n_policies, 3);
	assert_int_equal(applied.tracks.n_configured, 2);
	assert_int_equal(applied.tracks.n_ending, 0);
	assert_ptr_equal(track_named(&applied, "fast"), fast);
	assert_ptr_equal(fast->slo, &applied.in_force.config.slos[0]);
}

TEST(a_dropped_change_leaves_all_as_it_was)
{
	const struct track *fast;
	struct config config;
	struct change change;

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	for (int i = 0; i < 2; i++) {
		change = plan(&applied, &none_in_use, changed, &config);
		assert_int_equal(change.write.generation, 2);
		assert_int_equal(change.write.counters[0].slot, 2); /* not taken by the last */
		assert_int_equal(change.write.policies[0], 4);
		change_drop(&change);
		config_clear(&config);
		assert_as_before(1, fast);
	}
}

TEST(too_small_a_room_is_refused)
{
	struct tables_region region;
	const struct track *fast;
	struct error error = {};

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	region = next_region(&applied);
	region.max_states = 3;
	assert_int_equal(plan_fails(&applied, &none_in_use, &region, turned, &error), -E2BIG);
	assert_non_null(strstr(error.text, "t.yaml: needs more room than was reserved"));
	assert_non_null(strstr(error.text, " states of 3, "));
	assert_as_before(1, fast);
}

TEST(more_names_than_can_be_told_apart_are_refused)
{
	struct tables_region region;
	struct error error = {};
	char name[16];

	put_in_force(&applied, &none_in_use, two);
	for (__u32 i = 0; i < SERVICE_CONFIGURED_MAX; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		ids_number(applied.numbers.services, name);
	}
	region = next_region(&applied);
	assert_int_equal(plan_fails(&applied, &none_in_use, &region, turned, &error), -ENOSPC);
	assert_string_equal(error.text, "t.yaml: expected at most 4095 services and 65534 routes, "
					"those of earlier configurations included: restart the "
					"agent to apply it");
}

TEST(more_slos_than_there_are_places_are_refused)
{
	struct policies_in_use all = in_use_all();
	struct tables_region region;
	struct error error = {};
	struct policy_refs *refs;

	put_in_force(&applied, &none_in_use, two);
	/* requests are open that count everywhere */
	for (__u32 p = 0; p < SLO_CRITERIA_MAX / POLICY_SLOS_MAX; p++) {
		refs = calloc(1, sizeof(*refs));
		assert_non_null(refs);
		refs->n = POLICY_SLOS_MAX;
		for (__u32 i = 0; i < POLICY_SLOS_MAX; i++)
			refs->slos[i].criteria = p * POLICY_SLOS_MAX + i;
		applied.numbers.places->policies[100 + p] = refs;
	}
	region = next_region(&applied);
	assert_int_equal(plan_fails(&applied, &all, &region, changed, &error), -ENOSPC);
	assert_string_equal(error.text,
			    "t.yaml: expected at most 4096 SLOs, those of open requests "
			    "under earlier configurations included: try again when "
			    "they have ended");
}

TEST(no_free_policies_are_refused)
{
	struct policies_in_use all = in_use_all();
	struct tables_region region;
	const struct track *fast;
	struct error error = {};

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	/* all but one of the others are judged by */
	for (__u32 p = 5; p < POLICIES_MAX; p++)
		applied.numbers.places->policies[p] = calloc(1, sizeof(struct policy_refs));
	region = next_region(&applied);
	assert_int_equal(plan_fails(&applied, &all, &region, changed, &error), -EBUSY);
	assert_string_equal(error.text, "t.yaml: too many requests are still open under earlier "
					"configurations: try again when they have ended");
	assert_as_before(1, fast);
	put_in_force(&applied, &none_in_use, changed);
	assert_int_equal(applied.in_force.policies[0], 4);
	assert_int_equal(applied.in_force.policies[1], 5);
}

TEST(every_failed_allocation_leaves_all_as_it_was)
{
	struct tables_region region;
	const struct track *fast;
	struct config config;
	struct change change;
	unsigned long n;

	put_in_force(&applied, &none_in_use, two);
	fast = track_named(&applied, "fast");
	region = next_region(&applied);
	for (n = 1;; n++) {
		struct error error = {};
		int r;

		configure(turned, &config);
		n_allocations = 0;
		fail_at = n;
		r = change_plan(&applied, &none_in_use, &region, &config, &change, &error);
		fail_at = 0;
		if (!r)
			break;
		/* no memory for an id is no id */
		assert_true(r == -ENOMEM || r == -ENOSPC);
		assert_non_null(strstr(error.text, "t.yaml: cannot be applied: "));
		config_clear(&config);
		assert_as_before(1, fast);
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 50);
	/* nothing that was planned needs memory any more */
	fail_at = n_allocations + 1;
	change_commit(&change);
	fail_at = 0;
	assert_int_equal(applied.tracks.n_configured, 3);
	assert_ptr_equal(track_named(&applied, "fast"), fast);
}

TEST(room_has_spare_and_a_least)
{
	struct tables_region room = room_for_all();
	struct error error = {};
	struct config config;

	assert_int_equal(room.max_states, 16384);
	assert_int_equal(room.max_cells, 65536);
	assert_int_equal(room.max_accepts, 4096);
	assert_int_equal(room.max_sets, 256);
	configure(two, &config);
	for (unsigned long n = 1;; n++) {
		int r;

		n_allocations = 0;
		fail_at = n;
		r = applied_room(&config, &room, &error);
		fail_at = 0;
		if (!r)
			break;
		assert_true(r == -ENOMEM || r == -ENOSPC);
		assert_string_not_equal(error.text, "");
	}
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(ids_last_over_reloads),
		WITH_SETUP(generations_are_counted),
		WITH_SETUP(the_first_configuration_has_all_counters_written),
		WITH_SETUP(an_unchanged_slo_goes_on),
		WITH_SETUP(another_definition_begins_anew_and_ends_the_former),
		WITH_SETUP(one_that_comes_back_goes_on),
		WITH_SETUP(an_ended_one_is_forgotten_when_nobody_is_judged_for_it),
		WITH_SETUP(tracks_are_listed_by_what_is_asked),
		WITH_SETUP(a_dropped_change_leaves_all_as_it_was),
		WITH_SETUP(too_small_a_room_is_refused),
		WITH_SETUP(more_names_than_can_be_told_apart_are_refused),
		WITH_SETUP(more_slos_than_there_are_places_are_refused),
		WITH_SETUP(no_free_policies_are_refused),
		WITH_SETUP(every_failed_allocation_leaves_all_as_it_was),
		cmocka_unit_test(room_has_spare_and_a_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
