/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS connections as the socket shows them, without any probe: which ones are found, by what, which are blind and why,
 * and that nothing of them stays. Their records are made here: nobody looks at what is in them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bpf/loaded.h"
#include <bpf/bpf.h>

#include "abi.h"
#include "abi/tls.h"
#include "sliprobe.skel.h"
#include "kernel/ring.h"

enum {
	HELLO_BYTES = 5 + 4 + 2 + 32 + 20,
	RECORD_BYTES = 5 + 40,
	LISTENED = 64,
};

static struct sliprobe_bpf *skel;
static struct ring *ring;
static struct pair old; /* older than the programs */

/* ---- talking ---- */

/* `from` sends the bytes, `to` reads them in pieces of `step`. */
static void pass(int from, int to, const __u8 *bytes, size_t len, size_t step)
{
	__u8 buf[4096];

	assert_int_equal(send(from, bytes, len, 0), len);
	for (size_t n = 0; n < len;) {
		size_t want = len - n < step ? len - n : step;

		assert_int_equal(recv(to, buf, want, MSG_WAITALL), want);
		n += want;
	}
}

static void make_hello(__u8 type, __u8 random, __u8 *ret)
{
	memset(ret, 0, HELLO_BYTES);
	ret[0] = 0x16;
	ret[1] = 3;
	ret[2] = 1;
	ret[4] = HELLO_BYTES - 5;
	ret[5] = type;
	ret[8] = HELLO_BYTES - 9;
	ret[9] = 3;
	ret[10] = 3;
	memset(&ret[11], random, 32);
}

static void hello(const struct pair *pair, __u8 random, size_t step)
{
	__u8 bytes[HELLO_BYTES];

	make_hello(1, random, bytes);
	pass(pair->client, pair->server, bytes, sizeof(bytes), step);
}

static void answer_hello(const struct pair *pair)
{
	__u8 bytes[HELLO_BYTES];

	make_hello(2, 0xee, bytes);
	pass(pair->server, pair->client, bytes, sizeof(bytes), 4096);
}

/* A record of application data. */
static void record(int from, int to, size_t step)
{
	__u8 bytes[RECORD_BYTES] = {0x17, 3, 3, 0, RECORD_BYTES - 5};

	pass(from, to, bytes, sizeof(bytes), step);
}

static void ask(const struct pair *pair)
{
	record(pair->client, pair->server, 4096);
	record(pair->server, pair->client, 4096);
}

/* ---- reading ---- */

static __u32 entries(const struct bpf_map *map)
{
	size_t size = bpf_map__key_size(map);
	__u8 key[64], *at = NULL;
	__u32 n = 0;

	for (; !bpf_map_get_next_key(bpf_map__fd(map), at, key); at = key)
		n++;
	assert_true(size <= sizeof(key));
	return n;
}

/* The cookie that is known by that random; 0: none. */
static __u64 by_random(__u8 random)
{
	__u8 key[32];
	struct {
		__u64 cookie;
		__u32 conns, shared;
	} found;

	memset(key, random, sizeof(key));
	if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.tls_randoms), key, &found))
		return 0;
	return found.shared ? 0 : found.cookie;
}

static __u64 cookie_of(int fd)
{
	socklen_t len = sizeof(__u64);
	__u64 cookie = 0;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len), 0);
	return cookie;
}

/* Connections of that listener that were counted as blind. */
static __u64 blind(const struct pair *pair, enum blind_reason reason)
{
	struct unmeasured_key key, *at = NULL;
	struct blind value;
	__u64 n = 0;

	for (; !bpf_map_get_next_key(bpf_map__fd(skel->maps.unmeasured), at, &key); at = &key) {
		if (key.endpoint.port != pair->server_port)
			continue;
		if (reason != BLIND_REASON_COUNT && key.reason != (__u32)reason)
			continue;
		assert_int_equal(
			bpf_map_lookup_elem(bpf_map__fd(skel->maps.unmeasured), &key, &value), 0);
		n += value.connections;
	}
	return n;
}

static __u64 start_ns(void)
{
	char text[4096], *at;
	FILE *f = fopen("/proc/self/stat", "re");
	unsigned long long ticks = 0;

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	at = strrchr(text, ')');
	for (int i = 0; i < 20; i++)
		at = strchr(at + 1, ' ');
	ticks = strtoull(at, NULL, 10);
	return ticks * (1000000000ULL / (__u64)sysconf(_SC_CLK_TCK));
}

static struct tls_wanted wanted[LISTENED];
static int n_wanted;

static void keep(void *context, const void *bytes, size_t len)
{
	(void)context;
	assert_int_equal(len, sizeof(struct tls_wanted));
	if (((const struct tls_wanted *)bytes)->tgid == (__u32)getpid() && n_wanted < LISTENED)
		wanted[n_wanted++] = *(const struct tls_wanted *)bytes;
}

static int drain(__u16 port, enum tls_wanted_why why)
{
	int n = 0;

	ring_drain(ring, LISTENED, keep, NULL);
	for (int i = 0; i < n_wanted; i++)
		n += wanted[i].port == port && wanted[i].why == (__u32)why;
	return n;
}

/* What the agent says of this process. Its start is known to it by the kernel's own record. */
static void say_probed(bool probed)
{
	struct tls_known known = {.probed = probed};
	__u32 tgid = getpid();

	assert_true(n_wanted > 0);
	known.start_ns = wanted[0].start_ns;
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.tls_known), &tgid, &known, 0),
			 0);
}

/* ---- tests ---- */

TEST(the_agent_is_asked_to_look_at_who_listens)
{
	struct pair pair;

	pair_dial(&pair);
	assert_int_equal(drain(pair.server_port, TLS_WANTED_LISTENS), 1);
	assert_int_equal(drain(pair.server_port, TLS_WANTED_SPEAKS), 0);
	assert_true(wanted[0].exe.ino != 0);
	/* procfs has it to a tick */
	assert_true(wanted[0].start_ns - start_ns() < 1000000000ULL / 100 * 2);
	hang_up(&pair);
}

TEST(a_hello_names_its_connection_however_it_comes)
{
	static const size_t steps[] = {4096, 1, 5, 42, 43, 11};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct pair pair;

		pair_dial(&pair);
		hello(&pair, 0x30 + i, steps[i]);
		assert_int_equal(by_random(0x30 + i), cookie_of(pair.server));
		assert_int_equal(entries(skel->maps.tls_conns), 1);
		answer_hello(&pair);
		hang_up(&pair);
		assert_int_equal(by_random(0x30 + i), 0);
		assert_int_equal(entries(skel->maps.tls_conns), 0);
		assert_int_equal(entries(skel->maps.tls_randoms), 0);
	}
}

TEST(a_hello_comes_behind_a_proxy_header)
{
	static const char header[] = "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n";
	__u8 bytes[sizeof(header) - 1 + HELLO_BYTES];
	struct pair pair;

	pair_dial(&pair);
	memcpy(bytes, header, sizeof(header) - 1);
	make_hello(1, 0x50, &bytes[sizeof(header) - 1]);
	pass(pair.client, pair.server, bytes, sizeof(bytes), 4096);
	assert_int_equal(by_random(0x50), cookie_of(pair.server));
	hang_up(&pair);
}

TEST(who_is_spoken_to_is_wanted_once)
{
	struct pair pair;

	pair_dial(&pair);
	hello(&pair, 0x60, 4096);
	assert_int_equal(drain(pair.server_port, TLS_WANTED_SPEAKS), 1);
	hang_up(&pair);
}

TEST(two_connections_with_one_random_are_told_apart_by_none)
{
	struct pair one, two;

	pair_dial(&one);
	pair_dial(&two);
	hello(&one, 0x70, 4096);
	assert_int_equal(by_random(0x70), cookie_of(one.server));
	hello(&two, 0x70, 4096);
	assert_int_equal(by_random(0x70), 0);
	hang_up(&two);
	assert_int_equal(by_random(0x70), 0); /* what was bound to it may have been either */
	hang_up(&one);
	assert_int_equal(entries(skel->maps.tls_randoms), 0);
}

TEST(unprobed_it_is_blind_when_it_has_answered)
{
	struct pair pair;

	say_probed(false);
	pair_dial(&pair);
	hello(&pair, 0x41, 4096);
	answer_hello(&pair);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 0);
	record(pair.client, pair.server, 1);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 0);
	record(pair.server, pair.client, 4096);
	assert_int_equal(blind(&pair, BLIND_TLS), 1);
	for (int i = 0; i < 5; i++)
		ask(&pair);
	hang_up(&pair);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 1);
}

TEST(probed_it_is_blind_once_a_request_must_have_been_read)
{
	struct pair pair;

	say_probed(true);
	pair_dial(&pair);
	hello(&pair, 0x42, 4096);
	answer_hello(&pair);
	ask(&pair);
	ask(&pair);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 0);
	ask(&pair);
	assert_int_equal(blind(&pair, BLIND_TLS_UNBOUND), 1);
	ask(&pair);
	hang_up(&pair);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 1);
}

TEST(probed_it_is_blind_when_it_ends)
{
	struct pair server_first, client_first;

	say_probed(true);
	pair_dial(&server_first);
	hello(&server_first, 0x43, 4096);
	answer_hello(&server_first);
	ask(&server_first);
	hang_up(&server_first);
	assert_int_equal(blind(&server_first, BLIND_TLS_UNBOUND), 1);
	pair_dial(&client_first);
	hello(&client_first, 0x44, 4096);
	answer_hello(&client_first);
	ask(&client_first);
	close(client_first.client);
	close(client_first.server);
	assert_int_equal(blind(&client_first, BLIND_TLS_UNBOUND), 1);
	assert_int_equal(entries(skel->maps.tls_conns), 0);
}

TEST(a_handshake_alone_hides_nothing)
{
	struct pair pair;

	say_probed(true);
	pair_dial(&pair);
	hello(&pair, 0x45, 4096);
	answer_hello(&pair);
	hang_up(&pair);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 0);
}

TEST(refused_in_plain_text_it_is_a_request)
{
	static const char refusal[] =
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	__u64 seen = 0, later = 0, at = 0;
	struct pair pair;

	for (__u32 id = 1; id <= skel->bss->series_last; id++)
		seen++;
	pair_dial(&pair);
	hello(&pair, 0x46, 7);
	pass(pair.server, pair.client, (const __u8 *)refusal, sizeof(refusal) - 1, 4096);
	for (__u32 id = 1; id <= skel->bss->series_last; id++) {
		struct series_key key;

		assert_int_equal(
			bpf_map_lookup_elem(bpf_map__fd(skel->maps.series_keys), &id, &key), 0);
		later++;
		at += key.status == 400 && series_outcome(&key) == OUTCOME_COMPLETE;
	}
	assert_int_equal(later, seen + 1);
	assert_int_equal(at, 1);
	assert_int_equal(blind(&pair, BLIND_REASON_COUNT), 0);
	assert_int_equal(entries(skel->maps.tls_conns), 0);
	hang_up(&pair);
}

TEST(an_older_one_has_joined_late)
{
	say_probed(true);
	record(old.client, old.server, 5);
	record(old.server, old.client, 4096);
	assert_int_equal(entries(skel->maps.tls_conns), 1);
	assert_int_equal(entries(skel->maps.tls_randoms), 0);
	ask(&old);
	assert_int_equal(blind(&old, BLIND_REASON_COUNT), 0);
	ask(&old);
	assert_int_equal(blind(&old, BLIND_TLS_LATE), 1);
	hang_up(&old);
	assert_int_equal(entries(skel->maps.tls_conns), 0);
}

TEST(switched_off_all_is_as_before)
{
	struct pair pair;

	skel->bss->tls_on = 0;
	pair_dial(&pair);
	hello(&pair, 0x47, 4096);
	assert_int_equal(entries(skel->maps.tls_conns), 0);
	answer_hello(&pair);
	assert_int_equal(blind(&pair, BLIND_TLS), 1);
	assert_int_equal(drain(pair.server_port, TLS_WANTED_LISTENS), 0);
	hang_up(&pair);
	skel->bss->tls_on = 1;
}

/* ---- set-up ---- */

static int set_up(void **state)
{
	__u8 bytes[HELLO_BYTES];
	int r;

	(void)state;
	pair_dial(&old);
	make_hello(1, 0x20, bytes);
	pass(old.client, old.server, bytes, sizeof(bytes), 4096);
	pass(old.server, old.client, bytes, sizeof(bytes), 4096);
	skel = sliprobe_bpf__open();
	if (!skel)
		return -1;
	r = PREPARE(skel);
	skel->bss->tick_ns = 4000000;
	skel->bss->tls_on = 1;
	r = r ?: sliprobe_bpf__load(skel);
	r = r ?: CONFIGURE(skel, NULL);
	r = r ?: sliprobe_bpf__attach(skel);
	r = r ?: ring_open(bpf_map__fd(skel->maps.tls_wanted), TLS_WANTED_RING_BYTES, &ring);
	if (r)
		fprintf(stderr, "test_tls_conns: %s\n", strerror(-r));
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	ring_close(ring);
	sliprobe_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_agent_is_asked_to_look_at_who_listens),
		cmocka_unit_test(a_hello_names_its_connection_however_it_comes),
		cmocka_unit_test(a_hello_comes_behind_a_proxy_header),
		cmocka_unit_test(who_is_spoken_to_is_wanted_once),
		cmocka_unit_test(two_connections_with_one_random_are_told_apart_by_none),
		cmocka_unit_test(unprobed_it_is_blind_when_it_has_answered),
		cmocka_unit_test(probed_it_is_blind_once_a_request_must_have_been_read),
		cmocka_unit_test(probed_it_is_blind_when_it_ends),
		cmocka_unit_test(a_handshake_alone_hides_nothing),
		cmocka_unit_test(refused_in_plain_text_it_is_a_request),
		cmocka_unit_test(an_older_one_has_joined_late),
		cmocka_unit_test(switched_off_all_is_as_before),
	};

	return cmocka_run_group_tests_name("tls_conns", tests, set_up, tear_down);
}
