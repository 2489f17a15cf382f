/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions about events, and their answers as JSON and CSV. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/malloc_fail.h"
#include "tests/unit/samples/event_fixture.h"
#include "base/cleanup.h"
#include "samples/query.h"

enum { N_EVENTS = 5 };

/* A store of five events, a second apart; ids 1 .. 5. */
struct store {
	struct event events[N_EVENTS];
	struct query_span asked;
	int result;
};

static struct store store_new(void)
{
	struct store store = {};

	for (int i = 0; i < N_EVENTS; i++) {
		store.events[i] = event_fixture();
		store.events[i].id = i + 1;
		store.events[i].time = EVENT_FIXTURE_TIME + i;
		store.events[i].bad = i % 2;
		store.events[i].status = i % 2 ? 503 : 200;
		store.events[i].weight = 1 + i;
	}
	return store;
}

static int walk(void *context, const struct query_span *span, query_visit *visit,
		void *visit_context)
{
	struct store *store = context;

	store->asked = *span;
	for (int i = 0; i < N_EVENTS; i++) {
		const struct event *event =
			&store->events[span->newest_first ? N_EVENTS - 1 - i : i];
		int r = 0;

		if (event->time >= span->since && !(event->time > span->until) &&
		    event->id > span->after)
			r = visit(visit_context, event);
		if (r)
			return r;
	}
	return store->result;
}

static char *ask_source(const struct query_source *source, const char *arguments)
{
	json_t *json = json_loads(arguments, 0, NULL);
	struct query *query = NULL;
	struct error error;
	char *text = NULL;
	size_t len;
	FILE *out;

	assert_non_null(json);
	if (query_parse(json, EVENT_FIXTURE_TIME + 10, &query, &error) < 0)
		fail_msg("%s: %s", arguments, error.text);
	json_decref(json);
	out = open_memstream(&text, &len);
	assert_int_equal(query_write(query, source, out), 0);
	fclose(out);
	query_free(query);
	return text;
}

static char *ask(struct store *store, const char *arguments)
{
	return ask_source(&(struct query_source){.walk = walk, .context = store}, arguments);
}

static json_t *ask_json(struct store *store, const char *arguments)
{
	_cleanup_free_ char *text = ask(store, arguments);
	json_t *json = json_loads(text, 0, NULL);

	if (!json)
		fail_msg("no JSON: %s", text);
	return json;
}

/* The ids of the events, as digits: "345". */
static void expect_ids(struct store *store, const char *arguments, const char *expected)
{
	json_t *json = ask_json(store, arguments), *events = json_object_get(json, "events");
	char ids[N_EVENTS + 1] = "";

	assert_true(json_array_size(events) <= N_EVENTS);
	for (size_t i = 0; i < json_array_size(events); i++)
		ids[i] = (char)('0' + json_integer_value(
					      json_object_get(json_array_get(events, i), "id")));
	assert_string_equal(ids, expected);
	json_decref(json);
}

TEST(the_newest_are_shown_the_oldest_first)
{
	struct store store = store_new();

	expect_ids(&store, "{}", "12345");
	assert_true(store.asked.since == EVENT_FIXTURE_TIME + 10 - 3600);
	assert_true(isnan(store.asked.until));
	expect_ids(&store, "{\"limit\": 2}", "45");
	expect_ids(&store, "{\"limit\": \"2\", \"order\": \"oldest\"}", "12");
	expect_ids(&store, "{\"filter\": \"bad\"}", "24");
	expect_ids(&store, "{\"filter\": null, \"since\": \"9s\"}", "2345");
	expect_ids(&store,
		   "{\"since\": \"2030-01-02T03:04:06Z\", \"until\": \"2030-01-02T03:04:08Z\"}",
		   "23");
	expect_ids(&store, "{\"since\": 1893553446.25, \"until\": \"1893553447.25\"}", "23");
	expect_ids(&store, "{\"after\": 3}", "45");
	assert_true(store.asked.since == 0);
	expect_ids(&store, "{\"limit\": 0}", "");
}

TEST(the_answer_tells_what_was_matched_and_where_to_go_on)
{
	struct store store = store_new();
	json_t *json = ask_json(&store, "{\"filter\": \"bad and service=shop\", \"limit\": 1}");
	json_t *matched = json_object_get(json, "matched");

	assert_int_equal(json_integer_value(json_object_get(matched, "samples")), 2);
	assert_int_equal(json_integer_value(json_object_get(matched, "bad_samples")), 2);
	assert_true(json_number_value(json_object_get(matched, "requests")) == 6);
	assert_true(json_number_value(json_object_get(matched, "bad")) == 6);
	assert_int_equal(json_integer_value(json_object_get(json, "looked_at")), 5);
	assert_int_equal(json_integer_value(json_object_get(json, "last_id")), 5);
	assert_true(json_is_true(json_object_get(json, "more")));
	assert_true(json_is_null(json_object_get(json, "cut_at")));
	assert_true(json_is_null(json_object_get(json, "unread")));
	assert_string_equal(json_string_value(json_object_get(json, "from")),
			    "2030-01-02T02:04:15Z");
	assert_string_equal(json_string_value(json_object_get(json, "to")), "2030-01-02T03:04:15Z");
	/* what need not be looked at */
	assert_string_equal(store.asked.service ? "said" : "", "said");
	assert_true(store.asked.bad_only);
	json_decref(json);

	json = ask_json(&store, "{\"after\": 9}");
	assert_int_equal(json_integer_value(json_object_get(json, "last_id")), 9);
	assert_true(json_is_null(json_object_get(json, "from")));
	assert_true(json_is_false(json_object_get(json, "more")));
	json_decref(json);
}

TEST(what_was_not_looked_at_is_told)
{
	struct store store = store_new();
	json_t *json;

	store.result = -ETIME;
	json = ask_json(&store, "{}");
	assert_string_equal(json_string_value(json_object_get(json, "cut_at")),
			    "2030-01-02T03:04:05Z");
	assert_true(json_is_null(json_object_get(json, "unread")));
	json_decref(json);
	store.result = -EIO;
	json = ask_json(&store, "{\"by\": \"status\"}");
	assert_string_equal(json_string_value(json_object_get(json, "unread")), strerror(EIO));
	json_decref(json);
}

static json_t *short_json(const struct event *event)
{
	return json_pack("{s:I}", "id", (json_int_t)event->id);
}

TEST(the_source_renders_events_and_adds_what_it_knows)
{
	struct store store = store_new();
	json_t *about = json_pack("{s:i}", "samples_lost", 3);
	_cleanup_free_ char *text = ask_source(
		&(struct query_source){
			.walk = walk, .context = &store, .event_json = short_json, .about = about},
		"{\"limit\": 2}");

	assert_non_null(strstr(text, "\"samples_lost\":3"));
	assert_non_null(strstr(text, "\"events\":[\n{\"id\":4},\n{\"id\":5}]}"));
	json_decref(about);
}

TEST(events_are_groups_with_by)
{
	struct store store = store_new();
	json_t *json = ask_json(&store, "{\"by\": \"status\", \"filter\": \"status>0\"}");
	json_t *groups = json_object_get(json, "groups");

	assert_null(json_object_get(json, "events"));
	assert_int_equal(json_array_size(groups), 2);
	assert_true(json_number_value(json_object_get(json_array_get(groups, 0), "bad")) == 6);
	assert_true(json_number_value(json_object_get(json_array_get(groups, 1), "requests")) == 9);
	assert_true(json_is_false(json_object_get(json, "more")));
	json_decref(json);
	json = ask_json(&store, "{\"by\": \"status\", \"limit\": 1}");
	assert_true(json_is_true(json_object_get(json, "more")));
	json_decref(json);
}

TEST(fields_are_chosen)
{
	struct store store = store_new();
	_cleanup_free_ char *text =
		ask(&store, "{\"fields\": \"time,total,bad_for,header.x-user-id\", \"limit\": 1}");

	assert_non_null(
		strstr(text, "{\"time\":\"2030-01-02T03:04:09.250000000Z\",\"total_seconds\":0.25,"
			     "\"bad_for\":[\"checkout\",\"latency\"],\"header.x-user-id\":\"7\"}"));
}

TEST(csv_has_a_row_of_names_and_no_formulas)
{
	struct store store = store_new();
	_cleanup_free_ char *text = NULL, *groups = NULL, *all = NULL;

	store.events[3].user_agent = "=cmd|' /C calc'!A0";
	store.events[4].user_agent = "a \"b\", c\n\033[31m";
	text = ask(&store,
		   "{\"fields\": \"id,user_agent,total\", \"limit\": 3, \"format\": \"csv\"}");
	assert_string_equal(text, "id,user_agent,total_seconds\n"
				  "3,curl/8.5,0.25\n"
				  "4,'=cmd|' /C calc'!A0,0.25\n"
				  "5,\"a \"\"b\"\", c\\u000a\\u001b[31m\",0.25\n");
	groups = ask(&store, "{\"by\": \"status,process\", \"limit\": 1, \"format\": \"csv\"}");
	assert_string_equal(
		groups,
		"status,process,requests,bad,bad_share,share_of_bad,p50_seconds,p99_seconds,"
		"samples,bad_samples,first,last\n"
		"503,node,6,6,1,1,0.25,0.25,2,2,2030-01-02T03:04:06Z,2030-01-02T03:04:08Z\n"
		"_other,,9,0,,,,,3,0,,\n");
	all = ask(&store, "{\"format\": \"csv\"}");
	assert_memory_equal(all, "time,service,role,", strlen("time,service,role,"));
	assert_null(strstr(all, "header."));
}

TEST(refusals_say_what_was_expected)
{
	static const struct {
		const char *arguments;
		const char *error;
	} cases[] = {
		{"{\"filtre\": \"bad\"}",
		 "no argument \"filtre\"; did you mean \"filter\"? there are filter by since"},
		{"{\"filter\": \"bda\"}", "filter, column 1: no field \"bda\""},
		{"{\"filter\": []}", NULL},
		{"{\"by\": \"x\"}", "by: no field \"x\""},
		{"{\"by\": 5}", "by: no field \"5\""},
		{"{\"since\": \"yesterday\"}",
		 "since: expected a duration (so long ago) such as 2h, RFC 3339 or Unix seconds, got \"yesterday\""},
		{"{\"since\": \"-1\"}", "since: expected"},
		{"{\"until\": \"1e99\"}", "until: expected"},
		{"{\"since\": \"1h\", \"until\": \"2h\"}", "since: expected a time before until"},
		{"{\"limit\": \"10001\"}", "limit: expected a number up to 10000, got \"10001\""},
		{"{\"limit\": -1}", "limit: expected"},
		{"{\"limit\": \"1x\"}", "limit: expected"},
		{"{\"after\": \"x\"}", "after: expected an id"},
		{"{\"after\": \"99999999999999999999\"}", "after: expected an id"},
		{"{\"order\": \"up\"}", "order: expected newest or oldest, got \"up\""},
		{"{\"format\": \"xml\"}", "format: expected json or csv, got \"xml\""},
		{"{\"fields\": \"time,,\"}", "fields: no field \"\""},
		{"{\"fields\": \"tme\"}", "fields: no field \"tme\"; did you mean \"time\"?"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json = json_loads(cases[i].arguments, 0, NULL);
		struct query *query = NULL;
		struct error error = {};
		int r = query_parse(json, 1e9, &query, &error);

		json_decref(json);
		if (!cases[i].error) {
			assert_int_equal(r, 0);
			query_free(query);
		} else if (r != -EINVAL || query ||
			   strncmp(error.text, cases[i].error, strlen(cases[i].error)) != 0) {
			fail_msg("%s: %d %s", cases[i].arguments, r, error.text);
		}
	}
}

/* `limit` bounds the rows; QUERY_BYTES_MAX what they are made of. */
TEST(the_size_of_an_answer_is_bounded)
{
	struct store store = store_new();
	_cleanup_free_ char *path = calloc(1, QUERY_BYTES_MAX / 2 + 1);
	json_t *json;

	memset(path, 'a', QUERY_BYTES_MAX / 2);
	for (int i = 0; i < N_EVENTS; i++)
		store.events[i].path = path;
	json = ask_json(&store, "{\"limit\": 5}");
	assert_int_equal(json_array_size(json_object_get(json, "events")), 2);
	assert_true(json_is_true(json_object_get(json, "more")));
	json_decref(json);
}

/* Returns the first error, or 0. */
static int try_to_ask(struct store *store, const char *arguments, char **ret)
{
	const struct query_source source = {.walk = walk, .context = store};
	json_t *json = json_loads(arguments, 0, NULL);
	struct query *query = NULL;
	struct error error;
	size_t len;
	FILE *out = open_memstream(ret, &len);
	int r = query_parse(json, EVENT_FIXTURE_TIME + 10, &query, &error);

	if (!r)
		r = query_write(query, &source, out);
	query_free(query);
	fclose(out);
	json_decref(json);
	return r;
}

TEST(without_memory_it_fails_and_nothing_leaks)
{
	static const char *const arguments[] = {
		"{\"filter\": \"bad\", \"fields\": \"user_agent,total\"}",
		"{\"by\": \"status,path\"}",
		"{\"format\": \"csv\"}",
		"{\"by\": \"status\", \"format\": \"csv\"}",
	};
	struct store store = store_new();

	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		_cleanup_free_ char *whole = ask(&store, arguments[i]);
		int r;

		fail_at = 0;
		do {
			_cleanup_free_ char *text = NULL;

			n_allocations = 0;
			fail_at++;
			r = try_to_ask(&store, arguments[i], &text);
			assert_true(r == 0 || r == -ENOMEM);
			if (!r)
				assert_string_equal(text, whole);
		} while (r);
		assert_true(fail_at > 2);
		fail_at = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_are_shown_the_oldest_first),
		cmocka_unit_test(the_answer_tells_what_was_matched_and_where_to_go_on),
		cmocka_unit_test(what_was_not_looked_at_is_told),
		cmocka_unit_test(the_source_renders_events_and_adds_what_it_knows),
		cmocka_unit_test(events_are_groups_with_by),
		cmocka_unit_test(fields_are_chosen),
		cmocka_unit_test(csv_has_a_row_of_names_and_no_formulas),
		cmocka_unit_test(refusals_say_what_was_expected),
		cmocka_unit_test(the_size_of_an_answer_is_bounded),
		cmocka_unit_test(without_memory_it_fails_and_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
