/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "notify/silences.h"

enum { T0 = 1772280000, DAY = 86400 }; /* 2026-02-28T12:00:00Z, a Saturday */

static struct silence silence_of(const char *id, double seconds)
{
	struct silence silence = {.from_unix = T0, .until_unix = T0 + seconds};

	snprintf(silence.id, sizeof(silence.id), "%s", id);
	return silence;
}

/* 's' if silenced and 'x' if excluded, "" if none of both. */
static const char *match(const struct silences *silences, const struct config *config,
			 const char *slo, const char *service, enum alert_severity severity,
			 double now)
{
	static char text[3];
	bool silenced, excluded;

	silences_match(silences, config, slo, "{service}-up", service, severity, now, &silenced,
		       &excluded);
	snprintf(text, sizeof(text), "%s%s", silenced ? "s" : "", excluded ? "x" : "");
	return text;
}

/* ---- set by hand ---- */

TEST(silence_lasts_from_its_start_to_before_its_end)
{
	struct silences silences = {0};
	const struct silence silence = silence_of("1", 60);

	assert_int_equal(silences_add(&silences, &silence), 0);
	assert_string_equal(match(&silences, NULL, "a", "b", SEVERITY_PAGE, T0 - 0.5), "");
	assert_string_equal(match(&silences, NULL, "a", "b", SEVERITY_PAGE, T0), "s");
	assert_string_equal(match(&silences, NULL, "a", "b", SEVERITY_PAGE, T0 + 59.9), "s");
	assert_string_equal(match(&silences, NULL, "a", "b", SEVERITY_PAGE, T0 + 60), "");
	silences_clear(&silences);
}

TEST(silence_applies_to_what_all_of_its_selectors_match)
{
	struct silences silences = {0};
	struct silence silence = silence_of("1", 3600);

	silence.slo = (char *)"pay";
	silence.service = (char *)"shop";
	silence.severity = (char *)"ticket";
	assert_int_equal(silences_add(&silences, &silence), 0);
	assert_string_equal(match(&silences, NULL, "pay", "shop", SEVERITY_TICKET, T0), "s");
	assert_string_equal(match(&silences, NULL, "pay", "shop", SEVERITY_PAGE, T0), "");
	assert_string_equal(match(&silences, NULL, "pay", "wiki", SEVERITY_TICKET, T0), "");
	assert_string_equal(match(&silences, NULL, "buy", "shop", SEVERITY_TICKET, T0), "");
	/* by the name in the configuration, for all services found */
	silence = silence_of("2", 3600);
	silence.slo = (char *)"{service}-up";
	silence.exclude_eligible = true;
	assert_int_equal(silences_add(&silences, &silence), 0);
	assert_string_equal(match(&silences, NULL, "wiki-up", "wiki", SEVERITY_PAGE, T0), "sx");
	silences_clear(&silences);
}

TEST(silences_out_of_bounds_are_refused)
{
	struct silences silences = {0};
	struct silence silence = silence_of("1", 59);
	char text[SILENCE_TEXT_MAX + 2];

	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.until_unix = T0 + 31 * DAY + 1;
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.until_unix = NAN;
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.until_unix = T0 + 31 * DAY;
	silence.severity = (char *)"loud";
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.severity = (char *)"page";
	silence.exclude_eligible = true;
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.exclude_eligible = false;
	silence.comment = (char *)"\xff";
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.comment = (char *)"";
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	memset(text, 'x', sizeof(text));
	text[SILENCE_TEXT_MAX + 1] = 0;
	silence.comment = text;
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	text[SILENCE_TEXT_MAX] = 0;
	silence.id[0] = 0;
	assert_int_equal(silences_add(&silences, &silence), -EINVAL);
	silence.id[0] = '1';
	assert_int_equal(silences_add(&silences, &silence), 0);
	assert_int_equal(silences_add(&silences, &silence), -EINVAL); /* the id is taken */
	assert_int_equal(silences.n, 1);
	silences_clear(&silences);
}

TEST(there_are_at_most_256)
{
	struct silences silences = {0};
	struct silence silence;
	char id[16];

	for (int i = 0; i < SILENCES_MAX; i++) {
		snprintf(id, sizeof(id), "%d", i);
		silence = silence_of(id, 60);
		assert_int_equal(silences_add(&silences, &silence), 0);
	}
	silence = silence_of("more", 60);
	assert_int_equal(silences_add(&silences, &silence), -ENOSPC);
	assert_int_equal(silences_remove(&silences, "100"), 0);
	assert_int_equal(silences_remove(&silences, "100"), -ENOENT);
	assert_string_equal(silences.list[100].id, "101");
	assert_int_equal(silences_add(&silences, &silence), 0);
	assert_int_equal(silences.n, 256);
	silences_clear(&silences);
}

TEST(those_that_ended_are_removed_one_by_one)
{
	struct silences silences = {0};
	const struct silence some[] = {silence_of("1", 60), silence_of("2", 120),
				       silence_of("3", 60)};
	char id[SILENCE_ID_BYTES] = "none";

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(silences_add(&silences, &some[i]), 0);
	assert_false(silences_expire(&silences, T0 + 59, id));
	assert_string_equal(id, "none");
	assert_true(silences_expire(&silences, T0 + 60, id));
	assert_string_equal(id, "1");
	assert_true(silences_expire(&silences, T0 + 60, id));
	assert_string_equal(id, "3");
	assert_false(silences_expire(&silences, T0 + 60, id));
	assert_int_equal(silences.n, 1);
	silences_clear(&silences);
}

TEST(silence_is_the_same_after_being_kept)
{
	struct silences silences = {0}, restored = {0};
	struct silence silence = silence_of("1", 3600.75);
	json_t *json, *again;
	char *text;

	silence.from_unix += 0.5;
	silence.slo = (char *)"pay";
	silence.comment = (char *)"moving house";
	silence.by = (char *)"uid 1000";
	silence.exclude_eligible = true;
	assert_int_equal(silences_add(&silences, &silence), 0);
	assert_true(silences.list[0].from_unix == T0);
	json = silence_json(&silences.list[0]);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text,
			    "{\"id\":\"1\",\"slo\":\"pay\",\"service\":null,\"severity\":null,"
			    "\"from\":\"2026-02-28T12:00:00Z\","
			    "\"until\":\"2026-02-28T13:00:00Z\","
			    "\"comment\":\"moving house\",\"exclude\":\"eligible\","
			    "\"by\":\"uid 1000\"}");
	assert_int_equal(silences_restore(&restored, json), 0);
	assert_true(restored.list[0].from_unix == T0);
	assert_true(restored.list[0].until_unix == T0 + 3600);
	again = silence_json(&restored.list[0]);
	assert_true(json_equal(json, again));
	assert_int_equal(silences_restore(&restored, json), -EINVAL); /* the id is taken */
	json_object_del(json, "until");
	assert_int_equal(silences_restore(&silences, json), -EINVAL);
	json_decref(json);
	json_decref(again);
	free(text);
	silences_clear(&silences);
	silences_clear(&restored);
}

/* ---- maintenance ---- */

static char *names[] = {(char *)"shop", (char *)"{service}-up"};

TEST(maintenance_applies_to_named_services_and_slos_or_to_all)
{
	struct config_maintenance windows[] = {
		{.name = (char *)"once", .start_unix_seconds = T0, .end_unix_seconds = T0 + 100},
	};
	struct config config = {.maintenance = windows, .n_maintenance = 1};

	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0 - 1), "");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0), "s");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0 + 100), "");
	windows[0].services = names;
	windows[0].n_services = 1;
	windows[0].exclude_eligible = true;
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0), "");
	assert_string_equal(match(NULL, &config, "a", "shop", SEVERITY_PAGE, T0), "sx");
	windows[0].slos = names + 1;
	windows[0].n_slos = 1;
	assert_string_equal(match(NULL, &config, "b-up", "b", SEVERITY_PAGE, T0), "sx");
}

TEST(weekly_maintenance_comes_again_in_its_time_zone)
{
	/* Saturdays 13:00 in Berlin, which is noon UTC in winter and 11:00 in summer */
	struct config_maintenance windows[] = {
		{.name = (char *)"weekly",
		 .weekly = true,
		 .weekday = 6,
		 .minute_of_day = 13 * 60,
		 .time_zone = (char *)"Europe/Berlin",
		 .duration_seconds = 1800},
	};
	const struct config config = {.maintenance = windows, .n_maintenance = 1};
	const double summer = T0 + 5 * 7 * DAY - 3600;

	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0 - 1), "");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0), "s");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0 + 1799), "s");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, T0 + 1800), "");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, summer - 1), "");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, summer), "s");
	assert_string_equal(match(NULL, &config, "a", "b", SEVERITY_PAGE, summer + 1800), "");
}

TEST(report_has_the_present_window_or_the_next)
{
	struct config_maintenance windows[] = {
		{.name = (char *)"past", .start_unix_seconds = T0 - 9, .end_unix_seconds = T0},
		{.name = (char *)"now", .start_unix_seconds = T0 - 9, .end_unix_seconds = T0 + 9},
		{.name = (char *)"next", .start_unix_seconds = T0 + 1, .end_unix_seconds = T0 + 9},
		{.name = (char *)"weekly-now",
		 .weekly = true,
		 .weekday = 6,
		 .minute_of_day = 12 * 60,
		 .duration_seconds = 60},
		{.name = (char *)"weekly-next",
		 .weekly = true,
		 .weekday = 6,
		 .minute_of_day = 11 * 60,
		 .time_zone = (char *)"UTC",
		 .duration_seconds = 60},
	};
	const struct config config = {.maintenance = windows, .n_maintenance = 5};
	json_t *report = maintenance_report(&config, T0);
	char *text = json_dumps(report, JSON_COMPACT);

	assert_string_equal(text, "[{\"name\":\"past\",\"active\":false,\"from\":null,"
				  "\"until\":null},"
				  "{\"name\":\"now\",\"active\":true,"
				  "\"from\":\"2026-02-28T11:59:51Z\","
				  "\"until\":\"2026-02-28T12:00:09Z\"},"
				  "{\"name\":\"next\",\"active\":false,"
				  "\"from\":\"2026-02-28T12:00:01Z\","
				  "\"until\":\"2026-02-28T12:00:09Z\"},"
				  "{\"name\":\"weekly-now\",\"active\":true,"
				  "\"from\":\"2026-02-28T12:00:00Z\","
				  "\"until\":\"2026-02-28T12:01:00Z\"},"
				  "{\"name\":\"weekly-next\",\"active\":false,"
				  "\"from\":\"2026-03-07T11:00:00Z\","
				  "\"until\":\"2026-03-07T11:01:00Z\"}]");
	free(text);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_lasts_from_its_start_to_before_its_end),
		cmocka_unit_test(silence_applies_to_what_all_of_its_selectors_match),
		cmocka_unit_test(silences_out_of_bounds_are_refused),
		cmocka_unit_test(there_are_at_most_256),
		cmocka_unit_test(those_that_ended_are_removed_one_by_one),
		cmocka_unit_test(silence_is_the_same_after_being_kept),
		cmocka_unit_test(maintenance_applies_to_named_services_and_slos_or_to_all),
		cmocka_unit_test(weekly_maintenance_comes_again_in_its_time_zone),
		cmocka_unit_test(report_has_the_present_window_or_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
