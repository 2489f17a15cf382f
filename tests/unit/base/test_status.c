/* SPDX-License-Identifier: GPL-2.0-only */
/* include/status.h: one number for both statuses, and what it is counted under where there is no room for it. */
#include "tests/unit/fixtures/test.h"

#include <stdbool.h>

#include "status.h"

TEST(test_both_statuses_come_back)
{
	for (unsigned int http = 0; http < STATUS_HTTP_END; http++) {
		assert_int_equal(status_http(http), http);
		assert_false(status_is_grpc(http));
		for (int grpc = 0; grpc < GRPC_STATUS_COUNT; grpc++) {
			__u16 status = status_of(http, (enum grpc_status)grpc);

			assert_true(status_is_grpc(status));
			assert_int_equal(status_http(status), http);
			assert_int_equal(status_grpc(status), grpc);
		}
	}
}

/* Kernel and user side, and what is on disk, agree on these numbers. */
TEST(test_the_encoding_stays)
{
	assert_int_equal(status_of(200, GRPC_OK), 1024 + 200);
	assert_int_equal(status_of(200, GRPC_UNAVAILABLE), 15 * 1024 + 200);
	assert_int_equal(status_of(0, GRPC_HIDDEN), 20 * 1024);
}

TEST(test_a_class_is_that_of_http)
{
	assert_int_equal(status_class(0), 0);
	assert_int_equal(status_class(5), 5);
	assert_int_equal(status_class(200), 2);
	assert_int_equal(status_class(599), 5);
	assert_int_equal(status_class(999), 9);
	assert_int_equal(status_class(status_of(200, GRPC_UNAUTHENTICATED)), 2);
	assert_int_equal(status_class(status_of(503, GRPC_ABSENT)), 5);
	assert_int_equal(status_class(status_of(2, GRPC_OK)), 2);
	assert_int_equal(status_class(status_of(0, GRPC_OK)), 0);
}

TEST(test_what_can_be_judged)
{
	assert_true(status_is_known(200) && status_is_known(status_of(200, GRPC_OK)));
	assert_true(status_is_known(status_of(503, GRPC_ABSENT)));
	assert_true(status_is_known(5) && status_is_known(status_of(2, GRPC_INTERNAL)));
	assert_false(status_is_known(0));
	assert_false(status_is_known(status_of(0, GRPC_OK)));
	assert_false(status_is_known(status_of(200, GRPC_HIDDEN)));
	assert_false(status_is_known(STATUS_ONE_SIDED | 200));
	assert_false(status_is_known(STATUS_ONE_SIDED | status_of(200, GRPC_UNAVAILABLE)));
}

TEST(test_statuses_of_grpc_that_blame_the_server_are_bad_unless_said_otherwise)
{
	static const enum grpc_status failures[] = {GRPC_UNKNOWN,   GRPC_DEADLINE_EXCEEDED,
						    GRPC_INTERNAL,  GRPC_UNAVAILABLE,
						    GRPC_DATA_LOSS, GRPC_OTHER,
						    GRPC_ABSENT};
	unsigned int expected = 0;

	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		expected |= 1U << failures[i];
	for (int grpc = 0; grpc < GRPC_STATUS_COUNT; grpc++) {
		bool failed = expected >> grpc & 1, judged = grpc != GRPC_HIDDEN;

		assert_int_equal(status_failed(status_of(200, (enum grpc_status)grpc)), failed);
		assert_true(status_failed(status_of(500, (enum grpc_status)grpc)));
		assert_int_equal(GRPC_GOOD >> grpc & 1, judged && !failed);
	}
	assert_true(status_failed(500) && status_failed(5) && status_failed(999));
	assert_false(status_failed(499) || status_failed(4) || status_failed(0));
}

TEST(test_without_a_series_of_its_own_a_success_keeps_its_status_of_grpc)
{
	assert_int_equal(status_rest(204), 2);
	assert_int_equal(status_rest(503), 5);
	assert_int_equal(status_rest(0), 0);
	assert_int_equal(status_rest(status_of(200, GRPC_INTERNAL)), status_of(2, GRPC_INTERNAL));
	assert_int_equal(status_rest(status_of(200, GRPC_OK)), status_of(2, GRPC_OK));
	assert_int_equal(status_rest(status_of(503, GRPC_ABSENT)), 5);
	assert_int_equal(status_rest(status_of(0, GRPC_HIDDEN)), 0);
}

TEST(test_what_is_counted_together_stays_together)
{
	unsigned int rests = 0;

	for (unsigned int status = 0; status < STATUS_END; status++) {
		if (status_http(status) > 999)
			continue; /* three digits */
		assert_int_equal(status_rest(status_rest(status)), status_rest(status));
		rests += status_rest(status) == status;
	}
	/* ten classes of HTTP up to 9xx, and 2xx with each value that bits 10 to 14 can have */
	assert_int_equal(rests, STATUS_CLASSES + 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_statuses_come_back),
		cmocka_unit_test(test_the_encoding_stays),
		cmocka_unit_test(test_a_class_is_that_of_http),
		cmocka_unit_test(test_what_can_be_judged),
		cmocka_unit_test(
			test_statuses_of_grpc_that_blame_the_server_are_bad_unless_said_otherwise),
		cmocka_unit_test(
			test_without_a_series_of_its_own_a_success_keeps_its_status_of_grpc),
		cmocka_unit_test(test_what_is_counted_together_stays_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
