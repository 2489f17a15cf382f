/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <errno.h>

#include "tests/unit/fixtures/test.h"
#include "base/cidr.h"

static bool has(const char *network, const char *text)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
	struct cidr cidr;

	assert_int_equal(cidr_parse(network, &cidr), 0);
	if (inet_pton(AF_INET, text, address + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, address), 1);
	return cidr_has(&cidr, address);
}

TEST(networks_have_their_addresses_and_no_others)
{
	assert_true(has("10.0.0.0/8", "10.255.0.1"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("192.168.4.0/22", "192.168.7.255"));
	assert_false(has("192.168.4.0/22", "192.168.8.0"));
	assert_true(has("127.0.0.1", "127.0.0.1"));
	assert_false(has("127.0.0.1", "127.0.0.2"));
	assert_true(has("0.0.0.0/0", "8.8.8.8"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("::/0", "2001:db8::1"));
	assert_true(has("::/0", "10.0.0.1"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("::1/128", "::1"));
}

TEST(what_is_no_network_is_refused)
{
	static const char *const texts[] = {
		"",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.1/8",
		"10.0.0/8",
		"::/129",
		"2001:db8::1/64",
		"10.0.0.0/08000",
		"10.0.0.0/-1",
		"localhost/8",
		"10.0.0.0/8 ",
	};
	struct cidr cidr;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(cidr_parse(texts[i], &cidr), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_have_their_addresses_and_no_others),
		cmocka_unit_test(what_is_no_network_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
