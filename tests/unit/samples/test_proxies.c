/* SPDX-License-Identifier: GPL-2.0-only */
/* Who the client is, behind proxies that are trusted and others. */
#include "tests/unit/fixtures/test.h"

#include <errno.h>
#include <string.h>

#include "samples/proxies.h"

static struct proxies trusted(const char *const *nets, size_t n)
{
	static struct cidr read[8];

	for (size_t i = 0; i < n; i++)
		assert_int_equal(cidr_parse(nets[i], &read[i]), 0);
	return (struct proxies){read, n};
}

static bool trusts(const char *net, const char *address)
{
	struct proxies proxies = trusted(&net, 1);
	uint8_t bytes[ADDRESS_BYTES];

	assert_true(address_read(address, strlen(address), bytes));
	return proxies_trust(&proxies, bytes);
}

TEST(test_networks_hold_their_addresses)
{
	assert_true(trusts("10.0.0.0/8", "10.255.0.1"));
	assert_false(trusts("10.0.0.0/8", "11.0.0.1"));
	assert_true(trusts("10.0.0.7", "10.0.0.7"));
	assert_false(trusts("10.0.0.7", "10.0.0.6"));
	assert_true(trusts("192.168.4.0/22", "192.168.7.255"));
	assert_false(trusts("192.168.4.0/22", "192.168.8.0"));
	assert_true(trusts("0.0.0.0/0", "8.8.8.8"));
	assert_false(trusts("0.0.0.0/0", "2001:db8::1"));
	assert_true(trusts("::/0", "8.8.8.8")); /* mapped */
	assert_true(trusts("fd00::/9", "fd7f::1"));
	assert_false(trusts("fd00::/9", "fd80::1"));
	assert_true(trusts("::1", "::1"));
}

TEST(test_addresses_are_read_as_headers_have_them)
{
	static const struct {
		const char *text;
		const char *address; /* NULL: none */
	} cases[] = {
		{"10.0.0.7", "10.0.0.7"},
		{"10.0.0.7:4711", "10.0.0.7"},
		{"2001:db8::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:4711", "2001:db8::1"},
		{"::ffff:10.0.0.7", "10.0.0.7"},
		{"unknown", NULL},
		{"_hidden", NULL},
		{"", NULL},
		{"10.0.0.7:", NULL},
		{"10.0.0.7:123456", NULL},
		{"[2001:db8::1", NULL},
		{"[2001:db8::1]x", NULL},
		{"10.0.0.7 ", NULL},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t address[ADDRESS_BYTES];
		char text[ADDRESS_TEXT_BYTES];
		bool is = address_read(cases[i].text, strlen(cases[i].text), address);

		assert_int_equal(is, cases[i].address != NULL);
		if (!is)
			continue;
		address_text(address, text);
		assert_string_equal(text, cases[i].address);
	}
}

TEST(test_no_address_is_no_text)
{
	char text[ADDRESS_TEXT_BYTES];

	address_text((const uint8_t[ADDRESS_BYTES]){}, text);
	assert_string_equal(text, "");
}

static void assert_client(const char *peer, const char *header, const char *x_forwarded_for,
			  const char *forwarded, const char *expected)
{
	static const char *const nets[] = {"10.0.0.0/8", "fd00::/8"};
	struct proxies proxies = trusted(nets, 2);
	uint8_t peer_bytes[ADDRESS_BYTES], header_bytes[ADDRESS_BYTES], client[ADDRESS_BYTES];
	struct proxy_claims claims = {NULL, x_forwarded_for, forwarded};
	char text[ADDRESS_TEXT_BYTES];

	assert_true(address_read(peer, strlen(peer), peer_bytes));
	if (header) {
		assert_true(address_read(header, strlen(header), header_bytes));
		claims.header = header_bytes;
	}
	proxies_client(&proxies, peer_bytes, &claims, client);
	address_text(client, text);
	assert_string_equal(text, expected);
}

TEST(test_a_claim_counts_as_far_as_proxies_are_trusted)
{
	assert_client("9.9.9.9", NULL, "1.1.1.1", NULL, "9.9.9.9");
	assert_client("10.0.0.1", NULL, "1.1.1.1", NULL, "1.1.1.1");
	assert_client("10.0.0.1", NULL, "6.6.6.6, 1.1.1.1", NULL, "1.1.1.1");
	assert_client("10.0.0.1", NULL, "6.6.6.6,1.1.1.1 , 10.0.0.2", NULL, "1.1.1.1");
	assert_client("10.0.0.1", NULL, "10.0.0.3, 10.0.0.2", NULL, "10.0.0.3");
	/* a hole in the chain is where it ends */
	assert_client("10.0.0.1", NULL, "1.1.1.1, unknown, 10.0.0.2", NULL, "10.0.0.2");
	assert_client("10.0.0.1", NULL, "", NULL, "10.0.0.1");
	assert_client("10.0.0.1", NULL, ",,", NULL, "10.0.0.1");
	/* a quote that is never closed hides nobody */
	assert_client("10.0.0.1", NULL, "\", 1.1.1.1", NULL, "1.1.1.1");
	assert_client("10.0.0.1", NULL, NULL, "for=\"x, for=1.1.1.1", "1.1.1.1");
}

TEST(test_forwarded_is_read)
{
	assert_client("10.0.0.1", NULL, NULL, "for=1.1.1.1", "1.1.1.1");
	assert_client("10.0.0.1", NULL, NULL, "proto=https; For=\"1.1.1.1:80\" ;by=x", "1.1.1.1");
	assert_client("fd00::1", NULL, NULL, "for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=http",
		      "2001:db8::1");
	assert_client("10.0.0.1", NULL, NULL, "for=_hidden", "10.0.0.1");
	assert_client("10.0.0.1", NULL, NULL, "by=1.1.1.1", "10.0.0.1");
}

TEST(test_two_lists_that_differ_do_not_count)
{
	assert_client("10.0.0.1", NULL, "1.1.1.1", "for=2.2.2.2", "10.0.0.1");
	assert_client("10.0.0.1", NULL, "1.1.1.1", "for=1.1.1.1", "1.1.1.1");
}

TEST(test_the_proxy_protocol_counts_from_trusted_peers)
{
	assert_client("10.0.0.1", "1.1.1.1", NULL, NULL, "1.1.1.1");
	assert_client("9.9.9.9", "1.1.1.1", NULL, NULL, "9.9.9.9");
	assert_client("10.0.0.1", "10.0.0.2", "2.2.2.2", NULL, "2.2.2.2");
	assert_client("10.0.0.1", "1.1.1.1", "2.2.2.2", NULL, "1.1.1.1");
}

TEST(test_without_proxies_the_proxy_protocol_counts)
{
	static const struct proxies none;
	uint8_t peer[ADDRESS_BYTES], header[ADDRESS_BYTES], client[ADDRESS_BYTES];
	struct proxy_claims claims = {header, "3.3.3.3", NULL};

	assert_true(address_read("9.9.9.9", 7, peer));
	assert_true(address_read("1.1.1.1", 7, header));
	proxies_client(&none, peer, &claims, client);
	assert_memory_equal(client, header, sizeof(client));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks_hold_their_addresses),
		cmocka_unit_test(test_addresses_are_read_as_headers_have_them),
		cmocka_unit_test(test_no_address_is_no_text),
		cmocka_unit_test(test_a_claim_counts_as_far_as_proxies_are_trusted),
		cmocka_unit_test(test_forwarded_is_read),
		cmocka_unit_test(test_two_lists_that_differ_do_not_count),
		cmocka_unit_test(test_the_proxy_protocol_counts_from_trusted_peers),
		cmocka_unit_test(test_without_proxies_the_proxy_protocol_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
