/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses with a port. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "tests/unit/fixtures/test.h"
#include "base/address.h"

TEST(addresses_are_read)
{
	struct sockaddr_storage storage;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&storage;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&storage;
	socklen_t len;

	assert_int_equal(address_parse("127.0.0.1:9464", &storage, &len), 0);
	assert_int_equal(len, sizeof(*four));
	assert_int_equal(four->sin_family, AF_INET);
	assert_int_equal(four->sin_port, htons(9464));
	assert_int_equal(four->sin_addr.s_addr, htonl(INADDR_LOOPBACK));

	assert_int_equal(address_parse("[::1]:65535", &storage, &len), 0);
	assert_int_equal(len, sizeof(*six));
	assert_int_equal(six->sin6_family, AF_INET6);
	assert_int_equal(six->sin6_port, htons(65535));
	assert_true(IN6_IS_ADDR_LOOPBACK(&six->sin6_addr));

	assert_int_equal(address_parse("0.0.0.0:1", &storage, &len), 0);
	assert_int_equal(address_parse("[::]:00080", &storage, &len), 0);
}

TEST(what_is_no_address_is_refused)
{
	static const char *const bad[] = {
		"",
		":",
		"9464",
		":9464",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:x",
		"1.2.3.4:1 ",
		"127.0.0.1:65536",
		"localhost:1",
		"127.0.0.1:+1",
		"127.0.0.1:-1",
		"::1:9464",
		"[::1]",
		"[::1]9464",
		"[127.0.0.1]:1",
		"[::1:9464",
		"[]:1",
		"127.0.0.1:9464:1",
		"[::1%x]:1",
		"*:9464",
		"127.0.0.1:http",
		"[::1]:",
		"127.0.0.1:000009464",
		"1111111111111111111111111111111111111111111111111111111111111111111:1",
	};
	struct sockaddr_storage storage;
	socklen_t len = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (address_parse(bad[i], &storage, &len) != -EINVAL)
			fail_msg("\"%s\" is taken", bad[i]);
	}
	assert_int_equal(len, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
