/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/random.h"

#include <math.h>
#include <string.h>

#include "explain/kind.h"

enum { N = 400 };

static struct explain_times times[N];
static uint64_t reasons[BAD_REASON_COUNT];

/* Good ones take 2 ms; of the bad ones the parts are made longer. */
static void fill(double queue, double service, double run_delay, double window_full,
		 uint64_t retransmits)
{
	memset(reasons, 0, sizeof(reasons));
	reasons[BAD_LATENCY] = 100;
	for (size_t i = 0; i < N; i++) {
		double noise = 1 + (double)random_below(100) / 200;

		times[i] =
			(struct explain_times){i % 4 == 0, 1, 1e-4, 2e-3 * noise, 1e-5, 0, 1e-3, 0};
		if (i % 4)
			continue;
		times[i].queue += queue * noise;
		times[i].service += service * noise;
		times[i].run_delay += run_delay * noise;
		times[i].window_full += window_full * noise;
		times[i].retransmits += retransmits;
	}
}

static enum explain_kind kind(void)
{
	return explain_kind_of(reasons, times, N);
}

TEST(slow_where_the_time_goes)
{
	fill(0.2, 0.01, 0, 0, 0);
	assert_int_equal(kind(), EXPLAIN_SLOW_QUEUE);
	fill(0.01, 0.2, 0, 0, 0);
	assert_int_equal(kind(), EXPLAIN_SLOW_SERVICE);
	fill(0.01, 0.2, 0.15, 0, 0);
	assert_int_equal(kind(), EXPLAIN_STARVED);
	fill(0.2, 0.0002, 0.0002, 0, 0);
	assert_int_equal(kind(), EXPLAIN_SLOW_QUEUE);
	fill(0.2, 0.0002, 0.19, 0, 0); /* it waited before it could read */
	assert_int_equal(kind(), EXPLAIN_STARVED);
	fill(0.3, 0.1, 0.1, 0, 0);
	assert_int_equal(kind(), EXPLAIN_SLOW_QUEUE);
	fill(0.01, 0.2, 0, 0.19, 0);
	assert_int_equal(kind(), EXPLAIN_SLOW_NETWORK);
	fill(0.01, 0.25, 0, 0, 1);
	assert_int_equal(kind(), EXPLAIN_SLOW_NETWORK);
}

TEST(unknown_times_are_slow_in_service)
{
	fill(0, 0.2, NAN, NAN, 0);
	for (size_t i = 0; i < N; i++)
		times[i].retransmits = UINT64_MAX;
	assert_int_equal(kind(), EXPLAIN_SLOW_SERVICE);
	assert_int_equal(explain_kind_of(reasons, NULL, 0), EXPLAIN_SLOW_SERVICE);
}

TEST(reasons_have_their_kind)
{
	memset(reasons, 0, sizeof(reasons));
	assert_int_equal(kind(), EXPLAIN_NONE);
	reasons[BAD_STATUS] = 60;
	reasons[BAD_SERVER_ABORT] = 10;
	reasons[BAD_UNANSWERED] = 30;
	assert_int_equal(kind(), EXPLAIN_ERRORS);
	reasons[BAD_UNANSWERED] = 60;
	assert_int_equal(kind(), EXPLAIN_MIXED);
	reasons[BAD_UNANSWERED] = 600;
	assert_int_equal(kind(), EXPLAIN_UNANSWERED);
	reasons[BAD_CLIENT_ABORT] = 6000;
	assert_int_equal(kind(), EXPLAIN_ABORTED);
}

TEST(kinds_have_names)
{
	for (enum explain_kind k = 0; k < EXPLAIN_KIND_COUNT; k++) {
		assert_non_null(explain_kind_name(k));
		assert_non_null(explain_kind_words(k));
	}
	assert_null(explain_kind_name(EXPLAIN_KIND_COUNT));
	assert_string_equal(explain_kind_name(EXPLAIN_STARVED), "starved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_where_the_time_goes),
		cmocka_unit_test(unknown_times_are_slow_in_service),
		cmocka_unit_test(reasons_have_their_kind),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
