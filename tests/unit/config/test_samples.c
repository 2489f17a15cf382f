/* SPDX-License-Identifier: GPL-2.0-only */
/* samples: what is kept if nothing is said, and what each key changes. */
#include <stdio.h>

#include "tests/unit/fixtures/test.h"
#include "config_fixture.h"

TEST(without_the_key_samples_are_kept_as_documented)
{
	struct config config = parse_good("agent: {}\n");

	assert_false(config.samples.off);
	assert_int_equal(config.samples.bad_per_second, 50);
	assert_int_equal(config.samples.good_per_second, 10);
	assert_int_equal(config.samples.head_bytes, 512);
	assert_int_equal(config.samples.keep_seconds, 7 * 86400);
	assert_int_equal(config.samples.keep_bytes, 256 << 20);
	assert_int_equal(config.samples.n_headers, 1);
	assert_string_equal(config.samples.headers[0], "x-request-id");
	assert_int_equal(config.samples.redact_paths, REDACT_PATHS_KEEP);
	assert_false(config.samples.redact_clients);
	config_clear(&config);
}

TEST(every_key_is_read)
{
	struct config config = parse_good(
		"services: [{name: a, match: {port: 1}, samples: off}, {name: b, match: {port: 2}, samples: on}]\n"
		"samples:\n"
		"  bad_per_second: 5\n"
		"  good_per_second: 0\n"
		"  head_bytes: 1024\n"
		"  headers: [X-User-Id, x-shop]\n"
		"  keep: {time: 1d, size: 2GiB}\n"
		"  redact: {paths: mask, headers: [User-Agent], clients: yes}\n"
		"  trusted_proxies: [10.0.0.0/8, \"::1\"]\n"
		"  version_env: [APP_VERSION]\n");

	assert_true(config.services[0].samples_off);
	assert_false(config.services[1].samples_off);
	assert_int_equal(config.samples.bad_per_second, 5);
	assert_int_equal(config.samples.good_per_second, 0);
	assert_int_equal(config.samples.head_bytes, 1024);
	assert_int_equal(config.samples.n_headers, 2);
	assert_string_equal(config.samples.headers[0], "x-user-id");
	assert_string_equal(config.samples.headers[1], "x-shop");
	assert_int_equal(config.samples.keep_seconds, 86400);
	assert_true(config.samples.keep_bytes == UINT64_C(2) << 30);
	assert_int_equal(config.samples.redact_paths, REDACT_PATHS_MASK);
	assert_int_equal(config.samples.n_redact_headers, 1);
	assert_string_equal(config.samples.redact_headers[0], "user-agent");
	assert_true(config.samples.redact_clients);
	assert_int_equal(config.samples.n_trusted_proxies, 2);
	assert_string_equal(config.samples.version_env[0], "APP_VERSION");
	config_clear(&config);
}

TEST(samples_can_be_off_and_headers_none)
{
	struct config config = parse_good("samples: off\n");

	assert_true(config.samples.off);
	config_clear(&config);
	config = parse_good("samples: {headers: []}\n");
	assert_false(config.samples.off);
	assert_int_equal(config.samples.n_headers, 0);
	config_clear(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_key_samples_are_kept_as_documented),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(samples_can_be_off_and_headers_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
