/* SPDX-License-Identifier: GPL-2.0-only */
/* tls: whose TLS is measured, in its short and its long form. */
#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"

static enum config_tls_mode mode_of(const char *yaml)
{
	struct config config = parse_good(yaml);
	enum config_tls_mode mode = config.tls.mode;

	assert_int_equal(config.tls.n_exclude, 0);
	config_clear(&config);
	return mode;
}

TEST(without_the_key_servers_are_measured)
{
	assert_int_equal(mode_of("agent: {}\n"), CONFIG_TLS_SERVERS);
	assert_int_equal(mode_of("tls: {}\n"), CONFIG_TLS_SERVERS);
}

TEST(the_short_form_is_the_mode)
{
	assert_int_equal(mode_of("tls: off\n"), CONFIG_TLS_OFF);
	assert_int_equal(mode_of("tls: servers\n"), CONFIG_TLS_SERVERS);
	assert_int_equal(mode_of("tls: all\n"), CONFIG_TLS_ALL);
	assert_int_equal(mode_of("tls: {mode: off}\n"), CONFIG_TLS_OFF);
}

TEST(executables_are_excluded_by_globs)
{
	struct config config =
		parse_good("tls: {mode: all, exclude: [\"/usr/bin/clickhouse*\", \"*/envoy\"]}\n");

	assert_int_equal(config.tls.mode, CONFIG_TLS_ALL);
	assert_int_equal(config.tls.n_exclude, 2);
	assert_string_equal(config.tls.exclude[0], "/usr/bin/clickhouse*");
	assert_string_equal(config.tls.exclude[1], "*/envoy");
	config_clear(&config);
}

TEST(each_mode_has_the_name_that_it_is_given_by)
{
	assert_string_equal(config_tls_mode_name(CONFIG_TLS_OFF), "off");
	assert_string_equal(config_tls_mode_name(CONFIG_TLS_SERVERS), "servers");
	assert_string_equal(config_tls_mode_name(CONFIG_TLS_ALL), "all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_key_servers_are_measured),
		cmocka_unit_test(the_short_form_is_the_mode),
		cmocka_unit_test(executables_are_excluded_by_globs),
		cmocka_unit_test(each_mode_has_the_name_that_it_is_given_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
