/* SPDX-License-Identifier: GPL-2.0-only */
/* What agent and helper say to each other: a side that lies is not believed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/helper.h"
#include "helper/packets.h"

static int check(struct tls_packet packet, enum tls_packet_to to)
{
	return tls_packet_check(&packet, sizeof(packet), to, packet.kind == TLS_GIVE);
}

static struct tls_packet found(void)
{
	struct tls_packet packet = {
		.kind = TLS_FOUND,
		.found = {.tgid = 1, .kind = TLS_FOUND_ATTACHED, .profile = 1, .probes = 4},
	};

	snprintf(packet.found.path, sizeof(packet.found.path), "/lib/libssl.so.3");
	return packet;
}

TEST(goes_in_one_direction)
{
	const struct tls_packet look = {.kind = TLS_LOOK, .look = {.tgid = 7}};
	const struct tls_packet started = {.kind = TLS_STARTED, .started = {.starts = 1}};

	assert_int_equal(check(look, TLS_TO_HELPER), 0);
	assert_int_equal(check(look, TLS_TO_AGENT), -EPROTO);
	assert_int_equal(check(started, TLS_TO_AGENT), 0);
	assert_int_equal(check(started, TLS_TO_HELPER), -EPROTO);
	for (__u32 kind = TLS_PACKET_KINDS; kind < TLS_PACKET_KINDS + 3; kind++) {
		assert_int_equal(check((struct tls_packet){.kind = kind}, TLS_TO_HELPER), -EPROTO);
		assert_int_equal(check((struct tls_packet){.kind = kind}, TLS_TO_AGENT), -EPROTO);
	}
}

TEST(has_one_size)
{
	struct tls_packet packet = {.kind = TLS_LIST};

	assert_int_equal(tls_packet_check(&packet, sizeof(packet), TLS_TO_HELPER, false), 0);
	assert_int_equal(tls_packet_check(&packet, sizeof(packet) - 1, TLS_TO_HELPER, false),
			 -EPROTO);
	assert_int_equal(tls_packet_check(&packet, 0, TLS_TO_HELPER, false), -EPROTO);
}

TEST(has_a_descriptor_only_if_it_gives_one)
{
	struct tls_packet give = {.kind = TLS_GIVE, .give = TLS_GIFT_PINS};
	struct tls_packet list = {.kind = TLS_LIST};

	assert_int_equal(tls_packet_check(&give, sizeof(give), TLS_TO_HELPER, true), 0);
	assert_int_equal(tls_packet_check(&give, sizeof(give), TLS_TO_HELPER, false), -EPROTO);
	assert_int_equal(tls_packet_check(&list, sizeof(list), TLS_TO_HELPER, true), -EPROTO);
	give.give = TLS_GIFTS;
	assert_int_equal(tls_packet_check(&give, sizeof(give), TLS_TO_HELPER, true), -EPROTO);
}

TEST(asks_for_processes_alone)
{
	struct tls_packet packet = {.kind = TLS_LOOK, .look = {.tgid = 7}};

	packet.look.allow_executable = 1;
	assert_int_equal(check(packet, TLS_TO_HELPER), 0);
	packet.look.allow_executable = 2;
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
	packet.look.allow_executable = 0;
	packet.look.why = TLS_WANTED_SPEAKS + 1;
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
	packet.look.why = 0;
	packet.look.tgid = 0;
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
	packet.look.tgid = -1U;
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
}

TEST(begins_in_a_known_way)
{
	struct tls_packet packet = {.kind = TLS_BEGIN};

	assert_int_equal(check(packet, TLS_TO_HELPER), 0);
	packet.begin.way = TLS_WAYS;
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
	packet.begin.way = 0;
	packet.begin.mode = TLS_MODES;
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
}

TEST(says_of_a_file_what_fits_together)
{
	struct tls_packet packet = found();

	assert_int_equal(check(packet, TLS_TO_AGENT), 0);
	packet.found.reason = TLS_NOT_RUSTLS;
	assert_int_equal(check(packet, TLS_TO_AGENT), -EPROTO);
	packet.found.kind = TLS_FOUND_NOT;
	assert_int_equal(check(packet, TLS_TO_AGENT),
			 -EPROTO); /* a profile, of what is not probed */
	packet.found.profile = 0;
	assert_int_equal(check(packet, TLS_TO_AGENT), 0);
	packet.found.reason = TLS_NOT_COUNT;
	assert_int_equal(check(packet, TLS_TO_AGENT), -EPROTO);
	packet = found();
	packet.found.profile = TLS_PROFILES_MAX;
	assert_int_equal(check(packet, TLS_TO_AGENT), -EPROTO);
	packet = found();
	packet.found.library = TLS_LIBRARY_GO + 1;
	assert_int_equal(check(packet, TLS_TO_AGENT), -EPROTO);
}

TEST(has_texts_that_end)
{
	struct tls_packet packet = found();

	memset(packet.found.path, 'x', sizeof(packet.found.path));
	assert_int_equal(check(packet, TLS_TO_AGENT), -EPROTO);
	packet = (struct tls_packet){.kind = TLS_EXCLUDE};
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO); /* no pattern */
	memset(packet.text, '*', sizeof(packet.text));
	assert_int_equal(check(packet, TLS_TO_HELPER), -EPROTO);
	packet.text[1] = 0;
	assert_int_equal(check(packet, TLS_TO_HELPER), 0);
}

TEST(has_texts_without_control_characters)
{
	struct tls_packet packet = {.kind = TLS_FAILED, .text = "a\033[2Jb\nc\x7f\xc3\xa9"};

	assert_int_equal(tls_packet_check(&packet, sizeof(packet), TLS_TO_AGENT, false), 0);
	assert_string_equal(packet.text, "a?[2Jb?c?\xc3\xa9");
}

TEST(every_reason_has_words)
{
	assert_string_equal(tls_not_words(TLS_NOT_NONE), "");
	for (unsigned int i = TLS_NOT_NONE + 1; i < TLS_NOT_COUNT; i++)
		assert_true(*tls_not_words(i));
	assert_string_equal(tls_not_words(TLS_NOT_COUNT), "");
}

TEST(carries_a_descriptor)
{
	struct tls_packet packet = {.kind = TLS_GIVE, .give = TLS_GIFT_PINS};
	int ends[2], fd = open("/", O_PATH | O_CLOEXEC), got = -1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(tls_packet_send(ends[0], &packet, fd, false), 0);
	assert_int_equal(tls_packet_receive(ends[1], TLS_TO_HELPER, &packet, &got, 0), 1);
	assert_true(got >= 0);
	close(got);
	assert_int_equal(tls_packet_receive(ends[1], TLS_TO_HELPER, &packet, &got, 0), -ETIMEDOUT);
	assert_int_equal(got, -1);
	close(ends[0]);
	assert_int_equal(tls_packet_receive(ends[1], TLS_TO_HELPER, &packet, &got, -1), 0);
	close(ends[1]);
	close(fd);
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(keeps_no_descriptor_that_it_did_not_ask_for)
{
	struct tls_packet packet = {.kind = TLS_LIST};
	const int before = open_descriptors();
	const int root = open("/", O_PATH | O_CLOEXEC), two[] = {root, root};
	int ends[2], got = -1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(tls_packet_send(ends[0], &packet, root, false), 0);
	assert_int_equal(tls_packet_receive(ends[1], TLS_TO_HELPER, &packet, &got, 0), -EPROTO);
	packet = (struct tls_packet){.kind = TLS_GIVE};
	assert_int_equal(helper_send(ends[0], &packet, sizeof(packet), two, false), 0);
	assert_int_equal(tls_packet_receive(ends[1], TLS_TO_HELPER, &packet, &got, 0), -EPROTO);
	assert_int_equal(helper_send(ends[0], &packet, sizeof(packet) - 4, two, false), 0);
	assert_int_equal(tls_packet_receive(ends[1], TLS_TO_HELPER, &packet, NULL, 0), -EPROTO);
	assert_int_equal(got, -1);
	close(ends[0]);
	close(ends[1]);
	close(root);
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_in_one_direction),
		cmocka_unit_test(has_one_size),
		cmocka_unit_test(has_a_descriptor_only_if_it_gives_one),
		cmocka_unit_test(asks_for_processes_alone),
		cmocka_unit_test(begins_in_a_known_way),
		cmocka_unit_test(says_of_a_file_what_fits_together),
		cmocka_unit_test(has_texts_that_end),
		cmocka_unit_test(has_texts_without_control_characters),
		cmocka_unit_test(every_reason_has_words),
		cmocka_unit_test(carries_a_descriptor),
		cmocka_unit_test(keeps_no_descriptor_that_it_did_not_ask_for),
	};

	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}
