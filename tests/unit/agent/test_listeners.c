/* SPDX-License-Identifier: GPL-2.0-only */
/* Listeners, from tables of the form of /proc/net/tcp and from the kernel's own. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "agent/listeners.h"

#define HEADER "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"

static struct net_ports listeners;

static bool add(const char *text)
{
	FILE *table = fmemopen((char *)text, strlen(text), "r");
	bool read;

	assert_non_null(table);
	read = listeners_add(table, &listeners);
	fclose(table);
	return read;
}

TEST(listeners_come_first)
{
	listeners = (struct net_ports){};
	assert_true(add(HEADER "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"
			       "   1: 00000000:FFFF 00000000:0000 0A 00000000:00000000\n"
			       "  12: 0100007F:0051 0100007F:1F90 01 00000000:00000000\n"
			       "  13: 0100007F:0052 0100007F:1F90 0A 00000000:00000000\n"));
	assert_true(add(HEADER "   0: 00000000000000000000000001000000:0016 "
			       "00000000000000000000000000000000:0000 0A 00000000:00000000\n"));
	assert_true(net_ports_have(&listeners, 8080));
	assert_true(net_ports_have(&listeners, 65535));
	assert_true(net_ports_have(&listeners, 22));
	assert_false(net_ports_have(&listeners, 0x51));
	assert_false(net_ports_have(&listeners, 0x52));
}

TEST(what_is_no_table_is_refused)
{
	assert_false(add("nothing\n"));
	assert_false(add(HEADER "what\n"));
	assert_true(add(HEADER));
}

/* An endpoint of this process, in a namespace of that number. */
static void serve(struct endpoints *endpoints, __u32 netns, __u16 port, __u32 tgid)
{
	const struct endpoint_key key = {.netns = netns, .port = port};
	const struct endpoint endpoint = {.tgid = tgid};

	assert_int_equal(endpoints_add(endpoints, &key, &endpoint), 0);
}

/* Ours is found by itself, another one by a process that serves there. */
TEST(endpoints_that_listen)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct endpoints endpoints = {};
	struct stat own;
	bool listens[5];
	__u16 port;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	assert_int_equal(stat("/proc/self/ns/net", &own), 0);
	serve(&endpoints, own.st_ino, port, 0x7fffffff);
	serve(&endpoints, own.st_ino, 1, getpid());
	serve(&endpoints, 1, port, 0x7fffffff);
	serve(&endpoints, 2, port, 0x7fffffff);
	serve(&endpoints, 2, port, getpid());
	listeners_find(&endpoints, listens);
	for (size_t i = 0; i < endpoints.n; i++) {
		const struct endpoint_key *key = &endpoints.list[i].key;

		assert_int_equal(listens[i], key->netns != 1 && key->port == port);
	}
	endpoints_clear(&endpoints);
	listeners_find(&endpoints, listens);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_come_first),
		cmocka_unit_test(what_is_no_table_is_refused),
		cmocka_unit_test(endpoints_that_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
