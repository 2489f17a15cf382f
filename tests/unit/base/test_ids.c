/* SPDX-License-Identifier: GPL-2.0-only */
/*
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "base/ids.h"
#include "tests/unit/fixtures/malloc_fail.h"

char *__real_strdup(const char *text);
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
char *__wrap_strdup(const char *text);
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));

char *__wrap_strdup(const char *text)
{
	return ++n_allocations == fail_at ? NULL : __real_strdup(text);
}

/* Allocates within the C library. */
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
	return ++n_allocations == fail_at ? NULL : __real_tsearch(key, root, compare);
}

static struct ids *new_ids(__u32 max)
{
	struct ids *ids = NULL;

	assert_int_equal(ids_new(max, &ids), 0);
	assert_non_null(ids);
	return ids;
}

TEST(numbers_in_order_first_asked_for)
{
	struct ids *ids = new_ids(10);

	assert_int_equal(ids_number(ids, "b"), 1);
	assert_int_equal(ids_number(ids, "a"), 2);
	assert_int_equal(ids_number(ids, ""), 3);
	assert_int_equal(ids_number(ids, "B"), 4);
	assert_int_equal(ids_number(ids, "b"), 1);
	assert_int_equal(ids_number(ids, "a"), 2);
	assert_int_equal(ids_number(ids, "ab"), 5);

	assert_string_equal(ids_name(ids, 1), "b");
	assert_string_equal(ids_name(ids, 2), "a");
	assert_string_equal(ids_name(ids, 3), "");
	assert_string_equal(ids_name(ids, 5), "ab");
	assert_null(ids_name(ids, 0));
	assert_null(ids_name(ids, 6));
	assert_null(ids_name(ids, ~0U));
	ids_free(ids);
}

TEST(names_are_copied)
{
	struct ids *ids = new_ids(10);
	char text[] = "shop";

	assert_int_equal(ids_number(ids, text), 1);
	text[0] = 'c';
	assert_int_equal(ids_number(ids, text), 2);
	assert_int_equal(ids_number(ids, "shop"), 1);
	assert_string_equal(ids_name(ids, 1), "shop");
	ids_free(ids);
}

TEST(highest_number_is_the_limit)
{
	struct ids *ids = new_ids(2), *none = new_ids(0);

	assert_int_equal(ids_number(ids, "a"), 1);
	assert_int_equal(ids_number(ids, "b"), 2);
	assert_int_equal(ids_number(ids, "c"), 0);
	assert_int_equal(ids_number(ids, "b"), 2);
	assert_int_equal(ids_number(ids, "c"), 0);
	assert_null(ids_name(ids, 3));
	assert_int_equal(ids_number(none, "a"), 0);
	ids_free(ids);
	ids_free(none);
	ids_free(NULL);
}

/* In an order that a plain binary tree would make a list of. */
TEST(many_names_stay_valid)
{
	enum { N = 4095 };
	struct ids *ids = new_ids(N);
	const char *first = NULL;
	char text[16];

	for (__u32 i = 1; i <= N; i++) {
		snprintf(text, sizeof(text), "/%08u", i);
		assert_int_equal(ids_number(ids, text), i);
		if (i == 1)
			first = ids_name(ids, 1);
	}
	assert_int_equal(ids_number(ids, "one more"), 0);
	assert_ptr_equal(ids_name(ids, 1), first);
	assert_string_equal(first, "/00000001");
	for (__u32 i = N; i; i--) {
		snprintf(text, sizeof(text), "/%08u", i);
		assert_int_equal(ids_number(ids, text), i);
		assert_string_equal(ids_name(ids, i), text);
	}
	ids_free(ids);
}

TEST(failed_allocations_take_no_number)
{
	struct ids *ids = NULL;
	unsigned long n;

	n_allocations = 0;
	fail_at = 1;
	assert_int_equal(ids_new(5, &ids), -ENOMEM);
	fail_at = 0;
	assert_null(ids);

	ids = new_ids(5);
	assert_int_equal(ids_number(ids, "a"), 1);
	for (n = 1;; n++) {
		__u32 number;

		n_allocations = 0;
		fail_at = n;
		number = ids_number(ids, "b");
		fail_at = 0;
		if (number)
			break;
		assert_null(ids_name(ids, 2));
		assert_int_equal(ids_number(ids, "a"), 1);
	}
	assert_int_equal(n, 5); /* list, entry, name and tree */
	assert_int_equal(ids_number(ids, "b"), 2);
	assert_int_equal(ids_number(ids, "c"), 3);
	assert_string_equal(ids_name(ids, 2), "b");
	ids_free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_order_first_asked_for),
		cmocka_unit_test(names_are_copied),
		cmocka_unit_test(highest_number_is_the_limit),
		cmocka_unit_test(many_names_stay_valid),
		cmocka_unit_test(failed_allocations_take_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
