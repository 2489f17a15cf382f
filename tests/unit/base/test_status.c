/* SPDX-License-Identifier: GPL-2.0-only */
/* include/status.h: one number for both statuses, and what it is counted under where there is no room for it. */
#include "tests/unit/fixtures/test.h"

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

	for (unsigned int status = 0; status < 1U << 16; status++) {
		if (status_http(status) > 999)
			continue; /* three digits */
		assert_int_equal(status_rest(status_rest(status)), status_rest(status));
		rests += status_rest(status) == status;
	}
	/* ten classes of HTTP up to 9xx, and 2xx with each value that bits 10 to 15 can have */
	assert_int_equal(rests, STATUS_CLASSES + 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_statuses_come_back),
		cmocka_unit_test(test_the_encoding_stays),
		cmocka_unit_test(test_a_class_is_that_of_http),
		cmocka_unit_test(
			test_without_a_series_of_its_own_a_success_keeps_its_status_of_grpc),
		cmocka_unit_test(test_what_is_counted_together_stays_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
