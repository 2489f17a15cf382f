/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include "ctl/alert.h"

TEST(a_severity_is_read_and_any_other_text_is_none)
{
	static const struct {
		const char *json;
		bool known;
		enum alert_severity severity;
	} rows[] = {
		{"{\"severity\": \"page\"}", true, SEVERITY_PAGE},
		{"{\"severity\": \"ticket\"}", true, SEVERITY_TICKET},
		{"{\"severity\": \"notice\"}", true, SEVERITY_NOTICE},
		{"{\"severity\": \"unknown\"}", false, SEVERITY_COUNT},
		{"{\"severity\": 2}", false, SEVERITY_COUNT},
		{"{}", false, SEVERITY_COUNT},
		{"[]", false, SEVERITY_COUNT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum alert_severity severity = SEVERITY_COUNT;
		json_t *json = json_loads(rows[i].json, 0, NULL);

		assert_int_equal(ctl_alert_severity(json, &severity), rows[i].known);
		assert_int_equal(severity, rows[i].severity);
		json_decref(json);
	}
}

TEST(firing_and_exhausted_alerts_are_active)
{
	static const struct {
		const char *json;
		bool active, silenced;
	} rows[] = {
		{"{\"state\": \"firing\", \"silenced\": false}", true, false},
		{"{\"state\": \"exhausted\", \"silenced\": true}", true, true},
		{"{\"state\": \"inactive\", \"silenced\": true}", false, true},
		{"{\"state\": \"other\", \"silenced\": 1}", false, false},
		{"{}", false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *json = json_loads(rows[i].json, 0, NULL);

		assert_int_equal(ctl_alert_is_active(json), rows[i].active);
		assert_int_equal(ctl_alert_is_silenced(json), rows[i].silenced);
		json_decref(json);
	}
}

TEST(pages_are_red_and_tickets_yellow)
{
	assert_int_equal(ctl_severity_colour("page"), CTL_BAD);
	assert_int_equal(ctl_severity_colour("ticket"), CTL_WARN);
	assert_int_equal(ctl_severity_colour("notice"), CTL_PLAIN);
	assert_int_equal(ctl_severity_colour("Page"), CTL_PLAIN);
	assert_int_equal(ctl_severity_colour(NULL), CTL_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_severity_is_read_and_any_other_text_is_none),
		cmocka_unit_test(firing_and_exhausted_alerts_are_active),
		cmocka_unit_test(pages_are_red_and_tickets_yellow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
