/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports of UDP sockets, by a table as /proc/net/udp has it. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/fixtures/test.h"
#include "agent/quic_table.h"

#define HEAD "   sl  local_address rem_address   st tx_queue rx_queue\n"

static bool read_text(const char *text, struct net_ports *ports)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	bool read;

	assert_non_null(file);
	read = quic_table_add(file, ports);
	fclose(file);
	return read;
}

TEST(bound_sockets_without_a_peer_count)
{
	struct net_ports ports = {};

	assert_true(read_text(HEAD "  12: 0100007F:01BB 00000000:0000 07 00000000:00000000\n"
				   "  13: 00000000000000000000000000000000:1F90 "
				   "00000000000000000000000000000000:0000 07 00000000:00000000\n"
				   "  14: 0100007F:0035 0100007F:0036 01 00000000:00000000\n",
			      &ports));
	assert_true(net_ports_have(&ports, 443));
	assert_true(net_ports_have(&ports, 8080));
	assert_false(net_ports_have(&ports, 53)); /* it has a peer */
	assert_false(net_ports_have(&ports, 54));
}

TEST(what_is_no_such_table_is_refused)
{
	struct net_ports ports = {};

	assert_false(read_text("nothing\n", &ports));
	assert_false(read_text(HEAD "12 0100007F\n", &ports));
	assert_false(read_text(HEAD "  12: 0100007F:1FFFF 00000000:0000 07 0\n", &ports));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_sockets_without_a_peer_count),
		cmocka_unit_test(what_is_no_such_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
