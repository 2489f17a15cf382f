/* SPDX-License-Identifier: GPL-2.0-only */
/* Under which names a browser may ask. */
#include "tests/unit/fixtures/test.h"
#include "server/guard.h"

static const char names[] = "web1 web1.example.com";

TEST(addresses_and_localhost_are_always_ours)
{
	static const char *const hosts[] = {
		"localhost",	  "localhost:8080", "LocalHost:80", "a.localhost:1",
		"127.0.0.1:9466", "10.0.0.1",	    "[::1]:9466",   "[fe80::1]",
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		assert_true(guard_host_is_ours(hosts[i], GUARD_NAMED, NULL));
		assert_true(guard_host_is_ours(hosts[i], GUARD_LOCAL, NULL));
	}
}

TEST(a_name_that_anybody_could_own_is_not)
{
	static const char *const hosts[] = {
		"evil.example",		  "evil.example:9466",	"localhost.evil.example",
		"127.0.0.1.evil.example", "web1.example.com.",	"xlocalhost.x",
		"evil.example:80:80",	  "[::1].evil.example", "127.0.0.1:80@evil.example",
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		assert_false(guard_host_is_ours(hosts[i], GUARD_NAMED, names));
		assert_false(guard_host_is_ours(hosts[i], GUARD_LOCAL, names));
		assert_true(guard_host_is_ours(hosts[i], GUARD_ANY, NULL));
	}
}

TEST(configured_names_are_whole_words)
{
	assert_true(guard_host_is_ours("web1", GUARD_NAMED, names));
	assert_true(guard_host_is_ours("WEB1.example.com:9466", GUARD_NAMED, names));
	assert_false(guard_host_is_ours("web", GUARD_NAMED, names));
	assert_false(guard_host_is_ours("eb1", GUARD_NAMED, names));
	assert_false(guard_host_is_ours("web1.example", GUARD_NAMED, names));
	assert_false(guard_host_is_ours("web1", GUARD_NAMED, NULL));
	assert_true(guard_host_is_ours("a", GUARD_NAMED, "  a  "));
}

TEST(on_the_socket_a_name_without_a_dot_is_ours)
{
	assert_true(guard_host_is_ours("x", GUARD_LOCAL, NULL));
	assert_true(guard_host_is_ours("", GUARD_LOCAL, NULL));
	assert_true(guard_host_is_ours("%2Frun%2Fsliprobe%2Fstatus.sock", GUARD_LOCAL, NULL));
	assert_true(guard_host_is_ours("/run/sliprobe/status.sock", GUARD_LOCAL, NULL));
	assert_true(guard_host_is_ours("status.sock", GUARD_LOCAL, NULL));
	assert_false(guard_host_is_ours("status.sock", GUARD_NAMED, NULL));
	assert_false(guard_host_is_ours("status.sock.example", GUARD_LOCAL, NULL));
	assert_false(guard_host_is_ours("x", GUARD_NAMED, NULL));
	assert_false(guard_host_is_ours("", GUARD_NAMED, NULL));
	/* no browser leaves it out */
	assert_true(guard_host_is_ours(NULL, GUARD_NAMED, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_localhost_are_always_ours),
		cmocka_unit_test(a_name_that_anybody_could_own_is_not),
		cmocka_unit_test(configured_names_are_whole_words),
		cmocka_unit_test(on_the_socket_a_name_without_a_dot_is_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
