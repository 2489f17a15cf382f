/* SPDX-License-Identifier: GPL-2.0-only */
/* Which silences may be, and how many of whom. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "notify/silence_rules.h"

enum { T0 = 1772280000, HOUR = 3600, DAY = 24 * HOUR };

static struct config_slo slos[] = {
	{.name = (char *)"checkout", .service = (char *)"shop"},
	{.name = (char *)"{service}-up", .service = (char *)"*"},
};
static const struct config config = {.slos = slos, .n_slos = 2};

static struct silence lasting(double seconds)
{
	return (struct silence){.from_unix = T0, .until_unix = T0 + seconds};
}

static int judge(const struct silence *silence, bool all, bool force, struct error *error)
{
	return silence_judge(silence, silence_is_of_all(silence, &config),
			     &(const struct silence_consent){all, force}, error);
}

/* The flags that it takes at least: "", "a", "f", "af". */
static const char *takes(const struct silence *silence)
{
	static const struct {
		bool all, force;
		const char *text;
	} ways[] = {{false, false, ""}, {true, false, "a"}, {false, true, "f"}, {true, true, "af"}};
	struct error error;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!judge(silence, ways[i].all, ways[i].force, &error))
			return ways[i].text;
	}
	return "impossible";
}

TEST(what_is_nearly_everything_is_asked_for_as_such)
{
	static const struct {
		const char *slo, *service, *severity;
		int hours;
		bool exclude;
		const char *takes;
	} cases[] = {
		{NULL, NULL, NULL, 4, false, "a"},
		{NULL, NULL, NULL, 5, false, "af"},
		{NULL, NULL, NULL, 1, true, "af"},
		{NULL, NULL, "page", 4, false, "a"},
		{NULL, NULL, "notice", 5, false, "af"},
		{"{service}-up", NULL, NULL, 4, false, "a"},
		{"{service}-up", NULL, "page", 5, false, "af"},
		{"{service}-up", "shop", NULL, 72, false, ""},
		{"shop-up", NULL, NULL, 72, false, ""},
		{"checkout", NULL, NULL, 72, true, ""},
		{"checkout", NULL, NULL, 73, false, "f"},
		{NULL, "shop", NULL, 73, true, "f"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct silence silence = lasting((double)cases[i].hours * HOUR);

		silence.slo = (char *)cases[i].slo;
		silence.service = (char *)cases[i].service;
		silence.severity = (char *)cases[i].severity;
		silence.exclude_eligible = cases[i].exclude;
		if (strcmp(takes(&silence), cases[i].takes) != 0)
			fail_msg("case %zu: %s", i, takes(&silence));
	}
}

TEST(refusals_name_the_flag)
{
	struct silence silence = lasting(HOUR);
	struct error error;

	assert_int_equal(judge(&silence, false, true, &error), -EINVAL);
	assert_string_equal(error.text,
			    "this silences everything: name an SLO or a service, or say so with "
			    "\"all\": true (slictl silence add --all)");
	silence.slo = (char *)"{service}-up";
	assert_int_equal(judge(&silence, false, true, &error), -EINVAL);
	assert_non_null(strstr(error.text, "this silences every service: "));
	silence.slo = (char *)"checkout";
	assert_int_equal(judge(&silence, true, false, &error), -EINVAL);
	assert_string_equal(error.text, "\"all\" goes with neither \"slo\" nor \"service\"");
}

TEST(selections_are_said_in_words)
{
	static const struct {
		struct silence silence;
		const char *text;
	} cases[] = {
		{{}, "everything"},
		{{.severity = (char *)"page"}, "every page"},
		{{.slo = (char *)"a"}, "SLO a"},
		{{.service = (char *)"b"}, "service b"},
		{{.slo = (char *)"a", .service = (char *)"b", .severity = (char *)"ticket"},
		 "SLO a of service b, every ticket"},
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		silence_selection(&cases[i].silence, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

/* ---- how many ---- */

static struct error refusal;

/* Adds up to n, each of an SLO of its own. Returns how many there was room for. */
static int fill(struct silences *silences, const char *by, int n)
{
	static int number;
	int i;

	for (i = 0; i < n; i++) {
		char slo[16];
		struct silence silence = lasting(HOUR);

		if (silences_admit(silences, by, !strcmp(by, "uid 0"), &refusal))
			break;
		snprintf(slo, sizeof(slo), "slo-%d", ++number);
		snprintf(silence.id, sizeof(silence.id), "%d", number);
		silence.slo = slo;
		silence.by = (char *)by;
		assert_int_equal(silences_add(silences, &silence), 0);
	}
	return i;
}

TEST(nobody_but_root_has_more_than_64)
{
	struct silences silences = {};

	assert_int_equal(fill(&silences, "uid 1000", 256), 64);
	assert_string_equal(refusal.text,
			    "uid 1000 holds 64 silences, and may hold no more: slictl silence list "
			    "shows them, slictl silence remove ID ends one");
	assert_int_equal(silences_admit(&silences, "uid 1000", false, &refusal), -ENOSPC);
	assert_int_equal(silences_admit(&silences, "uid 1001", false, &refusal), 0);
	assert_int_equal(fill(&silences, "uid 0", 256), 192);
	assert_int_equal(silences.n, SILENCES_MAX);
	silences_clear(&silences);
}

TEST(whoever_is_on_call_can_add_one_whatever_the_others_do)
{
	struct silences silences = {};

	assert_int_equal(fill(&silences, "uid 1000", 256), 64);
	assert_int_equal(fill(&silences, "uid 1001", 256), 64);
	assert_int_equal(fill(&silences, "uid 1002", 256), 64);
	/* 192: the rest is for those who have few */
	for (int i = 0; i < 12; i++) {
		char by[16];

		snprintf(by, sizeof(by), "uid %d", 2000 + i);
		assert_int_equal(fill(&silences, by, 256), 4);
	}
	assert_int_equal(silences_admit(&silences, "uid 3000", false, &refusal), -ENOSPC);
	assert_string_equal(refusal.text,
			    "there are 240 silences already (uid 1000 holds 64, uid 1001 holds 64, "
			    "uid 1002 holds 64, uid 2000 holds 4): slictl silence list shows them, "
			    "slictl silence remove ID ends one");
	assert_int_equal(fill(&silences, "uid 0", 256), 16);
	assert_int_equal(silences_admit(&silences, "uid 0", true, &refusal), -ENOSPC);
	silences_clear(&silences);
}

/* ---- the same again ---- */

static struct silence of(const char *by, const char *slo, double from, double until)
{
	struct silence silence = {.from_unix = T0 + from, .until_unix = T0 + until};

	snprintf(silence.id, sizeof(silence.id), "new");
	silence.by = (char *)by;
	silence.slo = (char *)slo;
	return silence;
}

TEST(the_same_again_is_joined_if_the_times_touch)
{
	static const struct {
		const char *by, *slo;
		double from, until;
		bool joins;
		double ret_from, ret_until;
	} cases[] = {
		{"uid 1", "a", 0, 2 * HOUR, true, -HOUR, 2 * HOUR},
		{"uid 1", "a", 0, 60, true, -HOUR, HOUR},
		{"uid 1", "a", HOUR, 2 * HOUR, true, -HOUR, 2 * HOUR},
		{"uid 1", "a", HOUR + 1, 2 * HOUR, false, 0, 0},
		{"uid 1", "a", 0, 31 * DAY, false, 0, 0}, /* together too long */
		{"uid 1", "a", 0, 59, false, 0, 0}, /* none by itself */
		{"uid 2", "a", 0, 2 * HOUR, false, 0, 0},
		{"uid 1", "b", 0, 2 * HOUR, false, 0, 0},
		{"uid 1", NULL, 0, 2 * HOUR, false, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct silences silences = {};
		struct silence old = of("uid 1", "a", -HOUR, HOUR);
		const struct silence new =
			of(cases[i].by, cases[i].slo, cases[i].from, cases[i].until);
		const struct silence *got;

		snprintf(old.id, sizeof(old.id), "old");
		assert_int_equal(silences_add(&silences, &old), 0);
		got = silences_extend(&silences, &new);
		if (!!got != cases[i].joins)
			fail_msg("case %zu", i);
		if (got) {
			assert_string_equal(got->id, "old");
			assert_true(got->from_unix == T0 + cases[i].ret_from);
			assert_true(got->until_unix == T0 + cases[i].ret_until);
		}
		assert_int_equal(silences.n, 1);
		silences_clear(&silences);
	}
}

TEST(what_became_of_it_is_json)
{
	const struct silence_made made = {.id = "1a", .until_unix = 1772330400.7};
	char *text = silence_made_text(&made);

	assert_string_equal(
		text,
		"{\"id\": \"1a\", \"until\": \"2026-03-01T02:00:00Z\", \"extended\": false}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_nearly_everything_is_asked_for_as_such),
		cmocka_unit_test(refusals_name_the_flag),
		cmocka_unit_test(selections_are_said_in_words),
		cmocka_unit_test(nobody_but_root_has_more_than_64),
		cmocka_unit_test(whoever_is_on_call_can_add_one_whatever_the_others_do),
		cmocka_unit_test(the_same_again_is_joined_if_the_times_touch),
		cmocka_unit_test(what_became_of_it_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
