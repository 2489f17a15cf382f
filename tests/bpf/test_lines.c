/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A protocol of a few lines (tests/bpf/lines/) through all layers, in the kernel and on real sockets:
 * hooks, stream, exchange, judge and who know nothing of it but the seam, and count it exactly.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bpf/counting.h"
#include "tests/bpf/loaded.h"
#include <bpf/bpf.h>

#include "abi.h"
#include "lines.skel.h"

static struct lines_bpf *skel;

/* ---- reading ---- */

/* In all rows of the one SLO. */
static __u64 judged_good(void)
{
	__u64 total = 0;

	for (__u32 id = 0; id <= skel->bss->endpoint_last; id++)
		total += sum(skel->maps.slo_good, id, 0) + sum(skel->maps.slo_counts, id, 0);
	return total;
}

static __u64 judged(size_t offset)
{
	__u64 total = 0;

	for (__u32 id = 0; id <= skel->bss->endpoint_last; id++)
		total += sum(skel->maps.slo_counts, id, offset / sizeof(__u64));
	return total;
}

static __u64 judged_bad(enum bad_reason reason)
{
	return judged(offsetof(struct slo_counts, bad) + reason * sizeof(__u64));
}

static __u64 judged_unknown(void)
{
	return judged(offsetof(struct slo_counts, status_unknown));
}

/* Of all found services. */
static __u64 books_unknown(void)
{
	const size_t word = offsetof(struct service_books, status_unknown) / sizeof(__u64);
	__u64 total = 0;

	for (__u32 id = 0; id <= skel->bss->endpoint_last; id++)
		total += sum(skel->maps.service_books, SERVICE_FOUND + id, word);
	return total;
}

/* A request that is answered with that number for a status. */
static void ask(struct pair *pair, __u32 number, unsigned int status)
{
	char answer[64];

	snprintf(answer, sizeof(answer), "=%u %u 0\n", number, status);
	say(pair->client, pair->server, "?P\n", 256);
	say(pair->server, pair->client, answer, 256);
}

/* ---- tests ---- */

TEST(answers_in_any_order)
{
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "?G\n?P\n?G\n", 2);
	assert_int_equal(seen(), 3);
	assert_int_equal(ended(), 0);
	say(pair.server, pair.client, "=2 503 0\n", 256);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 503), 1);
	assert_int_equal(ended(), 1);
	say(pair.server, pair.client, "=1 200 30\nfirst part, ", 256);
	say(pair.server, pair.client, "=9 the second\n\n",
	    256); /* none of its bytes is looked at */
	say(pair.server, pair.client, "end=3 200 0\n", 256);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 200), 2);
	say(pair.client, pair.server, "?P\n", 256);
	say(pair.server, pair.client, "=4 ", 256);
	say(pair.server, pair.client, "200 0", 256);
	assert_int_equal(ended(), 3);
	say(pair.server, pair.client, "\n", 256);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 200), 1);
	hang_up(&pair);
	assert_int_equal(seen(), 4);
	assert_int_equal(ended(), 4);
	assert_int_equal(judged_good(), 3);
	assert_int_equal(judged_bad(BAD_STATUS), 1);
}

TEST(never_answered)
{
	__u64 before = ended();
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "?G\n?G\n", 256);
	say(pair.server, pair.client, "=2 200 0\n", 256);
	hang_up(&pair);
	assert_int_equal(ended(), before + 2);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_SERVER_ABORT, 0), 1);
	assert_int_equal(counted(HTTP_METHOD_GET, OUTCOME_COMPLETE, 200), 3);
}

TEST(not_understood)
{
	__u64 before = ended(), asked = seen();
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "?G\n?P\n", 256);
	say(pair.server, pair.client, "!\n", 256);
	hang_up(&pair);
	assert_int_equal(seen(), asked + 2);
	assert_int_equal(ended(), before);
	assert_int_equal(stat(STAT_LOST + LOST_BAD_RESPONSE), 2);
}

TEST(of_another_protocol)
{
	__u64 asked = seen();
	struct pair pair;

	pair_dial(&pair);
	say(pair.client, pair.server, "GET / HTTP/1.1\r\n\r\n", 256);
	say(pair.server, pair.client, "HTTP/1.1 204 No Content\r\n\r\n", 256);
	say(pair.client, pair.server, "?G\n", 256);
	hang_up(&pair);
	assert_int_equal(seen(), asked);
}

TEST(a_grpc_request_is_good_if_both_statuses_are)
{
	__u64 good = judged_good(), bad = judged_bad(BAD_STATUS);
	struct pair pair;

	pair_dial(&pair);
	ask(&pair, 1, status_of(200, GRPC_OK));
	ask(&pair, 2, status_of(200, GRPC_NOT_FOUND));
	assert_int_equal(judged_good(), good + 2);
	assert_int_equal(judged_bad(BAD_STATUS), bad);
	ask(&pair, 3, status_of(200, GRPC_UNAVAILABLE));
	ask(&pair, 4, status_of(200, GRPC_ABSENT));
	ask(&pair, 5, status_of(200, GRPC_OTHER));
	ask(&pair, 6, status_of(503, GRPC_OK));
	ask(&pair, 7, status_of(700, GRPC_OK)); /* a status that no SLO can call good */
	hang_up(&pair);
	assert_int_equal(judged_good(), good + 2);
	assert_int_equal(judged_bad(BAD_STATUS), bad + 5);
	assert_int_equal(judged_unknown(), 0);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, status_of(200, GRPC_OK)), 1);
	assert_int_equal(
		counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, status_of(200, GRPC_UNAVAILABLE)), 1);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, status_of(503, GRPC_OK)), 1);
}

TEST(a_status_that_is_not_known_is_neither_good_nor_bad)
{
	__u64 good = judged_good(), bad = judged_bad(BAD_STATUS), before = ended();
	struct pair pair;

	pair_dial(&pair);
	ask(&pair, 1, status_of(200, GRPC_HIDDEN));
	ask(&pair, 2, status_of(0, GRPC_OK));
	ask(&pair, 3, status_of(0, GRPC_UNAVAILABLE));
	ask(&pair, 4, 0);
	hang_up(&pair);
	assert_int_equal(ended(), before + 4);
	assert_int_equal(judged_unknown(), 4);
	assert_int_equal(books_unknown(), 4);
	assert_int_equal(judged_good(), good);
	assert_int_equal(judged_bad(BAD_STATUS), bad);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, status_of(200, GRPC_HIDDEN)),
			 1);
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 0), 1);
}

TEST(where_others_are_hidden_what_is_known_is_not_judged)
{
	__u64 good = judged_good(), bad = judged_bad(BAD_STATUS), unknown = judged_unknown();
	__u64 of_200 = counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 200);
	struct pair pair;

	pair_dial(&pair);
	ask(&pair, 1, STATUS_ONE_SIDED | status_of(200, GRPC_DATA_LOSS));
	ask(&pair, 2, STATUS_ONE_SIDED | 200);
	ask(&pair, 3, STATUS_ONE_SIDED | status_of(200, GRPC_OK));
	hang_up(&pair);
	assert_int_equal(judged_unknown(), unknown + 3);
	assert_int_equal(books_unknown(), unknown + 3);
	assert_int_equal(judged_good(), good);
	assert_int_equal(judged_bad(BAD_STATUS), bad);
	/* by status they are counted as any */
	assert_int_equal(counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, 200), of_200 + 1);
	assert_int_equal(
		counted(HTTP_METHOD_POST, OUTCOME_COMPLETE, status_of(200, GRPC_DATA_LOSS)), 1);
}

/* What is judged from now on is judged by these. */
static void judge_by(const struct slo_criteria *criteria)
{
	const __u32 place = 0;

	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(skel->maps.slo_criteria), &place, criteria, 0), 0);
}

static __u64 clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000 + (__u64)now.tv_nsec / 1000;
}

/* An answer to that request, of which the first byte came so long after it was read. */
static void answer_begun(const struct pair *pair, __u32 number, __u64 first_us)
{
	char answer[64];

	snprintf(answer, sizeof(answer), "=%u 200 0 %llu\n", number, (unsigned long long)first_us);
	say(pair->server, pair->client, answer, 256);
}

/*
 * Of requests that take longer than an SLO allows, whose answers began earlier, if that is known. A request's time begins
 * when it arrives: it may wait for as long as sending and reading it takes here.
 */
TEST(latency_is_that_of_the_first_byte_where_an_slo_says_so)
{
	struct slo_criteria criteria = good_status(200, 201);
	__u64 good = judged_good(), late = judged_bad(BAD_LATENCY), limit_us, begun_us;
	struct pair pair;

	pair_dial(&pair);
	begun_us = clock_us();
	say(pair.client, pair.server, "?G\n?G\n?G\n?G\n", 256);
	limit_us = clock_us() - begun_us + 10000;
	usleep((useconds_t)limit_us + 10000);
	criteria.latency_ns = limit_us * 1000;
	criteria.latency_of = LATENCY_OF_FIRST_BYTE;
	judge_by(&criteria);
	answer_begun(&pair, 1, 1); /* at once */
	assert_int_equal(judged_good(), good + 1);
	answer_begun(&pair, 2, limit_us + 1);
	say(pair.server, pair.client, "=3 200 0\n", 256); /* with its end */
	assert_int_equal(judged_good(), good + 1);
	assert_int_equal(judged_bad(BAD_LATENCY), late + 2);
	criteria.latency_of = LATENCY_OF_TOTAL;
	judge_by(&criteria);
	answer_begun(&pair, 4, 1);
	assert_int_equal(judged_bad(BAD_LATENCY), late + 3);
	/* it does not come behind the end */
	criteria.latency_of = LATENCY_OF_FIRST_BYTE;
	criteria.latency_ns = 10000000000;
	judge_by(&criteria);
	say(pair.client, pair.server, "?G\n", 256);
	say(pair.server, pair.client, "=5 200 0 10001000\n", 256);
	hang_up(&pair);
	assert_int_equal(judged_good(), good + 2);
}

/* ---- the kernel side ---- */

static int set_up(void **state)
{
	struct slo_criteria criteria = good_status(200, 201);
	int r;

	(void)state;
	criteria.grpc = GRPC_GOOD;
	skel = lines_bpf__open();
	if (!skel)
		return -1;
	r = PREPARE(skel);
	r = r ?: lines_bpf__load(skel);
	r = r ?: CONFIGURE(skel, &criteria);
	COUNT_IN(skel);
	r = r ?: lines_bpf__attach(skel);
	if (r)
		fprintf(stderr, "test_lines: %s\n", strerror(-r));
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	lines_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_any_order),
		cmocka_unit_test(never_answered),
		cmocka_unit_test(not_understood),
		cmocka_unit_test(of_another_protocol),
		cmocka_unit_test(a_grpc_request_is_good_if_both_statuses_are),
		cmocka_unit_test(a_status_that_is_not_known_is_neither_good_nor_bad),
		cmocka_unit_test(where_others_are_hidden_what_is_known_is_not_judged),
		cmocka_unit_test(latency_is_that_of_the_first_byte_where_an_slo_says_so),
	};

	return cmocka_run_group_tests_name("a test protocol", tests, set_up, tear_down);
}
