/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of events: sums of weights, quantiles, ranges, bounds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/samples/event_fixture.h"
#include "base/cleanup.h"
#include "samples/bucket.h"
#include "samples/filter.h"
#include "samples/group.h"

static struct groups *groups_by(const char *text)
{
	struct groups *groups = NULL;
	struct group_by by;
	struct error error;

	if (group_by_parse(text, &by, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(groups_new(&by, &groups), 0);
	return groups;
}

static json_t *finish(struct groups *groups, size_t limit)
{
	json_t *json = groups_json(groups, limit);

	assert_non_null(json);
	groups_free(groups);
	return json;
}

static json_t *group_at(const json_t *json, size_t i)
{
	return json_array_get(json_object_get(json, "groups"), i);
}

static const char *key_text(const json_t *json, size_t i, const char *name)
{
	return json_string_value(json_object_get(json_object_get(group_at(json, i), "key"), name));
}

static double number_of(const json_t *json, size_t i, const char *name)
{
	const json_t *value = json_object_get(group_at(json, i), name);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

TEST(groups_have_sums_of_weights_and_the_worst_comes_first)
{
	static const struct {
		const char *agent;
		bool bad;
		double weight, seconds;
	} events[] = {
		{"fine", false, 100, 0.01}, {"fine", false, 50, 0.02}, {"worse", true, 2, 0.5},
		{"worse", false, 10, 0.1},  {"bad", true, 1, 0.3},     {"fine", true, 1, 0.03},
		{NULL, false, 7, NAN},
	};
	struct groups *groups = groups_by("user_agent");
	struct event event = event_fixture();
	json_t *json;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		event.user_agent = events[i].agent;
		event.bad = events[i].bad;
		event.weight = events[i].weight;
		event.total_seconds = events[i].seconds;
		event.time = EVENT_FIXTURE_TIME + (double)i;
		assert_int_equal(groups_add(groups, &event), 0);
	}
	json = finish(groups, 10);
	assert_int_equal(json_array_size(json_object_get(json, "groups")), 4);
	assert_string_equal(key_text(json, 0, "user_agent"), "worse");
	assert_string_equal(key_text(json, 1, "user_agent"),
			    "fine"); /* as bad, with more requests */
	assert_string_equal(key_text(json, 2, "user_agent"), "bad");
	assert_null(key_text(json, 3, "user_agent"));
	assert_true(number_of(json, 0, "requests") == 12 && number_of(json, 0, "bad") == 2);
	assert_true(number_of(json, 0, "samples") == 2 && number_of(json, 0, "bad_samples") == 1);
	assert_true(fabs(number_of(json, 0, "bad_share") - 2 / 12.) < 1e-12);
	assert_true(number_of(json, 0, "share_of_bad") == 0.5);
	assert_true(number_of(json, 1, "requests") == 151);
	assert_true(fabs(number_of(json, 1, "p50_seconds") - 0.01) < 1e-6);
	assert_true(fabs(number_of(json, 1, "p99_seconds") - 0.02) < 1e-6);
	assert_true(isnan(number_of(json, 3, "p50_seconds")));
	assert_string_equal(json_string_value(json_object_get(group_at(json, 0), "first")),
			    "2030-01-02T03:04:07Z");
	assert_string_equal(json_string_value(json_object_get(group_at(json, 0), "last")),
			    "2030-01-02T03:04:08Z");
	assert_string_equal(json_string_value(json_object_get(group_at(json, 3), "filter")),
			    "not user_agent");
	assert_true(json_is_null(json_object_get(json, "rest")));
	assert_true(json_is_false(json_object_get(json, "quantiles_cut")));
	json_decref(json);
}

TEST(quantiles_go_by_weight)
{
	struct groups *groups = groups_by("service");
	struct event event = event_fixture();
	json_t *json;

	/* 1 .. 100 ms with weight 1 each; and 98 with 10 s */
	for (int i = 100; i > 0; i--) {
		event.total_seconds = i / 1000.;
		event.weight = 1;
		assert_int_equal(groups_add(groups, &event), 0);
	}
	json = finish(groups, 1);
	assert_true(fabs(number_of(json, 0, "p50_seconds") - 0.05) < 1e-6);
	assert_true(fabs(number_of(json, 0, "p99_seconds") - 0.099) < 1e-6);
	json_decref(json);

	groups = groups_by("service");
	event.total_seconds = 0.001;
	event.weight = 98;
	assert_int_equal(groups_add(groups, &event), 0);
	event.total_seconds = 10;
	event.weight = 2;
	assert_int_equal(groups_add(groups, &event), 0);
	json = finish(groups, 1);
	assert_true(fabs(number_of(json, 0, "p50_seconds") - 0.001) < 1e-6);
	assert_true(number_of(json, 0, "p99_seconds") == 10);
	json_decref(json);
}

TEST(keys_have_the_types_of_their_fields_and_filters_lead_to_the_events)
{
	struct groups *groups = groups_by("status,bad,path");
	struct event event = event_fixture();
	struct filter *filter = NULL;
	struct error error;
	json_t *json, *key;

	event.path = "/a \"b\"\\(c)";
	assert_int_equal(groups_add(groups, &event), 0);
	json = finish(groups, 1);
	key = json_object_get(group_at(json, 0), "key");
	assert_int_equal(json_integer_value(json_object_get(key, "status")), 503);
	assert_true(json_is_true(json_object_get(key, "bad")));
	assert_string_equal(json_string_value(json_object_get(group_at(json, 0), "filter")),
			    "status=503 and bad=true and path=\"/a \\\"b\\\"\\\\(c)\"");
	assert_int_equal(filter_new(json_string_value(json_object_get(group_at(json, 0), "filter")),
				    &filter, &error),
			 0);
	assert_true(filter_is_true(filter, &event));
	filter_free(filter);
	json_decref(json);
}

/* The filter of a group of one event is true of it, whatever the field. */
TEST(the_filter_of_each_field_leads_to_its_events)
{
	const struct event events[] = {event_fixture(), event_fixture_unknown()};
	const struct field *field;

	for (size_t i = 0; (field = field_by_index(i)); i++) {
		for (size_t k = 0; k < 2; k++) {
			struct groups *groups = groups_by(
				!strcmp(field->name, "header.") ? "header.x-user-id" : field->name);
			struct filter *filter = NULL;
			struct error error;
			const char *text;
			json_t *json;

			assert_int_equal(groups_add(groups, &events[k]), 0);
			json = finish(groups, 1);
			text = json_string_value(json_object_get(group_at(json, 0), "filter"));
			if (filter_new(text, &filter, &error) < 0)
				fail_msg("%s: %s", text, error.text);
			if (!filter_is_true(filter, &events[k]))
				fail_msg("%s is not true", text);
			filter_free(filter);
			json_decref(json);
		}
	}
}

TEST(durations_are_grouped_by_ranges_in_their_order)
{
	static const double seconds[] = {0.2, 0.15, 0.0000001, 1000, 0.0199, 0.02, 0.199};
	static const char *const keys[] = {"<1us",	   "10ms..20ms",   "20ms..50ms",
					   "100ms..200ms", "200ms..500ms", ">=500s"};
	struct groups *groups = groups_by("total,service");
	struct event event = event_fixture();
	json_t *json;

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		event.total_seconds = seconds[i];
		event.service = i % 2 ? "shop" : "shop2";
		assert_int_equal(groups_add(groups, &event), 0);
	}
	json = finish(groups, 10);
	assert_string_equal(key_text(json, 0, "total"), keys[0]);
	assert_string_equal(key_text(json, 1, "total"), keys[1]);
	assert_string_equal(key_text(json, 2, "total"), keys[2]);
	assert_string_equal(key_text(json, 3, "total"), keys[3]);
	assert_string_equal(key_text(json, 4, "total"), keys[3]);
	assert_string_equal(key_text(json, 5, "total"), keys[4]);
	assert_string_equal(key_text(json, 6, "total"), keys[5]);
	assert_string_equal(json_string_value(json_object_get(group_at(json, 5), "filter")),
			    "total>=200ms and total<500ms and service=shop2");
	json_decref(json);
}

TEST(sizes_and_times_have_ranges)
{
	char text[BUCKET_TEXT_BYTES];
	struct bucket bucket = bucket_of(FIELD_BYTES, 1024, 0);

	assert_string_equal(bucket_text(&bucket, FIELD_BYTES, text), "1KiB..4KiB");
	bucket = bucket_of(FIELD_BYTES, 255, 0);
	assert_string_equal(bucket_text(&bucket, FIELD_BYTES, text), "<256");
	bucket = bucket_of(FIELD_BYTES, 5e9, 0);
	assert_string_equal(bucket_text(&bucket, FIELD_BYTES, text), ">=4GiB");
	bucket = bucket_of(FIELD_TIME, EVENT_FIXTURE_TIME, 60);
	assert_string_equal(bucket_text(&bucket, FIELD_TIME, text), "2030-01-02T03:04:00Z");
	assert_string_equal(bucket.to, "2030-01-02T03:05:00Z");
	assert_true(bucket_time_step(60) == 1);
	assert_true(bucket_time_step(3600) == 60);
	assert_true(bucket_time_step(1e9) == 86400);
}

TEST(what_is_beyond_the_bounds_is_in_the_rest)
{
	struct groups *groups = groups_by("path");
	struct event event = event_fixture();
	char path[32];
	json_t *json, *rest;

	event.path = path;
	event.bad = false;
	event.weight = 2;
	for (int i = 0; i < GROUPS_MAX + 10; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		assert_int_equal(groups_add(groups, &event), 0);
	}
	snprintf(path, sizeof(path), "/5");
	assert_int_equal(groups_add(groups, &event), 0);
	json = finish(groups, 3);
	assert_int_equal(json_array_size(json_object_get(json, "groups")), 3);
	assert_string_equal(key_text(json, 0, "path"), "/5");
	assert_string_equal(key_text(json, 1, "path"), "/0");
	rest = json_object_get(json, "rest");
	assert_int_equal(json_integer_value(json_object_get(rest, "groups")), GROUPS_MAX - 3 + 1);
	assert_true(json_is_true(json_object_get(rest, "at_least")));
	assert_int_equal(json_integer_value(json_object_get(rest, "samples")), GROUPS_MAX + 7);
	assert_true(json_number_value(json_object_get(rest, "requests")) == 2 * (GROUPS_MAX + 7));
	json_decref(json);
}

TEST(a_key_that_is_too_long_is_in_the_rest)
{
	_cleanup_free_ char *path = calloc(1, 10000);
	struct groups *groups = groups_by("path");
	struct event event = event_fixture();
	json_t *json;

	memset(path, 'a', 9999);
	event.path = path;
	assert_int_equal(groups_add(groups, &event), 0);
	json = finish(groups, 3);
	assert_int_equal(json_array_size(json_object_get(json, "groups")), 0);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "rest"), "samples")), 1);
	json_decref(json);
}

TEST(a_field_that_is_none_is_refused)
{
	struct group_by by = {.n_fields = 77};
	struct error error;

	assert_int_equal(group_by_parse("", &by, &error), -EINVAL);
	assert_int_equal(group_by_parse("service,", &by, &error), -EINVAL);
	assert_int_equal(group_by_parse("service,rout", &by, &error), -EINVAL);
	assert_non_null(strstr(error.text, "by: no field \"rout\"; did you mean \"route\"?"));
	assert_int_equal(group_by_parse("service,route,path,host", &by, &error), -EINVAL);
	assert_string_equal(error.text, "by: expected up to 3 fields");
	assert_int_equal(by.n_fields, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_have_sums_of_weights_and_the_worst_comes_first),
		cmocka_unit_test(quantiles_go_by_weight),
		cmocka_unit_test(
			keys_have_the_types_of_their_fields_and_filters_lead_to_the_events),
		cmocka_unit_test(the_filter_of_each_field_leads_to_its_events),
		cmocka_unit_test(durations_are_grouped_by_ranges_in_their_order),
		cmocka_unit_test(sizes_and_times_have_ranges),
		cmocka_unit_test(what_is_beyond_the_bounds_is_in_the_rest),
		cmocka_unit_test(a_key_that_is_too_long_is_in_the_rest),
		cmocka_unit_test(a_field_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
