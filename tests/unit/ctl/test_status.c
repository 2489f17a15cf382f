/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl status: its order, its filter, and its width; asking a fake agent. */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/ctl/fake_agent.h"
#include "ctl/table.h"

#define SLO(name, service, eligible, bad, left, burn, alerts)                                      \
	SLO_GONE(name, service, eligible, bad, left, burn, alerts, "null")
#define SLO_GONE(name, service, eligible, bad, left, burn, alerts, gone)                           \
	"{\"name\": \"" name "\", \"service\": \"" service "\", \"objective\": 0.999,"             \
	" \"eligible\": " eligible ", \"bad\": " bad ", \"availability\": 0.99,"                   \
	" \"budget\": {\"remaining_ratio\": " left ", \"exhausted_in_seconds\": " gone "},"        \
	" \"burn_rate\": {\"1h\": " burn ", \"5m\": 1.0}, \"alerts\": [" alerts "]}"
#define ALERT(name, severity, state, silenced)                                                     \
	"{\"name\": \"" name "\", \"severity\": \"" severity "\", \"state\": \"" state             \
	"\", \"silenced\": " silenced "}"

/* clang-format off */
static const struct fake_reply replies[] = {
	{"GET /v1/status", 200,
	 "{\"agent\": {}, \"coverage\": {}, \"slos\": ["
	 SLO("idle", "cart", "0", "0", "null", "null", "") ","
	 SLO_GONE("fine", "cart", "1000", "1", "0.9", "0.1", "", "2140000000") ","
	 SLO("known", "shop", "900", "90", "-8.0", "90.0", ALERT("burn-1h", "page", "firing", "true")) ","
	 SLO("slow", "shop", "800", "8", "0.2", "2.0", ALERT("burn-3d", "ticket", "firing", "false")) ","
	 SLO("spent", "shop", "700", "70", "-2.0", "0.0", ALERT("old", "page", "inactive", "false")) ","
	 SLO("down-with-a-name-that-is-far-too-long-for-any-terminal-of-80", "checkout-service", "600",
	     "600", "-99.0", "1000.0",
	     ALERT("burn-1h", "page", "firing", "false") ","
	     ALERT("exhaust-4h", "page", "exhausted", "false"))
	 "]}",
	 0},
	{}};
/* clang-format on */

/* The first words of the table's rows, up to the empty line below it. */
static void assert_order(const char *line, const char *expected)
{
	struct fake_agent agent;
	struct spoken spoken;
	char names[512] = "";

	fake_start(&agent, replies);
	spoken = speak(ctl_status, agent.path, false, line);
	for (const char *at = strchr(spoken.out, '\n'); at && at[1] != '\n' && at[1];
	     at = strchr(at + 1, '\n'))
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%.4s ", at + 1);
	assert_string_equal(names, expected);
	assert_int_equal(spoken.status, 0);
	spoken_clear(&spoken);
	fake_stop(&agent);
}

TEST(the_worst_comes_first)
{
	assert_order("status", "down slow know spen fine idle ");
	assert_order("status --sort worst", "down slow know spen fine idle ");
	assert_order("status --sort budget", "down know spen slow fine idle ");
	assert_order("status --sort burn", "down know slow fine spen idle ");
	assert_order("status --sort bad", "down know spen slow fine idle ");
	assert_order("status --sort eligible", "fine know slow spen down idle ");
	assert_order("status --sort=name", "down fine idle know slow spen ");
}

TEST(a_filter_looks_at_names_and_services)
{
	struct fake_agent agent;

	assert_order("status --filter cart", "fine idle ");
	assert_order("status --filter SHOP", "slow know spen ");
	assert_order("status --filter s*", "slow know spen ");
	fake_start(&agent, replies);
	expect_spoken(ctl_status, agent.path, false, "status --filter nope", 1,
		      "No SLO or service of 6 has \"nope\" in its name.\n", "");
	expect_spoken(
		ctl_status, agent.path, false, "status --sort brun", 2, "",
		"slictl: --sort: expected worst, budget, burn, bad, eligible or name; did you "
		"mean \"burn\"?: brun; see slictl status --help\n");
	fake_stop(&agent);
}

TEST(json_is_as_it_came_unless_asked)
{
	struct fake_agent agent;

	fake_start(&agent, replies);
	expect_spoken(ctl_status, agent.path, true, "status", 0, replies[0].body, "");
	expect_spoken(ctl_status, agent.path, true, "status --filter nope", 0,
		      "{\"agent\":{},\"coverage\":{},\"slos\":[]}\n", "");
	fake_stop(&agent);
}

TEST(what_is_no_json_is_not_passed_on)
{
	static const struct fake_reply lies[] = {{"GET /v1/status", 200, "<html>", 0}, {}};
	struct fake_agent agent;

	fake_start(&agent, lies);
	expect_spoken(ctl_status, agent.path, true, "status", 2, "",
		      "slictl: the agent's answer is not understood\n");
	fake_stop(&agent);
}

static void assert_width(size_t width, const char *header)
{
	struct fake_agent agent;
	struct spoken spoken;

	ctl_table_set_width(width);
	fake_start(&agent, replies);
	spoken = speak(ctl_status, agent.path, false, "status");
	ctl_table_set_width(0);
	assert_int_equal(strncmp(spoken.out, header, strlen(header)), 0);
	for (const char *at = spoken.out; *at; at = strchr(at, '\n') + 1) {
		if (strcspn(at, "\n") > width)
			fail_msg("%zu columns: %.*s", width, (int)strcspn(at, "\n"), at);
	}
	spoken_clear(&spoken);
	fake_stop(&agent);
}

TEST(a_terminal_is_fitted)
{
	assert_width(
		250,
		"SLO                                                           SERVICE           "
		"ELIGIBLE  BAD  AVAILABLE  OBJECTIVE  BUDGET LEFT  BURN 1h  BURN 5m"
		"  EXHAUSTED IN  ALERTS\n");
	assert_width(140,
		     "SLO                                                           BAD  AVAILABLE"
		     "  BUDGET LEFT  BURN 1h  ALERTS\n");
	assert_width(80, "SLO                                    AVAILABLE  BUDGET LEFT  BURN 1h  "
			 "ALERTS\n");
	assert_width(60, "SLO                AVAILABLE  BUDGET LEFT  BURN 1h  ALERTS\n");
}

/* Beyond the longest window it means nothing when. */
TEST(a_budget_that_lasts_for_years_lasts_long)
{
	struct fake_agent agent;
	struct spoken spoken;

	fake_start(&agent, replies);
	spoken = speak(ctl_status, agent.path, false, "status --filter fine");
	assert_non_null(strstr(spoken.out, " >92d  none\n"));
	spoken_clear(&spoken);
	fake_stop(&agent);
}

TEST(a_pipe_is_not_cut)
{
	struct fake_agent agent;
	struct spoken spoken;

	fake_start(&agent, replies);
	spoken = speak(ctl_status, agent.path, false, "status");
	assert_non_null(strstr(spoken.out,
			       "\ndown-with-a-name-that-is-far-too-long-for-any-terminal-of-80  "
			       "checkout-service "));
	assert_non_null(strstr(spoken.out, " page: burn-1h, exhaust-4h\n"));
	spoken_clear(&spoken);
	fake_stop(&agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(a_filter_looks_at_names_and_services),
		cmocka_unit_test(json_is_as_it_came_unless_asked),
		cmocka_unit_test(what_is_no_json_is_not_passed_on),
		cmocka_unit_test(a_terminal_is_fitted),
		cmocka_unit_test(a_budget_that_lasts_for_years_lasts_long),
		cmocka_unit_test(a_pipe_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
