/* SPDX-License-Identifier: GPL-2.0-only */
/* Receivers that answer to harm: each costs little, delays nobody, and writes nothing into the journal. */
#include "tests/unit/deliver/deliver_fixture.h"

#include <sys/resource.h>

/* In two attempts: what is read of an answer, and what lies in sockets. */
enum { SENT_MAX_BYTES = 130 << 20 };

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of this process; the servers are in it. */
static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

struct attack {
	const char *name;
	const char *raw;
	const char *filling;
	int fillings;
	const char *result; /* "sent", "waiting", "given up" */
	const char *error; /* part of it */
};

#define HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X1024 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64

/* A status that has come counts. */
static const struct attack attacks[] = {
	{"body without an end", HEAD "\r\n", X1024, 0, "sent", ""},
	{"body without an end, and an error", "HTTP/1.1 500 No\r\n\r\n", X1024, 0, "waiting",
	 "HTTP 500: xxx"},
	{"chunks without an end", CHUNKED, "400\r\n" X1024 "\r\n", 0, "sent", ""},
	{"extension of a chunk without an end", CHUNKED "1;", X1024, 0, "sent", ""},
	{"empty extensions", CHUNKED, "1;\r\nx\r\n", 0, "sent", ""},
	{"trailers without an end", CHUNKED "0\r\n", "X-A: " X64 "\r\n", 0, "sent", ""},
	{"thousands of headers", HEAD, "X-A: " X64 "\r\n", 0, "sent", ""},
	{"thousands of headers, and no status", "", "X-A: " X64 "\r\n", 0, "waiting", ""},
	{"a header without an end", HEAD "X-A: ", X1024, 0, "sent", ""},
	{"folded lines", HEAD "X-A: 1\r\n", " " X64 "\r\n", 0, "sent", ""},
	{"interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", 0, "waiting", "no end"},
	{"early hints", "", "HTTP/1.1 103 Early Hints\r\nLink: " X64 "\r\n\r\n", 0, "waiting",
	 "no end"},
	{"other protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", X1024, 0,
	 "waiting", ""},
	{"garbage", "", "\x01\xff\x9b" X64, 0, "waiting", ""},
	{"a newer protocol", "HTTP/2 200 OK\r\n\r\n", NULL, 0, "", ""},
	{"an older one", "hello\n", NULL, 0, "waiting", ""},
	{"no answer", "", NULL, 0, "waiting", ""},
	{"half a status", "HTTP/1.1 20", NULL, 0, "waiting", ""},
	{"half a body", HEAD "Content-Length: 100\r\n\r\nx", NULL, 0, "sent", ""},
	{"no such length", HEAD "Content-Length: -5\r\n\r\nx", NULL, 0, "sent", ""},
	{"two lengths", HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", NULL, 0, "sent",
	 ""},
	{"no such status", "HTTP/1.1 99999999999999999999 OK\r\n\r\n", NULL, 0, "waiting", ""},
	{"a negative status", "HTTP/1.1 -200 OK\r\n\r\n", NULL, 0, "waiting", ""},
	{"a redirect", "HTTP/1.1 307 Go\r\nLocation: /hook\r\nContent-Length: 0\r\n\r\n", NULL, 0,
	 "waiting", "HTTP 307"},
	{"zeros", "HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nab", NULL, 0, "waiting",
	 "HTTP 500: ab"},
	{"byte after byte", HEAD "Content-Length: 1000000\r\n\r\n", "x", 1, "sent", ""},
	{"byte after byte, of a header", HEAD "X-A: ", "x", 1, "sent", ""},
};

static void begin_attack(const struct attack *attack)
{
	webhook(0)->answer = ANSWER_RAW;
	f.servers[0].raw = attack->raw;
	f.servers[0].filling = attack->filling;
	f.servers[0].fillings = attack->fillings;
	f.receivers[0].timeout_ns = 4000000000ULL;
	webhook(1);
	start();
}

static void survive(const struct attack *attack)
{
	const double cpu = cpu_seconds(), start_seconds = clock_seconds();
	const long peak = peak_kib();
	bool one_more;

	begin_attack(attack);
	send_message(&f, "1", "fire");
	send_message(&f, "2", "fire");
	one_more = TURN_UNTIL(&f, reported(&f, 1, "sent") == 2);
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "sent") + reported(&f, 0, "failed") +
						   reported(&f, 0, "given_up") >=
					   1));
	if (strcmp(attack->result, "sent") != 0 || !TURN_UNTIL(&f, reported(&f, 0, "sent") == 2))
		one_more = one_more && strcmp(attack->result, "sent") != 0;
	if (!one_more || f.slowest_run_seconds > 0.25 || cpu_seconds() - cpu > 4 ||
	    clock_seconds() - start_seconds > 9 || peak_kib() - peak > 64 << 10 ||
	    f.servers[0].n_sent > SENT_MAX_BYTES ||
	    (*attack->result && strcmp(reported_text(&f, 0, 1, "result"), attack->result) != 0) ||
	    !strstr(reported_text(&f, 0, 1, "error"), attack->error))
		fail_msg("%s: %s %s; slowest %.3f s, %.2f s of CPU, %.2f s, %ld KiB, read %zu",
			 attack->name, reported_text(&f, 0, 1, "result"), f.failing,
			 f.slowest_run_seconds, cpu_seconds() - cpu,
			 clock_seconds() - start_seconds, peak_kib() - peak, f.servers[0].n_sent);
}

TEST(hostile_answers_cost_little_and_delay_nobody)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		survive(&attacks[i]);
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
	}
}

/* Nor into what people and programs read. */
TEST(what_a_receiver_says_is_made_safe)
{
	const char *const said[] = {"last_error", "receiver"};
	char text[512];

	webhook(0)->status = 500;
	f.servers[0].body = "\x1b[2J\x1b]0;x\x07 \xc2\x9b"
			    "31m \xe2\x80\xae \xff\xfe a\r\nsliprobed: PAGE\n\x7f" X1024;
	start();
	send_message(&f, "1", "fire");
	assert_true(TURN_UNTIL(&f, reported(&f, 0, "failed") == 1));
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s",
			 i ? reported_text(&f, 0, 0, "error") : reported_text(&f, 0, -1, said[0]));
		assert_in_range(strlen(text), 20, BOOKS_ERROR_BYTES);
		for (const char *at = text; *at; at++)
			assert_in_range(*at, ' ', '~');
		assert_non_null(strstr(text, "sliprobed: PAGE")); /* but on the same line */
	}
	for (int i = 0; i < FIXTURE_RECEIVERS; i++) {
		for (const char *at = f.books[i].text; at && *at; at++)
			assert_in_range(*at, ' ', '~');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(hostile_answers_cost_little_and_delay_nobody),
		WITH_SETUP(what_a_receiver_says_is_made_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
