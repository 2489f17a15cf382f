/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/sentence.h"
#include "status.h"

#define ONSET 1700056940.0 /* 2023-11-15 14:02:20 UTC */

static struct explain_findings findings;
static struct explain_change changes[4];
static struct explain_story story;

static int setup(__attribute__((unused)) void **state)
{
	memset(&findings, 0, sizeof(findings));
	memset(changes, 0, sizeof(changes));
	story = (struct explain_story){
		.kind = EXPLAIN_ERRORS,
		.since = ONSET - 3600,
		.until = ONSET + 300,
		.onset = ONSET,
		.bad = 120,
		.findings = &findings,
		.changes = changes,
	};
	return 0;
}

static int teardown(__attribute__((unused)) void **state)
{
	return 0;
}

static struct explain_finding *find(const char *dimension, const char *value, double bad,
				    double good)
{
	struct explain_finding *finding = &findings.list[findings.n++];

	finding->where[0] = (struct explain_value){.dimension = dimension, .value = value};
	finding->n_where = 1;
	finding->bad_share = bad;
	finding->good_share = good;
	return finding;
}

static void change(double at, const char *what, const char *to)
{
	changes[story.n_changes++] = (struct explain_change){at, "shop", what, NULL, to};
}

static void assert_sentence(const char *expected)
{
	char *sentence = explain_sentence(&story);

	assert_non_null(sentence);
	assert_string_equal(sentence, expected);
	free(sentence);
}

TEST(version_is_told_with_its_start)
{
	find("version", "3fa2c1", 0.87, 0.01);
	change(ONSET - 11, "version", "3fa2c1");
	assert_sentence("87 % of the failures since 14:02:20 UTC are version 3fa2c1 (11 s after it "
			"started), 1 % of the good are");
}

TEST(two_causes_and_a_change)
{
	struct explain_finding *pair = find("route", "/checkout", 0.52, 0);

	pair->where[1] = (struct explain_value){.dimension = "method", .value = "POST"};
	pair->n_where = 2;
	find("user_agent", "Shop App/2.3", 0.41, 0.004);
	story.status = 503;
	change(ONSET - 5000, "version", "1");
	change(ONSET - 60, "reload", NULL);
	assert_sentence(
		"52 % of the failures (503) since 14:02:20 UTC are route /checkout with method "
		"POST, 0 % of the good are; 41 % are user_agent \"Shop App/2.3\", under 1 % of "
		"the good are, 60 s after shop reloaded");
}

TEST(a_status_of_grpc_is_told_where_that_of_http_tells_nothing)
{
	find("version", "3fa2c1", 0.87, 0.01);
	story.status = status_of(200, GRPC_DEADLINE_EXCEEDED);
	assert_sentence("87 % of the failures (DEADLINE_EXCEEDED) since 14:02:20 UTC are version "
			"3fa2c1, 1 % of the good are");
	story.status = status_of(503, GRPC_ABSENT);
	assert_sentence("87 % of the failures (503) since 14:02:20 UTC are version 3fa2c1, 1 % of "
			"the good are");
}

TEST(nothing_stands_out)
{
	findings.enough = true;
	findings.bad = 120;
	story.kind = EXPLAIN_STARVED;
	assert_sentence(
		"Nothing stands out among 120 sampled requests slow for want of a CPU since "
		"14:02:20 UTC");
}

TEST(too_few_are_told)
{
	findings.bad = 4;
	findings.good = 300;
	findings.needed = 22;
	change(ONSET, "crashed", NULL);
	assert_sentence(
		"Too few samples to compare the failures since 14:02:20 UTC: 4 bad and 300 good "
		"ones, at least 22 of each are needed, just when shop crashed");
}

TEST(nothing_bad)
{
	story.bad = 0;
	story.onset = NAN;
	story.kind = EXPLAIN_NONE;
	story.since = ONSET - 86400;
	assert_sentence("No request was bad since 2023-11-14 14:02:20 UTC");
}

TEST(hostile_values_are_quoted_and_cut)
{
	char hostile[400] = "a\"\x1b[31m\xe2\x80\xae\\";

	memset(hostile + strlen(hostile), 'x', 300);
	find("user_agent", hostile, 1, 0.9949);
	assert_sentence(
		"100 % of the failures since 14:02:20 UTC are user_agent "
		"\"a\\\"\\u001b[31m\\u202e\\xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"..., "
		"over 99 % of the good are");
}

TEST(continuous_is_told_by_its_bound)
{
	struct explain_finding *finding = find("bytes_in", NULL, 0.995, 0.1);

	finding->where[0].bound = 12000;
	finding->where[0].at_least = true;
	assert_sentence(
		"over 99 % of the failures since 14:02:20 UTC are bytes_in of 12,000 or more, "
		"10 % of the good are");
}

TEST(of_changes_at_once_the_one_that_explains_more)
{
	change(ONSET - 20, "version", "2");
	change(ONSET - 19, "started", NULL);
	change(ONSET - 18, "instances", "2");
	assert_ptr_equal(explain_change_near(&story), &changes[0]);
	change(ONSET + 5000, "crashed", NULL);
	assert_ptr_equal(explain_change_near(&story), &changes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(version_is_told_with_its_start),
		WITH_SETUP(two_causes_and_a_change),
		WITH_SETUP(a_status_of_grpc_is_told_where_that_of_http_tells_nothing),
		WITH_SETUP(nothing_stands_out),
		WITH_SETUP(too_few_are_told),
		WITH_SETUP(nothing_bad),
		WITH_SETUP(hostile_values_are_quoted_and_cut),
		WITH_SETUP(continuous_is_told_by_its_bound),
		WITH_SETUP(of_changes_at_once_the_one_that_explains_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
