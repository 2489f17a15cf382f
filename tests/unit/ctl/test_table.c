/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "tests/unit/fixtures/test.h"
#include "ctl/table.h"

TEST(test_table_aligned_without_trailing_spaces)
{
	static const struct ctl_column columns[] = {{"NAME", false}, {"N", true}, {"WHY", false}};
	static const char *const cells[] = {"a", "1", NULL, "longer", "1000", "\t"};
	struct ctl_table table;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ctl_table_init(&table, columns, 3);
	for (size_t i = 0; i < 6; i++)
		ctl_table_add(&table, cells[i], CTL_BAD);
	assert_int_equal(ctl_table_print(&table, 2, false, out), 0);
	ctl_table_clear(&table);
	fclose(out);
	assert_string_equal(text, "  NAME       N  WHY\n"
				  "  a          1  -\n"
				  "  longer  1000  \\x09\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_aligned_without_trailing_spaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
