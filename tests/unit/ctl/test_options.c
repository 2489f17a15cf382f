/* SPDX-License-Identifier: GPL-2.0-only */
/* Bad usage of slictl's commands. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"

TEST(test_bad_usage_asks_nothing_and_is_2)
{
	static const struct {
		command_fn *command;
		const char *line, *err;
	} cases[] = {
		{ctl_silence, "silence", "expected add, list or remove; see slictl silence --help"},
		{ctl_silence, "silence all",
		 "expected add, list or remove: all; see slictl silence --help"},
		{ctl_silence, "silence add --for 1h",
		 "--slo, --service or --all is expected; see slictl silence --help"},
		{ctl_silence, "silence add --all --service x --for 1h",
		 "--all does not go with --service; see slictl silence --help"},
		{ctl_silence, "silence add --slo x",
		 "--for is expected, as in --for 2h; see slictl silence --help"},
		{ctl_silence, "silence add --slo x --for 2",
		 "--for: expected whole seconds as in 90s, 30m, 2h, 1d: 2; see slictl silence "
		 "--help"},
		{ctl_silence, "silence add --slo x --for 500ms",
		 "--for: expected whole seconds as in 90s, 30m, 2h, 1d: 500ms; see slictl silence "
		 "--help"},
		{ctl_silence, "silence add --slo x --for 1h --severity high",
		 "--severity: expected page, ticket or notice: high; see slictl silence --help"},
		{ctl_silence, "silence add --slo x --for 1h --exclude all",
		 "--exclude: expected alerts or eligible: all; see slictl silence --help"},
		{ctl_silence, "silence add --slo",
		 "a value is expected: --slo; see slictl silence --help"},
		{ctl_silence, "silence add --sloo x",
		 "unrecognized option: --sloo; see slictl silence --help"},
		{ctl_silence, "silence add -x",
		 "unrecognized option: -x; see slictl silence --help"},
		{ctl_silence, "silence remove", "an argument is expected: ID; see slictl --help"},
		{ctl_silence, "silence list x", "unexpected argument: x; see slictl --help"},
		{ctl_notify_test, "notify-test --severity x",
		 "--severity: expected page, ticket or notice: x; see slictl notify-test --help"},
		{ctl_history, "history",
		 "an argument is expected: NAME; see slictl history --help"},
		{ctl_history, "history a b", "unexpected argument: b; see slictl history --help"},
		{ctl_history, "history a --by week",
		 "--by: expected minute, hour or day: week; see slictl history --help"},
		{ctl_history, "history a --since soon",
		 "expected a duration (so long ago) such as 2h, or a time such as 14:30 or "
		 "\"2030-01-02 14:30\": soon; see slictl history --help"},
		{ctl_services, "services --since soon",
		 "expected a duration (so long ago) such as 2h, or a time such as 14:30 or "
		 "\"2030-01-02 14:30\": soon; see slictl services --help"},
		{ctl_services, "services a b",
		 "unexpected argument: b; see slictl services --help"},
		{ctl_history, "history a --csv=1",
		 "unrecognized option: --csv=1; see slictl history --help"},
		{ctl_alerts, "alerts x", "unexpected argument: x; see slictl alerts --help"},
		{ctl_risk, "risk f --config c", "--config needs --slo; see slictl risk --help"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char err[256];

		snprintf(err, sizeof(err), "slictl: %s\n", cases[i].err);
		expect_spoken(cases[i].command, "/none", false, cases[i].line, 2, "", err);
	}
}

TEST(test_options_end_at_two_dashes)
{
	expect_spoken(ctl_history, "/none", false, "history -- --csv", 3, "", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_usage_asks_nothing_and_is_2),
		cmocka_unit_test(test_options_end_at_two_dashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
