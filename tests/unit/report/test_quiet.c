/* SPDX-License-Identifier: GPL-2.0-only */
/* Why there is no alert, by the default rules of 99.9 % over 30 d unless a test has others. */
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "report/quiet.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static struct alert_rule rules[ALERT_RULES_MAX];
static struct quiet_rule seen[ALERT_RULES_MAX];
static struct config_slo slo;
static struct quiet_facts facts;

/* An SLO that is old, and of which nothing was asked. */
static int set_up(void **state)
{
	(void)state;
	memset(seen, 0, sizeof(seen));
	slo = (struct config_slo){.objective = 0.999, .alerts = rules};
	slo.n_alerts = alert_rules_default(rules);
	facts = (struct quiet_facts){
		.slo = &slo, .rules = seen, .window_seconds = 30 * DAY, .age_seconds = 40 * DAY};
	return 0;
}

/* The same in all windows of a rule. */
static void see(const char *rule, uint64_t good, uint64_t bad)
{
	const struct slo_events events = {good, bad};

	for (size_t i = 0; i < slo.n_alerts; i++) {
		if (!strcmp(rules[i].name, rule))
			seen[i] = (struct quiet_rule){events, events, events};
	}
}

static struct quiet_rule *seen_by(const char *rule)
{
	for (size_t i = 0; i < slo.n_alerts; i++) {
		if (!strcmp(rules[i].name, rule))
			return &seen[i];
	}
	fail_msg("no rule %s", rule);
	return NULL;
}

static void assert_quiet(const char *expected)
{
	char text[QUIET_BYTES];

	quiet_text(&facts, text);
	assert_string_equal(text, expected);
}

TEST(too_few_bad)
{
	see("burn-1h", 6, 4);
	assert_quiet("burn-1h waits for 5 bad requests in 1h (min_bad): so far 4");
}

TEST(too_few_requests)
{
	for (size_t i = 0; i < slo.n_alerts; i++)
		rules[i].min_events = 100;
	see("burn-6h", 50, 40);
	assert_quiet("burn-6h waits for 100 requests in 6h (min_events): so far 90");
}

/* 60 % of 1000 are 600 times the budget's rate: of 1 h, 60 s of that are 10 times. */
TEST(young)
{
	facts.age_seconds = 60;
	see("burn-1h", 400, 600);
	assert_quiet("young: counted for 1m so far, and burn-1h takes the rest of its 1h for good");
	facts.age_seconds = 120;
	assert_quiet("burn-1h is about to fire, at the agent's next step");
}

TEST(no_more)
{
	see("burn-1h", 400, 600);
	seen_by("burn-1h")->last = (struct slo_events){.good = 100};
	assert_quiet("burn-1h is over: in the last 5m it burns no more than 14.4x");
}

TEST(too_slow)
{
	see("burn-3d", 100000, 50);
	assert_quiet("burn rate 0.5x in the last 3d: burn-3d fires above 1.0x");
}

TEST(long_ago)
{
	assert_quiet("nothing was bad in the last 3d, as far back as burn-3d looks");
}

TEST(kept_quiet)
{
	see("burn-1h", 6, 4);
	facts.excluded = true;
	assert_quiet("its events are left out for now: maintenance, or a silence");
	facts.silenced = true;
	assert_quiet("its alerts are silenced");
}

TEST(none_configured)
{
	slo.n_alerts = 0;
	assert_quiet("it has no alert on its burn rate that pages or opens a ticket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(too_few_bad, set_up),
		cmocka_unit_test_setup(too_few_requests, set_up),
		cmocka_unit_test_setup(young, set_up),
		cmocka_unit_test_setup(no_more, set_up),
		cmocka_unit_test_setup(too_slow, set_up),
		cmocka_unit_test_setup(long_ago, set_up),
		cmocka_unit_test_setup(kept_quiet, set_up),
		cmocka_unit_test_setup(none_configured, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
