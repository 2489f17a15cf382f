/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/explain/traffic.h"

static double background; /* any request fails with it */
static double failing; /* one that has the fault */

static double mixed(bool hit)
{
	return hit ? failing : background;
}

static double no_fault(const struct traffic_request *request)
{
	(void)request;
	return background;
}

static double by_user_agent(const struct traffic_request *request)
{
	return mixed(request->of[USER_AGENT] == 3);
}

static double by_path(const struct traffic_request *request)
{
	return mixed(request->of[PATH] == 17);
}

static double by_network(const struct traffic_request *request)
{
	return mixed(request->of[CLIENT_NETWORK] == 9);
}

static double by_version(const struct traffic_request *request)
{
	return mixed(request->of[VERSION] == 1);
}

static double by_route_and_method(const struct traffic_request *request)
{
	return mixed(request->of[ROUTE] == 2 && request->of[METHOD] == 1);
}

static double by_size(const struct traffic_request *request)
{
	return mixed(request->number[0] > 2500);
}

static double by_agent_or_version(const struct traffic_request *request)
{
	return mixed(request->of[USER_AGENT] == 3 || request->of[VERSION] == 1);
}

static const struct {
	traffic_fault *fault;
	const char *name;
	double share; /* of the requests that have it */
} single_faults[] = {
	{by_user_agent, "user_agent=v3", 0.09},
	{by_path, "path=v17", 0.0025},
	{by_network, "client_network=v9", 0.025},
	{by_version, "version=v1", 1 / 6.0},
	{by_route_and_method, "route=v2 + method=v1", 0.033},
	{by_size, "bytes_in>=", 0.1},
};

enum { N_SINGLE = sizeof(single_faults) / sizeof(single_faults[0]) };

/* Of all requests `bad` fail: a fifth of them anywhere, the others because of the fault. */
static void set_shares(double bad, double share_of_fault)
{
	background = bad / 5;
	failing = background + 0.8 * bad / share_of_fault;
	if (failing > 0.9)
		failing = 0.9;
	/* where the fault is too small for it, noise must not drown it */
	if (0.8 * bad / share_of_fault > 0.9)
		background = failing * share_of_fault / 4;
}

TEST(single_faults_are_named_first)
{
	static const double bad_shares[] = {0.1, 0.01, 0.001};

	for (int f = 0; f < N_SINGLE; f++) {
		for (int b = 0; b < 3; b++) {
			for (uint64_t seed = 1; seed <= 3; seed++) {
				struct explain_findings findings;

				random_seed(seed * 100 + (uint64_t)f * 10 + (uint64_t)b);
				set_shares(bad_shares[b], single_faults[f].share);
				traffic_run(single_faults[f].fault, 200, 4000);
				findings = traffic_explain(seed);
				if (seed == 1)
					traffic_print(single_faults[f].name, &findings);
				assert_true(findings.n >= 1 && findings.enough);
				assert_memory_equal(traffic_where(&findings.list[0]),
						    single_faults[f].name,
						    strlen(single_faults[f].name));
				/* and nothing but it */
				if (findings.n != 1)
					traffic_print("more than one", &findings);
				assert_int_equal(findings.n, 1);
			}
		}
	}
}

TEST(few_samples_are_enough_for_a_clear_fault)
{
	for (int f = 0; f < N_SINGLE - 1; f++) {
		for (uint64_t seed = 1; seed <= 5; seed++) {
			struct explain_findings findings;

			random_seed(seed);
			background = 0.0001;
			failing = 0.5;
			traffic_run(single_faults[f].fault, 40, 400);
			findings = traffic_explain(seed);
			assert_true(findings.n >= 1);
			if (strcmp(traffic_where(&findings.list[0]), single_faults[f].name) != 0)
				traffic_print(single_faults[f].name, &findings);
			assert_string_equal(traffic_where(&findings.list[0]),
					    single_faults[f].name);
		}
	}
}

TEST(two_faults_are_both_named)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct explain_findings findings;

		random_seed(seed);
		background = 0.0005;
		failing = 0.4;
		traffic_run(by_agent_or_version, 300, 4000);
		findings = traffic_explain(seed);
		traffic_print("two", &findings);
		assert_int_equal(findings.n, 2);
		assert_string_equal(traffic_where(&findings.list[0]), "version=v1");
		assert_string_equal(traffic_where(&findings.list[1]), "user_agent=v3");
	}
}

TEST(nothing_is_named_without_a_fault)
{
	unsigned int named = 0;

	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct explain_findings findings;
		size_t n_bad = seed % 4 == 0 ? 30 : seed % 4 == 1 ? 100 : seed % 4 == 2 ? 300 : 60;

		random_seed(seed);
		background = 0.02;
		traffic_run(no_fault, n_bad, seed % 3 ? 1500 : 300);
		findings = traffic_explain(seed);
		if (findings.n)
			traffic_print("without a fault", &findings);
		named += findings.n > 0;
	}
	printf("named in %u of 1000 runs without a fault\n", named);
	assert_true(named <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_faults_are_named_first),
		cmocka_unit_test(few_samples_are_enough_for_a_clear_fault),
		cmocka_unit_test(two_faults_are_both_named),
		cmocka_unit_test(nothing_is_named_without_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
