/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/rows.h"

static const struct ctl_field fields[] = {
	{"NAME", "name", &ctl_as_text},
	{"N", "n", &ctl_as_count},
	{"RATE", "rate.per_second", &ctl_as_rate},
	{"P99", "latency.p99", &ctl_as_latency},
};

static void assert_table(const char *list, struct ctl_rows rows, const char *expected)
{
	json_t *json = json_loads(list, 0, NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(json);
	rows.list = json;
	assert_int_equal(ctl_rows_print(&rows, false, out), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

TEST(each_object_is_a_row_and_what_it_lacks_is_unknown)
{
	assert_table("[{\"name\": \"a\", \"n\": 12, \"rate\": {\"per_second\": 5},"
		     "  \"latency\": {\"p99\": 0.05}},"
		     " {\"name\": 3, \"n\": 1.5, \"rate\": 5, \"latency\": {\"p99\": null}}, 7]",
		     (struct ctl_rows){CTL_FIELDS(fields), .indent = 2},
		     "  NAME   N   RATE     P99\n"
		     "  a     12  5.0/s  50.0ms\n"
		     "  -      -      -       -\n"
		     "  -      -      -       -\n");
}

TEST(a_dot_leads_into_a_member_and_is_no_part_of_a_name)
{
	assert_table("[{\"rate.per_second\": 5}]",
		     (struct ctl_rows){.fields = fields + 2, .n_fields = 1}, "RATE\n   -\n");
}

TEST(no_more_rows_than_asked_for)
{
	assert_table("[{\"name\": \"a\"}, {\"name\": \"b\"}, {\"name\": \"c\"}]",
		     (struct ctl_rows){.max = 2, .fields = fields, .n_fields = 1}, "NAME\na\nb\n");
}

TEST(an_optional_field_is_shown_if_one_row_has_it)
{
	const struct ctl_rows rows = {
		.fields = fields + 1,
		.n_fields = 2,
		.optional = "rate.per_second",
	};

	assert_table("[{\"n\": 1}, {\"n\": 2, \"rate\": {\"per_second\": null}}]", rows,
		     "N\n1\n2\n");
	assert_table("[{\"n\": 1}, {\"n\": 2, \"rate\": {\"per_second\": 0}}]", rows,
		     "N  RATE\n1     -\n2   0/s\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_object_is_a_row_and_what_it_lacks_is_unknown),
		cmocka_unit_test(a_dot_leads_into_a_member_and_is_no_part_of_a_name),
		cmocka_unit_test(no_more_rows_than_asked_for),
		cmocka_unit_test(an_optional_field_is_shown_if_one_row_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
