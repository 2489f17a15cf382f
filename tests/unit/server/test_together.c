/* SPDX-License-Identifier: GPL-2.0-only */
/* Many who ask at the same time: what is made once, what each gets, and what is never shared. */
#include "server_fixture.h"

enum { CLIENTS = 30 };

/* Nearly all have asked before the first is served: a turn ends when its time is over. */
enum { FEW = 5 };

static void ask_together(struct fixture *f, int fds[CLIENTS], const char *request, bool numbered)
{
	char text[256];

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = dial(f);
		if (numbered)
			snprintf(text, sizeof(text), request, i);
		say(fds[i], numbered ? text : request);
	}
}

static void expect_all(struct fixture *f, int fds[CLIENTS], int code, char *ret_body, size_t size)
{
	for (int i = 0; i < CLIENTS; i++) {
		assert_true(hear(f, fds[i], NULL, 0));
		assert_code(code);
		if (i)
			assert_string_equal(body(), ret_body);
		snprintf(ret_body, size, "%s", body());
		close(fds[i]);
	}
}

TEST(an_answer_is_made_once_for_all)
{
	struct fixture *f = *state;
	char text[1 << 16];
	int fds[CLIENTS];

	ask_together(f, fds, "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		     false);
	expect_all(f, fds, 200, text, sizeof(text));
	assert_in_range(f->agent.snapshots, 1, FEW);
	/* who comes later gets a newer one */
	f->agent.snapshots = 0;
	get(f, "/v1/status");
	assert_int_equal(f->agent.snapshots, 1);
	ask_together(f, fds, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		     false);
	expect_all(f, fds, 200, text, sizeof(text));
	assert_in_range(f->agent.snapshots, 2, 1 + FEW);
}

TEST(a_reload_answers_all_that_have_asked_for_one)
{
	struct fixture *f = *state;
	char text[1 << 12];
	int fds[CLIENTS];

	ask_together(f, fds,
		     "POST /v1/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		     "Content-Length: 0\r\n\r\n",
		     false);
	expect_all(f, fds, 200, text, sizeof(text));
	assert_in_range(f->agent.reloads, 1, FEW);
	assert_non_null(strstr(text, "\"reloaded\": true"));
	f->agent.reloads = 0;
	f->agent.reload_r = -EINVAL;
	ask_together(f, fds,
		     "POST /v1/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		     "Content-Length: 0\r\n\r\n",
		     false);
	expect_all(f, fds, 422, text, sizeof(text));
	assert_in_range(f->agent.reloads, 1, FEW);
}

TEST(other_questions_have_answers_of_their_own)
{
	static const char *const requests[] = {
		"GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n",
		"HEAD /v1/status HTTP/1.1\r\nConnection: close\r\n\r\n",
		"GET /v1/status?services=no HTTP/1.1\r\nConnection: close\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n"
		"Connection: close\r\n\r\n",
		"GET /v1/slos/checkout HTTP/1.1\r\nConnection: close\r\n\r\n",
	};
	enum { N = sizeof(requests) / sizeof(requests[0]) };
	struct fixture *f = *state;
	int fds[N];

	for (int i = 0; i < N; i++) {
		fds[i] = dial(f);
		say(fds[i], requests[i]);
	}
	assert_true(hear(f, fds[0], NULL, 0));
	assert_has("\"services\": [");
	assert_true(hear(f, fds[1], NULL, 0)); /* with the first one */
	assert_code(200);
	assert_string_equal(body(), "");
	assert_true(hear(f, fds[2], NULL, 0));
	assert_null(strstr(body(), "\"services\""));
	assert_true(hear(f, fds[3], NULL, 0));
	assert_has("Content-Type: text/plain");
	assert_true(hear(f, fds[4], NULL, 0));
	assert_has("Content-Type: application/openmetrics-text");
	assert_true(hear(f, fds[5], NULL, 0));
	assert_has("{\"name\": \"checkout\"");
	assert_in_range(f->agent.snapshots, N - 1, N);
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

TEST(each_change_is_made)
{
	struct fixture *f = *state;
	int fds[CLIENTS];

	ask_together(f, fds,
		     "POST /v1/notify-test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		     "Content-Length: 2\r\n\r\n{}",
		     false);
	for (int i = 0; i < CLIENTS; i++) {
		assert_true(hear(f, fds[i], NULL, 0));
		assert_code(200);
		close(fds[i]);
	}
	assert_int_equal(f->agent.tests, CLIENTS);
}

/* Above the burst they wait, and are merged; the others are served meanwhile. */
TEST(many_reloads_wait_for_each_other)
{
	struct fixture *f = *state;
	const int64_t begin = now_ms();

	while (f->agent.reloads < 22 && now_ms() < begin + 5000) {
		get_with(f, "POST", "/v1/reload", "Content-Length: 0\r\n");
		assert_code(200);
	}
	assert_int_equal(f->agent.reloads, 22);
	assert_in_range(now_ms() - begin, 300, 3000);
}

/* Nobody is left to read the answer: none is made. */
TEST(who_has_gone_costs_nothing)
{
	struct fixture *f = *state;
	int fds[CLIENTS];

	f->agent.extra_slos = 100; /* one of these takes a turn's time */
	ask_together(f, fds, "GET /v1/status?x=%d HTTP/1.1\r\nHost: x\r\n\r\n", true);
	turn(f, 0);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	for (int i = 0; i < 100; i++)
		turn(f, 20);
	assert_in_range(f->agent.snapshots, 1, FEW);
}

/* It stops with requests that wait. */
TEST(a_stop_does_not_wait)
{
	struct fixture *f = *state;
	int fds[CLIENTS];

	f->agent.extra_slos = 1000;
	ask_together(f, fds, "GET /v1/status?x=%d HTTP/1.1\r\nHost: x\r\n\r\n", true);
	turn(f, 0);
	assert_true(f->agent.snapshots < CLIENTS);
	close_server(f);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(an_answer_is_made_once_for_all),
		WITH_SETUP(a_reload_answers_all_that_have_asked_for_one),
		WITH_SETUP(other_questions_have_answers_of_their_own),
		WITH_SETUP(each_change_is_made),
		WITH_SETUP(many_reloads_wait_for_each_other),
		WITH_SETUP(who_has_gone_costs_nothing),
		WITH_SETUP(a_stop_does_not_wait),
	};

	raise_descriptor_limit();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
