/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that keeps samples, asked; and one that lies, of which nothing may be believed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include "base/cleanup.h"
#include "base/helper.h"
#include "samples/packets.h"
#include "samples/sampler.h"

enum { WAIT_MS = 10000, ALL_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static char dir[] = "/tmp/test_sampler.XXXXXX";

/* ---- what is heard of a question ---- */

struct heard {
	bool done;
	unsigned int code;
	char *body;
	char text[512];
};

static void on_done(void *context, const struct elsewhere_answer *answer)
{
	struct heard *heard = context;

	assert_false(heard->done);
	heard->done = true;
	heard->code = answer->code;
	if (answer->code == 200) {
		heard->body = calloc(1, answer->bytes + 1);
		assert_int_equal(pread(answer->fd, heard->body, answer->bytes, 0), answer->bytes);
		close(answer->fd);
	} else {
		snprintf(heard->text, sizeof(heard->text), "%s", answer->text);
	}
}

static void run_until(struct sampler *sampler, const struct heard *heard)
{
	struct loop_part part = sampler_part(sampler);

	for (int i = 0; !heard->done && i < WAIT_MS / 10; i++) {
		struct pollfd ready = {.fd = part.fd, .events = POLLIN};

		poll(&ready, 1, 10);
		assert_int_equal(part.run(part.context), 0);
	}
	assert_true(heard->done);
}

static struct heard ask(struct sampler *sampler, const char *what)
{
	json_t *question = json_pack("{s:s}", "what", what);
	struct heard heard = {};
	struct error error;

	assert_int_equal(sampler_ask(sampler, question, on_done, &heard, &error), 0);
	json_decref(question);
	run_until(sampler, &heard);
	return heard;
}

static struct sampler *begin(int (*parent)(int dir_fd))
{
	const struct sampler_plan plan = {.parent = parent};
	struct sampler *sampler;
	json_t *context = json_pack("{s:{}}", "settings");

	assert_int_equal(sampler_begin(&plan, &sampler), 0);
	assert_int_equal(sampler_open(sampler, dir), 0);
	assert_int_equal(sampler_context(sampler, context), 0);
	json_decref(context);
	return sampler;
}

static int count_fds(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

TEST(questions_are_answered_as_json_or_refused_in_words)
{
	const int fds = count_fds();
	struct sampler *sampler = begin(NULL);
	struct heard heard = ask(sampler, "events");
	json_t *json;

	assert_int_equal(heard.code, 200);
	json = json_loads(heard.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "events")), 0);
	assert_true(json_is_array(json_object_get(json, "events")));
	json_decref(json);
	free(heard.body);
	heard = ask(sampler, "nonsense");
	assert_int_equal(heard.code, 400);
	assert_string_equal(heard.text, "no such question");
	sampler_end(sampler);
	assert_int_equal(count_fds(), fds);
}

TEST(no_more_questions_wait_than_there_is_room_for)
{
	struct sampler *sampler = begin(NULL);
	json_t *question = json_pack("{s:s}", "what", "events");
	struct heard heard[SAMPLER_QUESTIONS_MAX] = {}, more = {};
	struct error error;

	for (size_t i = 0; i < SAMPLER_QUESTIONS_MAX; i++)
		assert_int_equal(sampler_ask(sampler, question, on_done, &heard[i], &error), 0);
	assert_int_equal(sampler_ask(sampler, question, on_done, &more, &error), -EBUSY);
	json_decref(question);
	for (size_t i = 0; i < SAMPLER_QUESTIONS_MAX; i++) {
		run_until(sampler, &heard[i]);
		assert_int_equal(heard[i].code, 200);
		free(heard[i].body);
	}
	assert_false(more.done);
	sampler_end(sampler);
}

/* ---- one that lies ---- */

static int memory(size_t bytes, int seals)
{
	const int fd = memfd_create("lie", MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) || (seals && fcntl(fd, F_ADD_SEALS, seals)))
		_exit(EXIT_FAILURE);
	return fd;
}

static void lie(struct packet *packet, size_t len, int fd)
{
	const int fds[HELPER_FDS] = {fd, -1};

	helper_send(HELPER_SOCKET, packet, len, fds, true);
}

enum { LIES = 10 };

static void lie_in_turn(unsigned int turn, uint32_t id)
{
	struct packet answer = {.kind = PACKET_ANSWER, .id = id, .code = 200, .bytes = 100};
	int ends[2];

	switch (turn) {
	case 0: /* it may be cut short while it is sent */
		lie(&answer, sizeof(answer), memory(100, 0));
		break;
	case 1:
		lie(&answer, sizeof(answer), memory(100, F_SEAL_GROW | F_SEAL_SHRINK));
		break;
	case 2:
		answer.bytes = 101;
		lie(&answer, sizeof(answer), memory(100, ALL_SEALS));
		break;
	case 3:
		answer.bytes = SAMPLER_ANSWER_MAX_BYTES + 1;
		lie(&answer, sizeof(answer), memory(answer.bytes, ALL_SEALS));
		break;
	case 4: /* would never end */
		if (!pipe(ends))
			lie(&answer, sizeof(answer), ends[0]);
		break;
	case 5:
		lie(&answer, sizeof(answer), open("/etc/passwd", O_RDONLY));
		break;
	case 6:
		lie(&answer, sizeof(answer), -1);
		break;
	case 7:
		answer.format = PACKET_FORMATS;
		lie(&answer, sizeof(answer), memory(100, ALL_SEALS));
		break;
	case 8:
		answer.code = 301;
		lie(&answer, sizeof(answer), memory(100, ALL_SEALS));
		break;
	default: /* of others, of wrong sizes and kinds; then a refusal without an end */
		answer.id = id + 1;
		lie(&answer, sizeof(answer), memory(100, ALL_SEALS));
		answer.id = 0;
		lie(&answer, sizeof(answer), memory(100, ALL_SEALS));
		lie(&answer, 3, memory(100, ALL_SEALS));
		answer.kind = 4711;
		lie(&answer, sizeof(answer), memory(100, ALL_SEALS));
		answer = (struct packet){.kind = PACKET_STATE, .state = {.oldest = NAN}};
		memset(answer.state.why, '\033', sizeof(answer.state.why));
		lie(&answer, sizeof(answer), -1);
		answer = (struct packet){.kind = PACKET_ANSWER, .id = id, .code = 400};
		memset(answer.text, 0xff, sizeof(answer.text));
		lie(&answer, sizeof(answer), -1);
		break;
	}
}

/* In the place of the process. */
static int liar(int dir_fd)
{
	struct packet packet;
	unsigned int turn = 0;
	ssize_t n;

	(void)dir_fd;
	while ((n = helper_receive(HELPER_SOCKET, &packet, sizeof(packet), NULL, -1)) > 0) {
		if (packet.kind == PACKET_QUESTION)
			lie_in_turn(turn++, packet.id);
	}
	_exit(EXIT_SUCCESS);
}

TEST(lies_are_answered_by_a_refusal_and_leave_nothing_behind)
{
	struct sampler *sampler = begin(liar);
	const int fds = count_fds();
	struct sampler_state said;
	struct heard heard;

	for (int i = 0; i < LIES - 1; i++) {
		heard = ask(sampler, "events");
		if (heard.code != 503 || strcmp(heard.text, "samples gave no answer") != 0)
			fail_msg("lie %d: %u %s", i, heard.code, heard.text);
	}
	heard = ask(sampler, "events");
	assert_int_equal(heard.code, 400);
	assert_memory_equal(heard.text, "\\xff\\xff", 8);
	sampler_state(sampler, &said);
	assert_int_equal(said.is, SAMPLER_FAILING);
	assert_true(isnan(said.oldest));
	assert_int_equal(strspn(said.why, "?"), sizeof(said.why) - 1);
	assert_int_equal(count_fds(), fds);
	sampler_end(sampler);
}

static int quitter(int dir_fd)
{
	struct packet packet = {};

	(void)dir_fd;
	while (packet.kind != PACKET_QUESTION &&
	       helper_receive(HELPER_SOCKET, &packet, sizeof(packet), NULL, -1) > 0)
		;
	_exit(EXIT_SUCCESS);
}

TEST(its_end_answers_who_waits_and_is_told)
{
	struct sampler *sampler = begin(quitter);
	struct heard heard = ask(sampler, "events");
	json_t *question = json_object();
	struct sampler_state said;
	struct error error;

	assert_int_equal(heard.code, 503);
	sampler_state(sampler, &said);
	assert_int_equal(said.is, SAMPLER_STOPPED);
	assert_int_equal(sampler_ask(sampler, question, on_done, &heard, &error), -ENOTCONN);
	json_decref(question);
	sampler_end(sampler);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_answered_as_json_or_refused_in_words),
		cmocka_unit_test(no_more_questions_wait_than_there_is_room_for),
		cmocka_unit_test(lies_are_answered_by_a_refusal_and_leave_nothing_behind),
		cmocka_unit_test(its_end_answers_who_waits_and_is_told),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
