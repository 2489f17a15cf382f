/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/view_explain.h"

static char *view(const char *source, int expected)
{
	json_t *json = json_loads(source, 0, NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(json);
	assert_int_equal(ctl_view_explain(json, false, out), expected);
	fclose(out);
	json_decref(json);
	return text;
}

#define HEAD                                                                                       \
	"\"slo\": \"checkout\", \"service\": \"shop\", \"since\": \"2030-01-02T14:00:00Z\","       \
	" \"until\": \"2030-01-02T14:07:20Z\", \"onset\": \"2030-01-02T14:02:20Z\","

TEST(sentence_then_evidence_then_changes_then_commands)
{
	char *text = view(
		"{" HEAD " \"kind\": \"errors\","
		" \"sentence\": \"87 % of the failures (503) since 14:02:20 UTC are version 3fa2c1 (11 s after"
		" it started), 1 % of the good are\", \"status\": 503,"
		" \"findings\": [{\"where\": {\"version\": \"3fa2c1\"},"
		"   \"filter\": \"bad_for=checkout and version=3fa2c1\","
		"   \"also\": [{\"pid\": \"4711\"}, {\"container\": \"c0ffee\"}],"
		"   \"bad_share\": 0.87, \"good_share\": 0.009, \"excess\": 0.87, \"excess_low\": 0.83,"
		"   \"lift\": 96.6, \"exact\": true},"
		"  {\"where\": {\"user_agent\": \"it's\\u001b[31m\"},"
		"   \"filter\": \"bad_for=checkout and user_agent=\\\"it's\\u001b[31m\\\"\","
		"   \"also\": [], \"bad_share\": 0.1, \"good_share\": 0, \"excess\": 0.1,"
		"   \"excess_low\": 0.05, \"lift\": 5000, \"exact\": false}],"
		" \"changes\": [{\"at\": \"2030-01-02T14:02:09Z\", \"service\": \"shop\","
		"   \"what\": \"version\", \"from\": \"3fa2c0\", \"to\": \"3fa2c1\"}],"
		" \"samples\": {\"bad\": 120, \"good\": 300, \"enough\": true, \"needed\": 22}}",
		0);

	assert_string_equal(
		text,
		"87 % of the failures (503) since 14:02:20 UTC are version 3fa2c1 (11 s after it\n"
		"started), 1 % of the good are\n"
		"\n"
		"  OF BAD  OF GOOD  EXCESS  AT LEAST   LIFT  BY       WHAT\n"
		"     87%      <1%     87%       83%    97x  counts   version 3fa2c1\n"
		"     10%       0%     10%        5%  >999x  samples  user_agent it's\\x1b[31m\n"
		"  The same requests: pid 4711, container c0ffee\n"
		"\n"
		"checkout, service shop: errors\n"
		"Since 2030-01-02 14:02:20 UTC: 120 bad and 300 good samples\n"
		"\n"
		"Changes:\n"
		"  AT                   SERVICE  WHAT     DETAIL\n"
		"  2030-01-02 14:02:09  shop     version  3fa2c0 -> 3fa2c1\n"
		"\n"
		"To see these requests:\n"
		"  slictl events 'bad_for=checkout and version=3fa2c1' \\\n"
		"    --since 2030-01-02T14:02:20Z --until 2030-01-02T14:07:20Z\n"
		"  slictl events 'bad_for=checkout and user_agent=\"it'\\''s\\u001b[31m\"' \\\n"
		"    --since 2030-01-02T14:02:20Z --until 2030-01-02T14:07:20Z\n");
	free(text);
}

TEST(nothing_that_stands_out_still_has_commands)
{
	char *text = view(
		"{" HEAD " \"kind\": \"starved\", \"sentence\": \"Nothing stands out\","
		" \"findings\": [], \"changes\": [],"
		" \"samples\": {\"bad\": 4, \"good\": 300, \"enough\": false, \"needed\": 22}}",
		0);

	assert_string_equal(
		text,
		"Nothing stands out\n"
		"\n"
		"checkout, service shop: starved\n"
		"Since 2030-01-02 14:02:20 UTC: 4 bad and 300 good samples; 22 bad ones are needed\n"
		"\n"
		"To see these requests:\n"
		"  slictl events 'bad_for=\"checkout\"' \\\n"
		"    --since 2030-01-02T14:02:20Z --until 2030-01-02T14:07:20Z\n"
		"  slictl events 'bad_for=\"checkout\"' \\\n"
		"    --since 2030-01-02T14:02:20Z --until 2030-01-02T14:07:20Z --by path\n");
	free(text);
}

TEST(other_json_is_refused)
{
	free(view("{\"slo\": \"x\"}", -EINVAL));
	free(view("{\"findings\": []}", -EINVAL));
	free(view(
		"{\"slo\": \"x\", \"findings\": [7, {}, {\"where\": 3, \"also\": [4]}], \"changes\": [5, {}]}",
		0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentence_then_evidence_then_changes_then_commands),
		cmocka_unit_test(nothing_that_stands_out_still_has_commands),
		cmocka_unit_test(other_json_is_refused),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
