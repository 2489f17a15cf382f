/* SPDX-License-Identifier: GPL-2.0-only */
/* Each value of a vocabulary has its printed name, and nothing else has one. */
#include "tests/unit/fixtures/test.h"
#include "base/term_names.h"

#define ASSERT_NAME(id, name) assert_string_equal(NAME_OF(VALUE_OF(id)), name);
#define ASSERT_SAYING(id, word, name)                                                              \
	ASSERT_NAME(id, name)                                                                      \
	assert_string_equal(blind_reason_word(VALUE_OF(id)), word);

TEST(test_each_value_has_the_name_of_its_vocabulary){
#define NAME_OF method_name
#define VALUE_OF(id) HTTP_METHOD_##id
	HTTP_METHODS(ASSERT_NAME)
#undef NAME_OF
#undef VALUE_OF
#define NAME_OF grpc_status_name
#define VALUE_OF(id) GRPC_##id
		GRPC_STATUSES(ASSERT_NAME)
#undef NAME_OF
#undef VALUE_OF
#define NAME_OF outcome_name
#define VALUE_OF(id) OUTCOME_##id
			OUTCOMES(ASSERT_NAME)
#undef NAME_OF
#undef VALUE_OF
#define NAME_OF role_name
#define VALUE_OF(id) ROLE_##id
				ROLES(ASSERT_NAME)
#undef NAME_OF
#undef VALUE_OF
#define NAME_OF lost_reason_name
#define VALUE_OF(id) LOST_##id
					LOST_REASONS(ASSERT_NAME)
#undef NAME_OF
#undef VALUE_OF
#define NAME_OF kernel_error_name
#define VALUE_OF(id) KERR_##id
						KERNEL_ERRORS(ASSERT_NAME)
#undef NAME_OF
#undef VALUE_OF
#define NAME_OF blind_reason_name
#define VALUE_OF(id) BLIND_##id
							BLIND_REASONS(ASSERT_SAYING)
#undef NAME_OF
#undef VALUE_OF
}

TEST(test_a_value_outside_the_vocabulary_has_no_name)
{
	assert_null(method_name(HTTP_METHOD_COUNT));
	assert_null(grpc_status_name(GRPC_STATUS_COUNT));
	assert_null(outcome_name(OUTCOME_COUNT));
	assert_null(role_name(ROLE_COUNT));
	assert_null(lost_reason_name(LOST_REASON_COUNT));
	assert_null(kernel_error_name(KERR_COUNT));
	assert_null(blind_reason_name(BLIND_REASON_COUNT));
	assert_null(blind_reason_word(BLIND_REASON_COUNT));
	assert_null(method_name(255));
}

TEST(test_words_that_others_have_standardised)
{
	assert_string_equal(method_name(HTTP_METHOD_OTHER), "_OTHER");
	assert_string_equal(method_name(HTTP_METHOD_GET), "GET");
	assert_string_equal(method_name(HTTP_METHOD_QUERY), "QUERY");
	/* the codes go by number on the wire */
	assert_string_equal(grpc_status_name(0), "OK");
	assert_string_equal(grpc_status_name(2), "UNKNOWN");
	assert_string_equal(grpc_status_name(4), "DEADLINE_EXCEEDED");
	assert_string_equal(grpc_status_name(13), "INTERNAL");
	assert_string_equal(grpc_status_name(14), "UNAVAILABLE");
	assert_string_equal(grpc_status_name(15), "DATA_LOSS");
	assert_string_equal(grpc_status_name(16), "UNAUTHENTICATED");
	assert_int_equal(GRPC_OTHER, 17);
	assert_int_equal(GRPC_ABSENT, 18);
	assert_int_equal(GRPC_HIDDEN, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_value_has_the_name_of_its_vocabulary),
		cmocka_unit_test(test_a_value_outside_the_vocabulary_has_no_name),
		cmocka_unit_test(test_words_that_others_have_standardised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
