/* SPDX-License-Identifier: GPL-2.0-only */
/* From events to what explain answers. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/random.h"
#include "tests/unit/samples/event_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "samples/explain_columns.h"
#include "samples/explain_events.h"
#include "samples/filter.h"

enum { MOST = 100000, ONSET = 1700056940 }; /* 2023-11-15 14:02:20 UTC */

static struct event events[MOST];
static char paths[1000][24], agents[8][24], clients[256][24];
static size_t n_events, n_reads;

int __wrap_events_read(struct events *store, const struct events_range *range,
		       bool (*each)(void *context, const struct event *event), void *context);

int __wrap_events_read(__attribute__((unused)) struct events *store,
		       const struct events_range *range,
		       bool (*each)(void *context, const struct event *event), void *context)
{
	n_reads++;
	assert_true(range->backwards);
	assert_string_equal(range->service, "shop");
	for (size_t i = n_events; i-- > 0;) {
		if (events[i].time >= range->since && events[i].time < range->until &&
		    events[i].n_eligible_for && !strcmp(range->eligible_for, "checkout") &&
		    !each(context, &events[i]))
			break;
	}
	return 0;
}

static int setup(__attribute__((unused)) void **state)
{
	for (int i = 0; i < 1000; i++)
		snprintf(paths[i], sizeof(paths[i]), "/items/%d", i);
	for (int i = 0; i < 8; i++)
		snprintf(agents[i], sizeof(agents[i]), "ShopApp/%d \"x\"", i);
	for (int i = 0; i < 256; i++)
		snprintf(clients[i], sizeof(clients[i]), "10.0.%d.%d", i / 32, i);
	random_seed(11);
	n_events = n_reads = 0;
	return 0;
}

static int teardown(__attribute__((unused)) void **state)
{
	return 0;
}

static struct event *add(double time, bool bad)
{
	struct event *event = &events[n_events++];

	*event = event_fixture();
	event->time = time;
	event->bad = bad;
	event->status = bad ? 503 : 200;
	event->n_bad_for = bad ? 2 : 0;
	event->eligible_for[0] = "checkout";
	event->n_eligible_for = 1;
	event->weight = bad ? 1 : 10;
	event->bytes_out = bad ? 10 : 5000 + random_below(1000);
	event->bytes_in = 100 + random_below(100);
	event->path = paths[random_below(1000)];
	event->user_agent = agents[random_below(8)];
	event->client = clients[random_below(256)];
	event->request_id = NULL;
	return event;
}

static json_t *ask(const char *text)
{
	_cleanup_free_ char *body = NULL;
	size_t len;
	struct answer answer = {.out = open_memstream(&body, &len), .code = 200};
	struct question question = {
		.json = json_loads(text, 0, NULL), .now = ONSET + 300, .deadline = 1e12};
	json_t *json;
	int r;

	assert_non_null(question.json);
	r = explain_answer(NULL, NULL, &question, &answer);
	fclose(answer.out);
	json_decref((json_t *)question.json);
	if (r) {
		assert_int_equal(answer.code, 400);
		return NULL;
	}
	json = json_loads(body, 0, NULL);
	assert_non_null(json);
	return json;
}

static const char *text_at(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	assert_non_null(text);
	return text;
}

TEST(a_user_agent_is_named)
{
	json_t *json, *finding, *samples;
	struct filter *filter;
	struct error error;
	const char *sentence;

	for (int i = 0; i < 1500; i++)
		add(ONSET + i / 5.0, i % 5 == 0)->user_agent =
			i % 5 == 0 && i % 50 ? agents[3] : agents[random_below(3)];
	json = ask(
		"{\"what\": \"explain\", \"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700053340,"
		" \"until\": 1700057240, \"onset\": 1700056940, \"bad\": 300, \"reasons\": {\"status\": 300},"
		" \"changes\": [{\"at\": \"2023-11-15T14:02:00Z\", \"service\": \"shop\", \"what\": \"reload\"}]}");
	sentence =
		"90 % of the failures (503) since 14:02:20 UTC are user_agent \"ShopApp/3 \\\"x\\\"\", "
		"0 % of the good are, 20 s after shop reloaded";
	assert_string_equal(text_at(json, "sentence"), sentence);
	assert_string_equal(text_at(json, "kind"), "errors");
	assert_string_equal(text_at(json, "onset"), "2023-11-15T14:02:20Z");
	assert_int_equal(json_array_size(json_object_get(json, "findings")), 1);
	finding = json_array_get(json_object_get(json, "findings"), 0);
	assert_string_equal(text_at(json_object_get(finding, "where"), "user_agent"), agents[3]);
	samples = json_object_get(json, "samples");
	assert_int_equal(json_integer_value(json_object_get(samples, "bad")), 300);
	assert_int_equal(json_integer_value(json_object_get(samples, "good")), 1200);
	assert_true(json_is_true(json_object_get(samples, "enough")));
	/* the filter finds what was named, and nothing else */
	assert_int_equal(filter_new(text_at(finding, "filter"), &filter, &error), 0);
	for (size_t i = 0; i < n_events; i++)
		assert_int_equal(filter_is_true(filter, &events[i]),
				 events[i].n_bad_for && events[i].user_agent == agents[3]);
	filter_free(filter);
	json_decref(json);
}

TEST(what_defines_bad_or_comes_of_it_is_no_cause)
{
	json_t *json;

	for (int i = 0; i < 1500; i++)
		add(ONSET + i / 5.0, i % 5 == 0);
	json = ask(
		"{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700056940, \"onset\": null}");
	assert_int_equal(json_array_size(json_object_get(json, "findings")), 0);
	assert_true(json_is_null(json_object_get(json, "onset")));
	assert_string_equal(
		text_at(json, "sentence"),
		"Nothing stands out among 300 sampled failures (503) since 14:02:20 UTC");
	json_decref(json);
}

TEST(what_the_slo_leaves_out_is_not_compared)
{
	json_t *json;

	for (int i = 0; i < 3000; i++) {
		struct event *event = add(ONSET + i / 10.0, i % 10 == 0);

		if (i % 2) { /* else every other user agent would fail more than this one */
			event->user_agent = "kube-probe/1.30";
			event->n_eligible_for = 0;
		}
	}
	json = ask("{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700056940}");
	assert_int_equal(json_array_size(json_object_get(json, "findings")), 0);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "samples"), "good")),
		1200);
	json_decref(json);
}

TEST(slow_requests_are_compared_by_what_was_asked)
{
	json_t *json;

	for (int i = 0; i < 1500; i++) {
		struct event *event = add(ONSET + i / 5.0, i % 5 == 0);

		event->status = 200;
		event->total_seconds = event->service_seconds = i % 5 ? 0.01 : 0.4;
		event->queue_seconds = 0;
		event->window_full_seconds = 0;
		event->retransmits = 0;
		event->bytes_out = 5000 + random_below(1000);
		event->client = i % 5 == 0 ? clients[random_below(32)] : event->client;
	}
	json = ask(
		"{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700056940, \"latency_seconds\": 0.1,"
		" \"onset\": 1700056940}");
	assert_string_equal(text_at(json, "kind"), "slow_service");
	assert_memory_equal(
		text_at(json, "sentence"),
		"100 % of the requests slow in service since 14:02:20 UTC are client_network "
		"10.0.0.0/24, 1",
		80);
	json_decref(json);
}

TEST(where_nothing_is_good_any_more_the_time_before_is_compared)
{
	json_t *json;

	for (int i = 0; i < 500; i++) {
		struct event *event = add(ONSET - 100 + i / 5.0, i >= 500);

		event->version = "3fa2c0";
	}
	for (int i = 0; i < 500; i++) {
		struct event *event = add(ONSET + i / 5.0, true);

		event->version = "3fa2c1";
		event->user_agent = agents[7]; /* only who tries again is there */
	}
	json = ask(
		"{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700053340, \"onset\": 1700056940,"
		" \"until\": 1700057040, \"changes\": [{\"at\": \"2023-11-15T14:02:09Z\", \"service\": "
		"\"shop\", \"what\": \"version\", \"from\": \"3fa2c0\", \"to\": \"3fa2c1\"}]}");
	assert_string_equal(
		text_at(json, "sentence"),
		"100 % of the failures (503) since 14:02:20 UTC are version 3fa2c1 (11 s after "
		"it started), 0 % of the good are");
	json_decref(json);
}

/* By the weight of what more than three in five have, wherever they stand. */
TEST(the_status_of_most_is_told)
{
	static const struct {
		int unavailable; /* of 10 */
		const char *status;
	} cases[] = {{7, "UNAVAILABLE"}, {6, NULL}, {3, "INTERNAL"}};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		json_t *json;

		n_events = 0;
		for (int i = 0; i < 1500; i++) {
			struct event *event = add(ONSET + i / 5.0, i % 5 == 0);
			bool unavailable = i / 5 % 10 < cases[c].unavailable;

			event->status = status_of(200, i % 5	   ? GRPC_OK :
						       unavailable ? GRPC_UNAVAILABLE :
								     GRPC_INTERNAL);
			event->outcome = OUTCOME_COMPLETE;
		}
		json = ask("{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700056940}");
		assert_string_equal(text_at(json, "kind"), "errors");
		if (cases[c].status)
			assert_string_equal(text_at(json, "grpc_status"), cases[c].status);
		else
			assert_true(json_is_null(json_object_get(json, "grpc_status")));
		json_decref(json);
	}
}

TEST(headers_are_dimensions)
{
	json_t *json, *where;

	for (int i = 0; i < 1500; i++) {
		struct event *event = add(ONSET + i / 5.0, i % 5 == 0);

		event->n_headers = i > 10;
		event->headers[0].value = i % 5 == 0 ? "blue" : "green";
	}
	json = ask("{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700056940}");
	where = json_object_get(json_array_get(json_object_get(json, "findings"), 0), "where");
	assert_string_equal(text_at(where, "header.x-user-id"), "blue");
	json_decref(json);
}

TEST(nonsense_is_refused)
{
	assert_null(ask("{\"service\": \"shop\"}"));
	assert_null(ask("{\"slo\": \"checkout\", \"since\": 5, \"until\": 4}"));
	assert_null(ask("{\"slo\": 7}"));
	assert_int_equal(n_reads, 0);
}

TEST(without_events_too_few_is_said)
{
	json_t *json = ask(
		"{\"slo\": \"checkout\", \"service\": \"shop\", \"bad\": 5, \"reasons\": {\"status\": 5},"
		" \"exact\": [{}, {\"dimension\": 3}], \"changes\": [{}, 7]}");

	assert_memory_equal(text_at(json, "sentence"),
			    "Too few samples to compare the failures since", 40);
	json_decref(json);
}

TEST(a_hundred_thousand_events_take_below_a_second)
{
	struct timespec from, to;
	json_t *json;

	for (int i = 0; i < MOST; i++)
		add(ONSET + i / 400.0, i % 5 == 0)->path = paths[i % 5 ? random_below(1000) : 7];
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	json = ask("{\"slo\": \"checkout\", \"service\": \"shop\", \"since\": 1700056940}");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("%zu events, with sanitizers: %.0f ms\n", n_events,
	       (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	assert_memory_equal(text_at(json, "sentence"),
			    "100 % of the failures (503) since 14:02:20 UTC are path", 54);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(a_user_agent_is_named),
		WITH_SETUP(what_defines_bad_or_comes_of_it_is_no_cause),
		WITH_SETUP(what_the_slo_leaves_out_is_not_compared),
		WITH_SETUP(slow_requests_are_compared_by_what_was_asked),
		WITH_SETUP(where_nothing_is_good_any_more_the_time_before_is_compared),
		WITH_SETUP(the_status_of_most_is_told),
		WITH_SETUP(headers_are_dimensions),
		WITH_SETUP(nonsense_is_refused),
		WITH_SETUP(without_events_too_few_is_said),
		WITH_SETUP(a_hundred_thousand_events_take_below_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
