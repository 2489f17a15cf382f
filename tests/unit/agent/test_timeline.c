/* SPDX-License-Identifier: GPL-2.0-only */
/* The timeline of changes: its order, its bounds, and that it is there again after a restart. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/store/store_fixture.h"
#include "agent/config_changes.h"
#include "agent/timeline.h"
#include "config/load.h"
#include "record/record.h"

struct listed {
	char text[400];
	size_t n;
};

static int list(void *context, const struct timeline_change *change)
{
	struct listed *listed = context;
	size_t at = strlen(listed->text);

	listed->n++;
	snprintf(listed->text + at, sizeof(listed->text) - at, "%.0f %s %s;", change->at,
		 change->service ?: "-", timeline_what_name(change->what));
	return 0;
}

static void add(struct timeline_changes *changes, double at, const char *service,
		enum timeline_what what)
{
	timeline_add(changes, &(struct timeline_change){
				      .at = at, .service = service, .what = what, .detail = "x"});
}

static struct listed listed(const struct timeline_changes *changes, const char *service,
			    double from, double until)
{
	struct listed ret = {};

	assert_int_equal(timeline_each(changes, service, from, until, list, &ret), 0);
	return ret;
}

TEST(changes_are_listed_by_time_for_their_service_and_the_hosts)
{
	struct timeline_changes changes = {};

	add(&changes, 30, "shop", TIMELINE_CRASHED);
	add(&changes, 10, NULL, TIMELINE_CONFIGURATION);
	add(&changes, 20, "cart", TIMELINE_VERSION);
	add(&changes, 15, "shop", TIMELINE_STARTED);
	assert_string_equal(listed(&changes, NULL, 0, 100).text,
			    "10 - configuration;15 shop started;20 cart version;30 shop crashed;");
	assert_string_equal(listed(&changes, "shop", 0, 100).text,
			    "10 - configuration;15 shop started;30 shop crashed;");
	assert_string_equal(listed(&changes, "shop", 15, 29).text, "15 shop started;");
	timeline_close(&changes);
}

TEST(who_crashes_in_a_loop_pushes_out_its_own_changes_alone)
{
	struct timeline_changes changes = {};

	for (int i = 0; i < 20; i++)
		add(&changes, i, "shop", TIMELINE_VERSION);
	for (int i = 0; i < 3000; i++)
		add(&changes, 100 + i, "loop", TIMELINE_CRASHED);
	for (int i = 0; i < 3000; i++)
		timeline_add(&changes, &(struct timeline_change){.at = 200 + i,
								 .service = "found",
								 .found = true,
								 .what = TIMELINE_CRASHED});
	assert_int_equal(changes.n, TIMELINE_MAX);
	assert_int_equal(listed(&changes, "shop", 0, 99).n, 20);
	assert_int_equal(listed(&changes, "loop", 0, 1e9).n, TIMELINE_HALF - 20);
	assert_int_equal(listed(&changes, "found", 0, 1e9).n, TIMELINE_HALF);
	timeline_close(&changes);
}

TEST(found_services_of_many_names_push_out_none_of_a_configured_one)
{
	struct timeline_changes changes = {};
	char name[32];

	for (int i = 0; i < 20; i++)
		add(&changes, i, "shop", TIMELINE_VERSION);
	for (int i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "found:%d", i);
		timeline_add(&changes, &(struct timeline_change){.at = 100 + i,
								 .service = name,
								 .found = true,
								 .what = TIMELINE_STARTED});
	}
	assert_int_equal(listed(&changes, "shop", 0, 1e9).n, 20);
	assert_int_equal(changes.n, 20 + TIMELINE_HALF);
	timeline_close(&changes);
}

TEST(what_is_older_than_a_year_goes)
{
	struct timeline_changes changes = {};

	add(&changes, 1000, "shop", TIMELINE_VERSION);
	add(&changes, 1000 + TIMELINE_KEPT_SECONDS + 1, "shop", TIMELINE_VERSION);
	assert_int_equal(changes.n, 1);
	timeline_close(&changes);
}

TEST(texts_are_valid_and_cut_between_characters)
{
	struct timeline_changes changes = {};
	char text[4 * TIMELINE_TEXT_BYTES] = "x";
	json_t *json;

	for (size_t i = 0; i < TIMELINE_TEXT_BYTES; i++)
		strcat(text, "\xc3\xa9");
	timeline_add(&changes, &(struct timeline_change){.at = 5,
							 .service = "a\xff",
							 .what = TIMELINE_VERSION,
							 .from = "1",
							 .to = text,
							 .pid = 7});
	json = timeline_json(&changes, NULL, 0, 10, 10);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "service")),
			    "a\\xff");
	assert_int_equal(json_string_length(json_object_get(json_array_get(json, 0), "to")),
			 TIMELINE_TEXT_BYTES - 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "at")),
			    "1970-01-01T00:00:05Z");
	assert_true(json_is_null(json_object_get(json_array_get(json, 0), "detail")));
	json_decref(json);
	timeline_close(&changes);
}

TEST(a_time_that_is_none_is_not_taken)
{
	struct timeline_changes changes = {};

	add(&changes, -1, "shop", TIMELINE_VERSION);
	add(&changes, 1e300, "shop", TIMELINE_VERSION);
	add(&changes, (double)NAN, "shop", TIMELINE_VERSION);
	assert_int_equal(changes.n, 0);
}

TEST(changes_are_there_again_after_a_restart)
{
	struct timeline_changes changes = {};
	struct record *record;
	struct error error;

	for (int run = 0; run < 3; run++) {
		assert_int_equal(record_new(state_dir, say, &record, &error), 0);
		assert_int_equal(timeline_open(&changes, record), 0);
		assert_int_equal(changes.n, run * 2);
		add(&changes, 2000 + run, "shop", TIMELINE_CRASHED);
		add(&changes, 1000 + run, NULL, TIMELINE_CONFIGURATION);
		record_flush(record);
		timeline_close(&changes);
		record_free(record);
	}
	assert_int_equal(record_new(state_dir, say, &record, &error), 0);
	assert_int_equal(timeline_open(&changes, record), 0);
	assert_string_equal(listed(&changes, NULL, 0, 1e9).text,
			    "1000 - configuration;1001 - configuration;1002 - configuration;"
			    "2000 shop crashed;2001 shop crashed;2002 shop crashed;");
	timeline_close(&changes);
	record_free(record);
}

static json_t *parts_of(const char *text)
{
	struct config config = {};
	struct error error;
	json_t *ret;

	assert_int_equal(config_parse(text, strlen(text), "t.yaml", &config, &error), 0);
	ret = config_parts(&config);
	config_clear(&config);
	assert_non_null(ret);
	return ret;
}

TEST(a_configuration_tells_what_it_has_changed)
{
	json_t *a = parts_of("services: [{name: shop, match: {port: 1}}]\n"
			     "slos: [{name: fast, service: shop, objective: 99.9}]\n");
	json_t *b = parts_of(
		"services: [{name: shop, match: {port: 1}}, {name: cart, match: {port: 3}}]\n"
		"slos: [{name: fast, service: shop, objective: 99}]\n");
	char line[CONFIG_CHANGES_BYTES];

	assert_false(config_changes(a, a, line));
	assert_true(config_changes(a, b, line));
	assert_string_equal(line, "added: service cart; changed: "
				  "objective of SLO fast (99.9% to 99%)");
	assert_true(config_changes(b, a, line));
	assert_string_equal(line, "removed: service cart; changed: "
				  "objective of SLO fast (99% to 99.9%)");
	json_decref(a);
	json_decref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_listed_by_time_for_their_service_and_the_hosts),
		cmocka_unit_test(who_crashes_in_a_loop_pushes_out_its_own_changes_alone),
		cmocka_unit_test(found_services_of_many_names_push_out_none_of_a_configured_one),
		cmocka_unit_test(what_is_older_than_a_year_goes),
		cmocka_unit_test(texts_are_valid_and_cut_between_characters),
		cmocka_unit_test(a_time_that_is_none_is_not_taken),
		STORE_TEST(changes_are_there_again_after_a_restart),
		cmocka_unit_test(a_configuration_tells_what_it_has_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
