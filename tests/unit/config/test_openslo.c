/* SPDX-License-Identifier: GPL-2.0-only */
/* OpenSLO files: documents, and the references between them. */
#include "tests/unit/fixtures/test.h"
#include "openslo_fixture.h"
#include "tests/unit/fixtures/malloc_fail.h"

TEST(references_may_point_forward)
{
	struct config config =
		load_good(REFERRING TARGET "spec: {target: alertmanager, url: \"http://a:1/\", "
					   "timeout: 2s}\n" HEAD("Service", "shop"));

	assert_int_equal(config.slos[0].n_alerts, 1);
	assert_string_equal(config.slos[0].alerts[0].name, "c");
	assert_true(config.slos[0].alerts[0].ratio == 0.1);
	assert_int_equal(config.n_receivers, 1);
	assert_int_equal(config.receivers[0].kind, RECEIVER_ALERTMANAGER);
	assert_string_equal(config.receivers[0].url, "http://a:1");
	assert_int_equal(config.receivers[0].timeout_ns, 2000000000);
	assert_int_equal(config.receivers[0].severities,
			 1U << SEVERITY_PAGE | 1U << SEVERITY_TICKET);
	config_clear(&config);
}

TEST(a_receiver_known_already_is_not_added_again)
{
	struct config config = {};
	struct error error;
	static const char text[] = TARGET "spec: {target: command, argv: [/bin/true, a]}\n";

	assert_int_equal(load(text, &config, &error), 0);
	assert_int_equal(load(text, &config, &error), 0);
	assert_int_equal(config.n_receivers, 1);
	assert_int_equal(load(TARGET "spec: {target: command, argv: [/bin/true, a], timeout: 1s}\n",
			      &config, &error),
			 -EINVAL);
	assert_string_equal(error.text,
			    "o.yaml:6: AlertNotificationTarget \"t\": spec: expected the timeout "
			    "and severities that this receiver has elsewhere, got others");
	config_clear(&config);
}

TEST(empty_documents_are_nothing)
{
	struct config config = load_good("---\n---\n# nothing\n" SLO "---\n...\n---\n");

	assert_int_equal(config.n_slos, 1);
	config_clear(&config);
	config = load_good("");
	assert_int_equal(config.n_slos, 0);
	config_clear(&config);
	config = load_good("\xef\xbb\xbf" SLO);
	assert_int_equal(config.n_slos, 1);
	config_clear(&config);
}

TEST(what_is_wrong_with_a_document_is_said_with_its_line)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"a: 1\n",
		 "o.yaml:1: kind: expected SLO, SLI, AlertPolicy, AlertCondition, "
		 "AlertNotificationTarget or Service, in documents of their own, got nothing"},
		{"[1]\n",
		 "o.yaml:1: expected a mapping with apiVersion, kind, metadata and spec, got a list"},
		{SLO HEAD("DataSource", "x"),
		 "o.yaml:19: kind: expected SLO, SLI, AlertPolicy, AlertCondition, "
		 "AlertNotificationTarget or Service, in documents of their own, got DataSource"},
		{"kind: SLO\napiVersion: openslo/v1\n",
		 "o.yaml:1: SLO: metadata.name: expected a name, got nothing"},
		{"kind: SLO\nmetadata: {name: x}\n",
		 "o.yaml:1: SLO \"x\": apiVersion: expected openslo/v1, got nothing"},
		{"kind: Service\nmetadata: {name: x}\napiVersion: n9/v1alpha\n",
		 "o.yaml:3: Service \"x\": apiVersion: expected openslo/v1, got \"n9/v1alpha\""},
		{SLO SLO,
		 "o.yaml:21: SLO \"checkout\": metadata.name: expected a name that is unique in "
		 "the file"},
		{HEAD("Service", "x") "spec: {owner: me}\n",
		 "o.yaml:6: Service \"x\": spec.owner: unknown key, expected description"},
		{"kind: [\n", "o.yaml:2: expected valid YAML: did not find expected node content, "
			      "while parsing a flow node"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_load_refused(cases[i].text, cases[i].message);
}

/* Python's YAML writes True, and an indicator may be an object of its own. */
TEST(an_sli_of_its_own)
{
	struct config config = load_good(HEAD(
		"SLO",
		"checkout") "spec:\n"
			    "  service: shop\n"
			    "  indicatorRef: fast\n"
			    "  timeWindow: [{duration: 30d, isRolling: True}]\n" OCCURRENCES OBJECTIVE NO_ALERTS HEAD(
				    "SLI",
				    "fast") "spec:\n"
					    "  ratioMetric:\n"
					    "    counter: TRUE\n"
					    "    good: {metricSource: {type: sliprobe, spec: {good: {latency: 100ms}}}}\n"
					    "    total: {metricSource: {type: sliprobe, spec: {eligible: {methods: [GET]}}}}\n");

	assert_int_equal(config.n_slos, 1);
	assert_string_equal(config.slos[0].name, "checkout");
	assert_int_equal(config.slos[0].good.latency_ns, 100000000);
	assert_int_equal(config.slos[0].eligible.methods, 1U << HTTP_METHOD_GET);
	config_clear(&config);
}

TEST(running_out_of_memory_leaks_nothing_and_says_so)
{
	static const char text[] =
		REFERRING TARGET "spec: {target: command, argv: [/bin/true, a]}\n" HEAD(
			"SLO", "odd") "  annotations:\n"
				      "    sliprobe/name: \"{odd}\"\n"
				      "    sliprobe/alerts: '[default]'\n" SLO_SPEC ROLLING
					      OCCURRENCES OBJECTIVE;
	unsigned long n = 0;
	int r;

	do {
		struct config config = {};
		struct error error = {};

		n_allocations = 0;
		fail_at = ++n;
		r = load(text, &config, &error);
		fail_at = 0;
		if (r) {
			assert_int_equal(r, -ENOMEM);
			assert_string_equal(error.text, "o.yaml: out of memory");
		}
		config_clear(&config);
	} while (r);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_may_point_forward),
		cmocka_unit_test(a_receiver_known_already_is_not_added_again),
		cmocka_unit_test(empty_documents_are_nothing),
		cmocka_unit_test(what_is_wrong_with_a_document_is_said_with_its_line),
		cmocka_unit_test(an_sli_of_its_own),
		cmocka_unit_test(running_out_of_memory_leaks_nothing_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
