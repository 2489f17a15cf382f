/* SPDX-License-Identifier: GPL-2.0-only */
/* Many clients, silent and slow ones: who stays and who goes. */
#include "server_fixture.h"

TEST(silent_crowd_does_not_lock_out)
{
	enum { SILENT = 600 };
	struct fixture *f = *state;
	int fds[SILENT];
	size_t closed = 0;
	int64_t begin;
	char c;

	for (size_t i = 0; i < SILENT; i++) {
		fds[i] = dial(f);
		if (i % 3 == 0)
			say(fds[i], "GET /healthz HT"); /* says something, but not all */
		turn(f, 0);
	}
	begin = now_ms();
	for (int i = 0; i < 20; i++) {
		get(f, "/healthz");
		assert_code(200);
	}
	assert_true(now_ms() < begin + 1000);
	/* the first ones went, the youngest are still there */
	for (size_t i = 0; i < SILENT; i++)
		closed += recv(fds[i], &c, 1, 0) == 0;
	assert_in_range(closed, SILENT - 512, SILENT - 512 + 20);
	assert_int_equal(recv(fds[SILENT - 1], &c, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	/* and those after 5 s of silence */
	while (now_ms() < begin + 7000)
		turn(f, 100);
	for (size_t i = 0; i < SILENT; i++) {
		while (recv(fds[i], &c, 1, 0) > 0)
			; /* a 408 is welcome */
		assert_int_equal(recv(fds[i], &c, 1, 0), 0);
		close(fds[i]);
	}
}

TEST(clients_at_the_limit_are_all_served)
{
	enum { CLIENTS = 512 };
	struct fixture *f = *state;
	int fds[CLIENTS];

	for (size_t i = 0; i < CLIENTS; i++) {
		fds[i] = dial(f);
		turn(f, 0);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		say(fds[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_false(hear(f, fds[i], "ok\n", 1));
		assert_code(200);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

/* Some MiB of response that nobody takes: others are served meanwhile, and the loop can sleep. */
TEST(slow_readers_do_not_block)
{
	struct fixture *f = *state;
	int slow[20], turns = 0;
	int64_t begin;
	size_t total;

	f->agent.extra_slos = 5000;
	for (size_t i = 0; i < 20; i++) {
		slow[i] = dial(f);
		say(slow[i], "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		for (int k = 0; k < 5; k++)
			turn(f, 1);
	}
	/* who asks faster than answers are made shares one */
	assert_in_range(f->agent.snapshots, 1, 20);
	begin = now_ms();
	for (int i = 0; i < 20; i++) {
		get(f, "/healthz");
		assert_code(200);
	}
	assert_true(now_ms() < begin + 1000);
	for (begin = now_ms(); now_ms() < begin + 500; turns++)
		turn(f, 500);
	assert_in_range(turns, 1, 40);
	/* who then reads gets it whole */
	assert_true(hear(f, slow[19], NULL, 0));
	assert_code(200);
	total = strtoul(strstr(answer, "Content-Length: ") + 16, NULL, 10);
	assert_true(total > 3000000);
	assert_int_equal(strlen(body()), total);
	for (size_t i = 0; i < 20; i++)
		close(slow[i]);
}

/* Few files may be open: fewer clients may stay, but a good one is served. */
TEST(few_descriptors)
{
	struct fixture *f = *state;
	struct rlimit limit, low;
	int fds[100];

	close_server(f);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = 40; /* the agent's side may have 20 of these */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(open_server(f), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < 100; i++) {
		fds[i] = dial(f);
		turn(f, 0);
	}
	get(f, "/healthz");
	assert_code(200);
	for (size_t i = 0; i < 100; i++) {
		char c;

		assert_int_equal(recv(fds[i], &c, 1, 0), i < 81 ? 0 : -1);
		close(fds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(silent_crowd_does_not_lock_out),
		WITH_SETUP(clients_at_the_limit_are_all_served),
		WITH_SETUP(slow_readers_do_not_block),
		WITH_SETUP(few_descriptors),
	};

	raise_descriptor_limit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
