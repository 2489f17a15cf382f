/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions that are answered elsewhere, and later: who waits for one keeps nobody else waiting. */
#include <dirent.h>
#include <sys/mman.h>

#include "server_fixture.h"

static const char request[] = "GET /v1/events?filter=status%3D503&limit=5 HTTP/1.1\r\nHost: x\r\n"
			      "Connection: close\r\n\r\n";

static int count_fds(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

/* Turns until so many were asked in all, or for a while. */
static void turn_until(struct fixture *f, size_t n)
{
	for (int i = 0; i < 50 && f->agent.n_asked < n; i++)
		turn(f, 10);
}

static void answer_with(struct fixture *f, size_t i, const char *text)
{
	const struct elsewhere_answer given = {
		.code = 200,
		.content_type = "text/csv; charset=utf-8",
		.fd = memfd_create("answer", MFD_CLOEXEC),
		.bytes = strlen(text),
	};

	assert_int_equal(write(given.fd, text, given.bytes), given.bytes);
	f->agent.asked[i].done(f->agent.asked[i].context, &given);
	free(f->agent.asked[i].question);
}

static void refuse(struct fixture *f, size_t i, unsigned int code, const char *text)
{
	const struct elsewhere_answer given = {.code = code, .fd = -1, .text = text};

	f->agent.asked[i].done(f->agent.asked[i].context, &given);
	free(f->agent.asked[i].question);
}

TEST(the_answer_comes_later_and_others_have_theirs_meanwhile)
{
	struct fixture *f = *state;
	const int fds = count_fds(), fd = dial(f);

	say(fd, request);
	turn_until(f, 1);
	assert_int_equal(f->agent.n_asked, 1);
	assert_string_equal(f->agent.asked[0].question,
			    "{\"filter\": \"status=503\", \"limit\": \"5\", \"what\": \"events\"}");
	get(f, "/v1/status");
	assert_code(200);
	get(f, "/healthz");
	assert_code(200);
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), -1);
	answer_with(f, 0, "time,status\r\n");
	assert_true(hear(f, fd, NULL, 0));
	assert_code(200);
	assert_has("Content-Type: text/csv; charset=utf-8\r\n");
	assert_string_equal(body(), "time,status\r\n");
	close(fd);
	turn(f, 10);
	assert_int_equal(count_fds(), fds);
}

TEST(a_refusal_is_said_in_json)
{
	static const struct {
		int r, code;
	} refusals[] = {{-EINVAL, 400}, {-ENOENT, 404}, {-EBUSY, 503}, {-ENOTCONN, 503}};
	struct fixture *f = *state;
	int fd;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		f->agent.ask_r = refusals[i].r;
		get(f, "/v1/events");
		assert_code(refusals[i].code);
		assert_string_equal(body(), "{\"error\": \"because\"}\n");
	}
	f->agent.ask_r = 0;
	fd = dial(f);
	say(fd, request);
	turn_until(f, 1);
	refuse(f, 0, 503, "it has \"died\"");
	assert_true(hear(f, fd, NULL, 0));
	assert_code(503);
	assert_string_equal(body(), "{\"error\": \"it has \\\"died\\\"\"}\n");
	close(fd);
}

TEST(a_user_has_two_at_once_and_the_third_waits_without_haste)
{
	struct fixture *f = *state;
	struct loop_part part;
	int fds[3];

	for (int i = 0; i < 3; i++) {
		fds[i] = dial(f);
		say(fds[i], request);
	}
	turn_until(f, 3);
	assert_int_equal(f->agent.n_asked, 2);
	part = server_part(f->server);
	assert_in_range(part.timeout_ms(part.context), 1000, 8000);
	answer_with(f, 1, "b");
	turn_until(f, 3);
	assert_int_equal(f->agent.n_asked, 3);
	answer_with(f, 0, "a");
	answer_with(f, 2, "c");
	for (int i = 0; i < 3; i++) {
		assert_true(hear(f, fds[i], NULL, 0));
		assert_code(200);
		close(fds[i]);
	}
}

TEST(an_answer_for_who_has_gone_is_thrown_away)
{
	struct fixture *f = *state;
	const int fds = count_fds();
	int fd = dial(f);

	say(fd, request);
	turn_until(f, 1);
	close(fd);
	turn(f, 10);
	/* it still counts as one of the user's */
	answer_with(f, 0, "nobody's");
	for (int i = 0; i < 5; i++)
		turn(f, 10);
	assert_int_equal(count_fds(), fds);
	get(f, "/v1/status");
	assert_code(200);
}

TEST(a_server_that_closes_leaves_answers_nowhere_to_go)
{
	struct fixture *f = *state;
	const int fd = dial(f), other = dial(f);
	int fds;

	say(fd, request);
	say(other, request);
	turn_until(f, 2);
	assert_int_equal(f->agent.n_asked, 2);
	close_server(f);
	close(fd);
	close(other);
	fds = count_fds();
	answer_with(f, 0, "late");
	refuse(f, 1, 503, "late");
	assert_int_equal(count_fds(), fds);
	assert_int_equal(open_server(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_answer_comes_later_and_others_have_theirs_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refusal_is_said_in_json, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_user_has_two_at_once_and_the_third_waits_without_haste, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_for_who_has_gone_is_thrown_away, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_server_that_closes_leaves_answers_nowhere_to_go,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
