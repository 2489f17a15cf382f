/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/fixtures/test.h"
#include <stdio.h>
#include <string.h>

#include "notify/notice_message.h"

static void assert_text(const char *slo, const char *service, const char *key, const char *expected)
{
	const struct notice_alert alerts[] = {{.slo = slo, .rule = "burn-1h"}};
	const struct notice notice = {.id = "1",
				      .service = service,
				      .severity = SEVERITY_PAGE,
				      .alerts = alerts,
				      .n_alerts = 1};
	json_t *message = notice_message(&notice, NULL, 0, NULL, 0);

	assert_non_null(message);
	assert_string_equal(json_string_value(json_object_get(message, key)), expected);
	json_decref(message);
}

TEST(the_command_is_quoted_for_a_shell)
{
	assert_text("checkout", "shop", "command", "slictl slo 'checkout'");
	assert_text("it's $(x)", "shop", "command", "slictl slo 'it'\\''s $(x)'");
	assert_text("'", "shop", "command", "slictl slo ''\\'''");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_is_quoted_for_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
