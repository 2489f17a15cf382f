/* SPDX-License-Identifier: GPL-2.0-only */
/* What deceives a plain comparison of shares: proxies, mixes that change, samples that are not alike, exact counts. */
#include "tests/unit/explain/traffic.h"
#include "tests/unit/fixtures/malloc_fail.h"

#include <errno.h>
#include <math.h>
#include <time.h>

static double of_user_agent(const struct traffic_request *request)
{
	return request->of[USER_AGENT] == 3 ? 0.3 : 0.003;
}

/* Fails in late minutes alone, whatever it is that is asked for. */
static double late(const struct traffic_request *request)
{
	return request->minute >= TRAFFIC_MINUTES / 2 ? 0.2 : 0.002;
}

static double flat(const struct traffic_request *request)
{
	(void)request;
	return 0.02;
}

static double of_path_or_agent(const struct traffic_request *request)
{
	return request->of[USER_AGENT] == 3 || request->of[ROUTE] == 4 ? 0.4 : 0.002;
}

static void assert_named(const struct explain_findings *findings, size_t n, const char *first)
{
	if (findings->n != n || strcmp(traffic_where(&findings->list[0]), first) != 0)
		traffic_print("instead", findings);
	assert_int_equal(findings->n, n);
	assert_string_equal(traffic_where(&findings->list[0]), first);
}

TEST(proxies_are_not_named)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct explain_findings findings;

		random_seed(seed);
		traffic_run(of_user_agent, 300, 4000);
		/* a network and a tenant that most of those clients have, and some others */
		for (size_t i = 0; i < traffic.n; i++) {
			bool hit = traffic.value[USER_AGENT][i] == 3;

			if (random_below(100) < (hit ? 85 : 4))
				traffic.value[CLIENT_NETWORK][i] = 39;
			if (random_below(100) < (hit ? 95 : 10))
				traffic.value[TENANT][i] = 59;
		}
		findings = traffic_explain(seed);
		assert_named(&findings, 1, "user_agent=v3");
	}
}

TEST(values_on_the_same_rows_are_named_once)
{
	struct explain_findings findings;

	random_seed(5);
	traffic_run(of_user_agent, 300, 4000);
	for (size_t i = 0; i < traffic.n; i++) {
		uint32_t agent = traffic.value[USER_AGENT][i];

		traffic.value[VERSION][i] = agent;
		traffic.value[PID][i] = agent + 100;
	}
	findings = traffic_explain(1);
	assert_named(&findings, 1, "version=v3");
	assert_true(findings.list[0].n_also >= 2);
	for (size_t i = 0; i < findings.list[0].n_also; i++)
		assert_string_not_equal(findings.list[0].also[i].dimension, "version");
}

/* Simpson: a user agent comes up while everything fails more, for another reason. */
TEST(mix_that_changes_with_time_is_no_cause)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct explain_findings findings;

		random_seed(seed);
		traffic_run(late, 400, 4000);
		for (size_t i = 0; i < traffic.n; i++) {
			bool in_second_half = traffic.stratum[i] >= TRAFFIC_MINUTES / 2;

			traffic.value[USER_AGENT][i] =
				random_below(100) < (in_second_half ? 80 : 10);
			/* and more is sampled then */
			if (in_second_half && !traffic.bad[i])
				traffic.weight[i] /= 3;
		}
		findings = traffic_explain(seed);
		if (findings.n)
			traffic_print("named", &findings);
		assert_int_equal(findings.n, 0);
		assert_true(findings.enough);
	}
}

/* Good requests that are bad for another SLO are all sampled, and have something in common. */
TEST(unequal_samples_are_weighed)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct explain_findings findings;

		random_seed(seed);
		traffic_run(flat, 300, 3000);
		for (size_t i = 0; i < traffic.n; i++) {
			traffic.value[USER_AGENT][i] = random_below(2) ? 0 : 1;
			/* of one half all are kept, of the other one in 79 that stands for as many */
			if (!traffic.bad[i] && random_below(40))
				traffic.value[USER_AGENT][i] = 0;
			if (!traffic.bad[i])
				traffic.weight[i] = traffic.value[USER_AGENT][i] ? 79 : 1;
		}
		findings = traffic_explain(seed);
		if (findings.n)
			traffic_print("named", &findings);
		assert_int_equal(findings.n, 0);
	}
}

TEST(shares_are_weighted)
{
	struct explain_findings findings;
	double weight[2] = {0}, with[2] = {0};

	random_seed(3);
	traffic_run(of_user_agent, 300, 3000);
	for (size_t i = 0; i < traffic.n; i++) {
		bool hit = traffic.value[USER_AGENT][i] == 3;

		if (traffic.bad[i])
			traffic.weight[i] = 1 + (double)random_below(5);
		weight[traffic.bad[i]] += traffic.weight[i];
		with[traffic.bad[i]] += hit ? traffic.weight[i] : 0;
	}
	findings = traffic_explain(1);
	assert_named(&findings, 1, "user_agent=v3");
	assert_float_equal(findings.list[0].bad_share, with[1] / weight[1], 1e-9);
	assert_float_equal(findings.list[0].good_share, with[0] / weight[0], 1e-9);
	assert_float_equal(findings.list[0].excess,
			   (with[1] / weight[1] - with[0] / weight[0]) / (1 - with[0] / weight[0]),
			   1e-9);
	assert_false(findings.list[0].exact);
}

TEST(two_overlapping_faults_are_both_named)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct explain_findings findings;

		random_seed(seed);
		traffic_run(of_path_or_agent, 400, 4000);
		findings = traffic_explain(seed);
		assert_named(&findings, 2, "route=v4");
		assert_string_equal(traffic_where(&findings.list[1]), "user_agent=v3");
	}
}

TEST(exact_counts_go_before_samples)
{
	static const struct explain_exact exact[] = {
		{"user_agent", "v3", 1000, 9000},
		{"user_agent", "v1", 99000, 1000},
	};
	struct explain_samples samples;
	struct explain_findings findings;

	random_seed(3);
	traffic_run(of_user_agent, 300, 3000);
	samples = traffic_samples();
	assert_int_equal(explain_rank(&samples, exact, 2, 1, &findings), 0);
	assert_named(&findings, 1, "user_agent=v3");
	assert_true(findings.list[0].exact);
	assert_float_equal(findings.list[0].bad_share, 0.9, 1e-9);
	assert_float_equal(findings.list[0].good_share, 0.01, 1e-9);
}

TEST(without_samples_exact_counts_speak)
{
	static const struct explain_exact exact[] = {
		{"version", "3fa2c1", 100, 900},
		{"version", "3fa2c0", 9900, 100},
		{"route", "/a", 5000, 520},
		{"route", "/b", 5000, 480},
	};
	struct explain_samples samples = {0};
	struct explain_findings findings;

	assert_int_equal(explain_rank(&samples, exact, 4, 1, &findings), 0);
	assert_int_equal(findings.n, 1);
	assert_string_equal(findings.list[0].where[0].value, "3fa2c1");
	assert_true(findings.list[0].exact);
	assert_int_equal(explain_rank(&samples, exact + 2, 2, 1, &findings), 0);
	assert_int_equal(findings.n, 0);
	assert_false(findings.enough);
	assert_true(findings.needed >= 10 && findings.needed <= 40);
}

TEST(too_few_are_not_enough)
{
	struct explain_findings findings;

	random_seed(3);
	traffic_run(flat, 4, 3000);
	findings = traffic_explain(1);
	assert_int_equal(findings.n, 0);
	assert_false(findings.enough);
	assert_true(findings.needed >= 10 && findings.needed <= 40);
}

TEST(degenerate_samples_name_nothing)
{
	struct explain_samples samples;
	struct explain_findings findings;

	random_seed(3);
	traffic_run(flat, 300, 3000);
	samples = traffic_samples();
	for (size_t i = 0; i < traffic.n; i++)
		traffic.bad[i] = true;
	assert_int_equal(explain_rank(&samples, NULL, 0, 1, &findings), 0);
	assert_int_equal(findings.n, 0);
	for (size_t i = 0; i < traffic.n; i++)
		traffic.bad[i] = false;
	assert_int_equal(explain_rank(&samples, NULL, 0, 1, &findings), 0);
	assert_int_equal(findings.n, 0);
	for (size_t i = 0; i < traffic.n; i++) {
		traffic.bad[i] = i % 10 == 0;
		for (int d = 0; d < BYTES_IN; d++)
			traffic.value[d][i] = UINT32_MAX;
		for (int d = 0; d < 3; d++)
			traffic.number[d][i] = NAN;
	}
	assert_int_equal(explain_rank(&samples, NULL, 0, 1, &findings), 0);
	assert_int_equal(findings.n, 0);
	samples.n_dimensions = 0;
	assert_int_equal(explain_rank(&samples, NULL, 0, 1, &findings), 0);
	assert_int_equal(findings.n, 0);
}

TEST(out_of_memory_is_told)
{
	struct explain_findings findings;
	struct explain_samples samples;
	unsigned int failures = 0;

	random_seed(3);
	traffic_run(of_user_agent, 60, 300);
	samples = traffic_samples();
	for (unsigned long at = 1;; at++) {
		int r;

		n_allocations = 0;
		fail_at = at;
		r = explain_rank(&samples, NULL, 0, 1, &findings);
		fail_at = 0;
		if (!r)
			break;
		assert_int_equal(r, -ENOMEM);
		failures++;
	}
	assert_true(failures > 10);
}

TEST(a_hundred_thousand_rows_take_below_a_second)
{
	struct timespec from, to;
	struct explain_findings findings;

	random_seed(3);
	traffic_run(of_path_or_agent, 20000, 80000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	findings = traffic_explain(1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("%zu rows of %d dimensions: %.0f ms\n", traffic.n, TRAFFIC_DIMENSIONS,
	       (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	assert_named(&findings, 2, "route=v4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxies_are_not_named),
		cmocka_unit_test(values_on_the_same_rows_are_named_once),
		cmocka_unit_test(mix_that_changes_with_time_is_no_cause),
		cmocka_unit_test(unequal_samples_are_weighed),
		cmocka_unit_test(shares_are_weighted),
		cmocka_unit_test(two_overlapping_faults_are_both_named),
		cmocka_unit_test(exact_counts_go_before_samples),
		cmocka_unit_test(without_samples_exact_counts_speak),
		cmocka_unit_test(too_few_are_not_enough),
		cmocka_unit_test(degenerate_samples_name_nothing),
		cmocka_unit_test(out_of_memory_is_told),
		cmocka_unit_test(a_hundred_thousand_rows_take_below_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
