/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections of HTTP/2 that are older than the follower, and automata that change in the middle of one. */
#include "tests/unit/fixtures/test.h"
#include "tests/vectors/http2_user.h"

static struct traffic traffic;
static struct http2_run run;
static __u8 input[VECTOR_BYTES];

/* How many frames there are in these bytes, in the notation of http2_vectors.h. */
static __u32 frames_in(const char *text, enum http2_side side)
{
	return http2_frames_at(input, 0, (__u32)payload_bytes(text, input), side);
}

TEST(frames_follow_one_another)
{
	const char *two = "000004 08 00 00000000 00000001 000005 00 01 00000001 'hello'";

	assert_int_equal(frames_in(two, HTTP2_REQUESTS), 2);
	assert_int_equal(frames_in(two, HTTP2_RESPONSES), 2);
	/* the payload of the last one is not there, nor all of the next header */
	assert_int_equal(frames_in("000100 00 00 00000001 'x'", HTTP2_RESPONSES), 1);
	assert_int_equal(frames_in("000000 04 01 00000000 00000101050000", HTTP2_RESPONSES), 1);
	assert_int_equal(frames_in("000000 04 01 00000000", HTTP2_RESPONSES), 1);
	assert_int_equal(frames_in("000000 04 01 000000", HTTP2_RESPONSES), 0);
	assert_int_equal(frames_in("", HTTP2_RESPONSES), 0);
	/* what follows the first one is none */
	assert_int_equal(frames_in("000001 00 00 00000001 'x' 'HTTP/1.1 200'", HTTP2_RESPONSES), 0);
	assert_int_equal(
		frames_in("000000 01 00 00000001 000001 09 04 00000001 88", HTTP2_RESPONSES), 2);
}

TEST(no_more_frames_are_looked_at_than_need_be)
{
	char text[20 * 20] = "";

	for (int i = 0; i < 10; i++)
		strcat(text, "000000040100000000");
	assert_int_equal(frames_in(text, HTTP2_REQUESTS), HTTP2_JOIN_FRAMES);
}

TEST(headers_that_no_peer_writes)
{
	static const char *const none[] = {
		"000001 09 04 00000001 88", /* in the middle of a block */
		"000005 00 00 80000001 'hello'",
		"000005 00 04 00000001 'hello'",
		"000005 00 00 00000000 'hello'",
		"100000 00 00 00000001 'hello'",
		"000005 0a 00 00000001 'hello'",
		"000004 02 00 00000001 00000000",
		"000003 03 00 00000001 000000",
		"'HTTP/1.1 200 OK'",
		"'GET / HTTP/1.1'",
		"'PRI * HTTP/2.0'",
		"160301 0200 0100 01fc0303",
		"170303 0045 00112233445566",
		"170303 0000 00000001",
		"150303 0002 0100 00000000",
		"00000000 00000000 00000000",
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (frames_in(none[i], HTTP2_RESPONSES))
			fail_msg("%s", none[i]);
	/* only servers open streams of even numbers */
	assert_int_equal(frames_in("000001 01 05 00000002 88", HTTP2_RESPONSES), 1);
	assert_int_equal(frames_in("000001 01 05 00000002 88", HTTP2_REQUESTS), 0);
	assert_int_equal(frames_in("000005 05 04 00000001 00000002 82", HTTP2_RESPONSES), 1);
	assert_int_equal(frames_in("000005 05 04 00000001 00000002 82", HTTP2_REQUESTS), 0);
	assert_int_equal(frames_in("000005 02 00 00000003 0000000000", HTTP2_REQUESTS), 1);
}

/* Joins behind event `first`. Returns how many blocks refer to what is hidden. */
static __u32 join_behind(__u32 first)
{
	__u32 begin = traffic.expected[first].end, hidden = 0;

	http2_run_init(&run, traffic.plan.side, false);
	http2_join(&run.conn.side[traffic.plan.side]);
	for (__u32 i = 0; i < traffic.n_segments; i++) {
		const struct traffic_segment *segment = &traffic.segments[i];

		if (segment->end <= begin)
			continue;
		http2_run_decide(&run, segment->starts.paths, segment->starts.agents);
		run.offset = begin;
		http2_run_feed(&run, traffic.bytes + begin, segment->end - begin);
		begin = segment->end;
	}
	for (__u32 i = 0; i < run.n_results; i++) {
		hidden += run.results[i].hidden;
		if (!traffic_same(&traffic.expected[first + 1 + i], &run.results[i], false)) {
			result_print("expected", &traffic.expected[first + 1 + i]);
			result_print("got     ", &run.results[i]);
			fail_msg("seed %llu, joined behind event %u",
				 (unsigned long long)traffic.plan.seed, first);
		}
	}
	assert_int_equal(run.n_results, traffic.n_expected - first - 1);
	return hidden;
}

TEST(what_was_inserted_before_the_follower_joined_is_hidden)
{
	struct traffic_plan plan = {.blocks = 100, .room = HTTP2_TABLE_BYTES, .once = true};
	__u32 hidden = 0;

	for (plan.seed = 50000; plan.seed < 50020; plan.seed++) {
		plan.side = plan.seed & 1 ? HTTP2_RESPONSES : HTTP2_REQUESTS;
		traffic_make(&traffic, &plan);
		hidden += join_behind(traffic.n_expected / 4);
	}
	assert_int_not_equal(hidden, 0);
	traffic_clear(&traffic);
}

/* Wherever it was when bytes went by unseen. */
TEST(a_follower_that_joins_again)
{
	const char *cut =
		"000008 01 08 00000001 02 44 8160 3f 82 0000 000003 09 04 00000001 e11f 82";
	const char *next = "000001 01 04 00000003 82 000001 01 04 00000005 be";

	for (__u32 at = 1; at < 9 + 8 + 9 + 3; at++) {
		http2_run_init(&run, HTTP2_REQUESTS, false);
		http2_join(&run.conn.side[HTTP2_REQUESTS]);
		(void)payload_bytes(cut, input);
		http2_run_feed(&run, input, at);
		if (at & 1)
			http2_lose(&run.conn.side[HTTP2_REQUESTS]);
		http2_join(&run.conn.side[HTTP2_REQUESTS]);
		run.n_results = 0;
		http2_run_feed(&run, input, (__u32)payload_bytes(next, input));
		assert_int_equal(run.n_results, 2);
		assert_int_equal(run.results[0].event, HTTP2_EV_HEADERS);
		assert_int_equal(run.results[0].method, HTTP_METHOD_GET);
		assert_false(run.results[0].hidden);
		assert_int_equal(run.results[1].event, HTTP2_EV_HEADERS);
		assert_true(run.results[1].hidden);
	}
}

static void feed(const char *text)
{
	run.n_results = 0;
	http2_run_feed(&run, input, (__u32)payload_bytes(text, input));
}

/* ---- what the table holds ---- */

/* Joins where the traffic begins. Returns how many blocks the follower has known the table for. */
static __u32 known_for(__u32 *ret_hidden)
{
	struct http2 *p = &run.conn.side[traffic.plan.side];
	__u32 begin = traffic.expected[traffic.n_expected / 4].end, n = 0;

	http2_run_init(&run, traffic.plan.side, false);
	http2_join(p);
	for (__u32 i = traffic.n_expected / 4 + 1; i < traffic.n_expected; i++) {
		bool known = http2_knows_table(p, 0);

		run.n_results = 0;
		http2_run_feed(&run, traffic.bytes + begin, traffic.expected[i].end - begin);
		begin = traffic.expected[i].end;
		*ret_hidden += run.results[0].hidden;
		n += known;
		if (known && run.results[0].hidden)
			fail_msg("seed %llu, event %u", (unsigned long long)traffic.plan.seed, i);
	}
	return n;
}

TEST(nothing_is_hidden_of_a_table_that_is_known)
{
	struct traffic_plan plan = {.blocks = 400, .room = HTTP2_TABLE_BYTES};
	__u32 known = 0, hidden = 0;

	for (plan.seed = 70000; plan.seed < 70020; plan.seed++) {
		plan.side = plan.seed & 1 ? HTTP2_RESPONSES : HTTP2_REQUESTS;
		plan.resizes = plan.seed & 2;
		traffic_make(&traffic, &plan);
		known += known_for(&hidden);
	}
	assert_int_not_equal(known, 0);
	assert_int_not_equal(hidden, 0);
	traffic_clear(&traffic);
}

/* n answers that insert a field each. */
static void insert(__u32 n)
{
	__u32 len = (__u32)payload_bytes("000006 01 04 00000001 88 40 01 'a' 01 'b'", input);

	while (n--)
		http2_run_feed(&run, input, len);
}

TEST(a_table_is_known_when_it_has_been_renewed)
{
	struct http2 *p = &run.conn.side[HTTP2_RESPONSES];

	http2_run_init(&run, HTTP2_RESPONSES, false);
	http2_join_early(p);
	assert_true(http2_knows_table(p, 0));
	insert(1000);
	assert_true(http2_knows_table(p, 0));
	for (int i = 0; i < 2; i++) {
		http2_lose(p);
		http2_join(p);
		assert_false(http2_knows_table(p, 0));
		insert(HTTP2_RING - 1);
		assert_false(http2_knows_table(p, 0));
		insert(1);
		assert_true(http2_knows_table(p, 0));
	}
	/* it has become larger than what is kept */
	feed("000005 01 04 00000001 3fe1ff03 88");
	assert_false(http2_knows_table(p, 0));
	assert_false(http2_knows_table(p, 1));
	insert(HTTP2_RING_WIDE - HTTP2_RING);
	assert_false(http2_knows_table(p, 0));
	assert_true(http2_knows_table(p, 1));
}

TEST(a_table_is_known_until_more_is_in_it_than_is_kept)
{
	struct http2 *p = &run.conn.side[HTTP2_RESPONSES];

	http2_run_init(&run, HTTP2_RESPONSES, false);
	feed("000000 04 00 00000000 000005 01 04 00000001 3fe1ff03 88");
	insert(HTTP2_RING);
	assert_true(http2_knows_table(p, 0));
	insert(1);
	assert_false(http2_knows_table(p, 0));
	assert_true(http2_knows_table(p, 1));
	insert(HTTP2_RING_WIDE);
	assert_true(http2_knows_table(p, 1));
	/* larger than what can be kept */
	feed("000005 01 04 00000001 3fe1ff07 88");
	assert_false(http2_knows_table(p, 1));
}

/* ---- automata that change ---- */

static void start(void)
{
	http2_run_init(&run, HTTP2_REQUESTS, false);
	http2_join(&run.conn.side[HTTP2_REQUESTS]);
	http2_run_decide(&run, HTTP2_TEST_PATHS, HTTP2_TEST_AGENTS);
}

static void assert_request(__u32 path, __u32 agent)
{
	assert_int_equal(run.n_results, 1);
	assert_int_equal(run.results[0].event, HTTP2_EV_HEADERS);
	assert_int_equal(run.results[0].path, path);
	assert_int_equal(run.results[0].agent, agent);
}

static void change(void)
{
	http2_run_decide(&run, HTTP2_TEST_PATHS_NEXT, HTTP2_TEST_AGENTS_NEXT);
}

TEST(fields_of_the_static_table_are_decided_anew)
{
	start();
	feed("000001 01 04 00000001 84");
	assert_request(http2_test_path(HTTP2_TEST_PATHS, "/", 1), HTTP2_TEST_AGENTS);
	change();
	feed("000001 01 04 00000003 84");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, "/", 1), HTTP2_TEST_AGENTS_NEXT);
	feed("000002 01 04 00000003 85ba");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, "/index.html", 11),
		       HTTP2_TEST_AGENTS_NEXT);
}

TEST(insertions_are_decided_anew)
{
	start();
	feed("00000e 01 04 00000001 44 02 '/a' 7a 03 'wrk' 44 01 '*' 44 00");
	change();
	feed("000002 01 04 00000003 c1c0");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, "/a", 2),
		       http2_test_walk(HTTP2_TEST_AGENTS_NEXT, "wrk", 3));
	feed("000001 01 04 00000005 be");
	assert_request(DFA_DEAD, HTTP2_TEST_AGENTS_NEXT);
	feed("000001 01 04 00000007 bf");
	assert_request(DFA_DEAD, HTTP2_TEST_AGENTS_NEXT);
}

/* Of user agents there may be no automaton, until there is one. */
TEST(texts_are_kept_that_no_automaton_reads)
{
	start();
	http2_run_decide(&run, DFA_DEAD, DFA_DEAD);
	feed("000009 01 04 00000001 44 02 '/a' 7a 03 'wrk'");
	assert_request(DFA_DEAD, DFA_DEAD);
	change();
	feed("000002 01 04 00000003 bfbe");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, "/a", 2),
		       http2_test_walk(HTTP2_TEST_AGENTS_NEXT, "wrk", 3));
}

/* In the middle of a block: what it has said so far, and what is being read, is not known. */
TEST(a_block_that_the_change_comes_into)
{
	start();
	feed("00000b 01 04 00000001 44 02 '/a' 7a 05 'wr'");
	change();
	feed("'k/4'");
	assert_request(HTTP2_UNKNOWN, HTTP2_UNKNOWN);
	feed("000002 01 04 00000003 bfbe");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, "/a", 2), HTTP2_UNKNOWN);
	feed("000004 01 04 00000005 44 02 '/b'");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, "/b", 2), HTTP2_TEST_AGENTS_NEXT);
}

/* More text than is kept: the oldest is not known any more, and all that is kept is. */
TEST(texts_that_are_overwritten)
{
	char path[1001] = "/";
	__u32 known = 0, unknown = 0;
	char text[1100];

	start();
	memset(path + 1, 'x', sizeof(path) - 2);
	for (int i = 0; i < 6; i++) {
		path[1] = (char)('a' + i);
		(void)snprintf(text, sizeof(text), "0003ec 01 04 00000001 44 7fe906 '%s'", path);
		feed(text);
		assert_request(http2_test_path(HTTP2_TEST_PATHS, path, 1000), HTTP2_TEST_AGENTS);
	}
	change();
	for (int i = 0; i < 6; i++) {
		path[1] = (char)('f' - i);
		(void)snprintf(text, sizeof(text), "000001 01 04 00000001 %02x", 0xbe + i);
		feed(text);
		if (run.results[0].path == HTTP2_UNKNOWN) {
			unknown++;
			continue;
		}
		assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, path, 1000),
			       HTTP2_TEST_AGENTS_NEXT);
		known++;
	}
	assert_int_equal(known, HTTP2_TEXT / 1000);
	assert_int_equal(unknown, 6 - HTTP2_TEXT / 1000);
}

/* A text that is being read has overwritten the oldest ones already. */
TEST(texts_that_are_being_overwritten)
{
	char path[2001] = "/";
	char text[2100];

	start();
	memset(path + 1, 'x', sizeof(path) - 2);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(text, sizeof(text), "0007d4 01 04 00000001 44 7fd10e '%s'", path);
		feed(text);
	}
	(void)snprintf(text, sizeof(text), "0007d4 01 04 00000001 44 7fd10e '%.1000s'", path);
	feed(text);
	change();
	(void)snprintf(text, sizeof(text), "'%s'", path + 1000);
	feed(text);
	assert_request(HTTP2_UNKNOWN, HTTP2_TEST_AGENTS_NEXT);
	feed("000001 01 04 00000001 be");
	assert_request(HTTP2_UNKNOWN, HTTP2_TEST_AGENTS_NEXT);
	feed("000001 01 04 00000001 bf");
	assert_request(http2_test_path(HTTP2_TEST_PATHS_NEXT, path, 2000), HTTP2_TEST_AGENTS_NEXT);
	feed("000001 01 04 00000001 c0");
	assert_request(HTTP2_UNKNOWN, HTTP2_TEST_AGENTS_NEXT);
}

/* A text of 65,556 bytes is not one of 20. */
TEST(a_text_that_is_longer_than_can_be_kept)
{
	start();
	feed("010019 01 04 00000001 44 7f 95ff03 '/'");
	for (int i = 0; i < 65555 / 5; i++)
		feed("'xxxxx'");
	assert_int_equal(run.results[0].event, HTTP2_EV_HEADERS);
	change();
	feed("000001 01 04 00000001 be");
	assert_request(HTTP2_UNKNOWN, HTTP2_TEST_AGENTS_NEXT);
}

/* ---- the wider ring ---- */

/* Attached late, it has what the ring had, and says so of the rest. */
TEST(a_wider_ring_that_comes_late)
{
	static struct http2_run late;
	__u32 hidden = 0;

	traffic_make(&traffic, &(struct traffic_plan){.seed = 60000,
						      .blocks = 1500,
						      .room = HTTP2_WIDE_BYTES,
						      .plain = true});
	http2_run_init(&late, HTTP2_REQUESTS, false);
	http2_run_decide(&late, HTTP2_TEST_PATHS, HTTP2_TEST_AGENTS);
	for (__u32 i = 0, begin = 0; i < traffic.n_segments; i++) {
		const struct traffic_segment *segment = &traffic.segments[i];

		http2_run_decide(&late, segment->starts.paths, segment->starts.agents);
		http2_run_feed(&late, traffic.bytes + begin, segment->end - begin);
		begin = segment->end;
		if (i)
			continue;
		assert_true(late.conn.side[HTTP2_REQUESTS].inserted > HTTP2_RING);
		http2_widen(&late.conn.side[HTTP2_REQUESTS], &late.wide);
		late.wide_used = 1;
	}
	assert_true(traffic.n_segments > 1);
	assert_true(traffic_check(&traffic, &late, false, &hidden));
	assert_int_not_equal(hidden, 0);
	traffic_clear(&traffic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_follow_one_another),
		cmocka_unit_test(no_more_frames_are_looked_at_than_need_be),
		cmocka_unit_test(headers_that_no_peer_writes),
		cmocka_unit_test(what_was_inserted_before_the_follower_joined_is_hidden),
		cmocka_unit_test(a_follower_that_joins_again),
		cmocka_unit_test(nothing_is_hidden_of_a_table_that_is_known),
		cmocka_unit_test(a_table_is_known_when_it_has_been_renewed),
		cmocka_unit_test(a_table_is_known_until_more_is_in_it_than_is_kept),
		cmocka_unit_test(fields_of_the_static_table_are_decided_anew),
		cmocka_unit_test(insertions_are_decided_anew),
		cmocka_unit_test(texts_are_kept_that_no_automaton_reads),
		cmocka_unit_test(a_block_that_the_change_comes_into),
		cmocka_unit_test(texts_that_are_overwritten),
		cmocka_unit_test(texts_that_are_being_overwritten),
		cmocka_unit_test(a_text_that_is_longer_than_can_be_kept),
		cmocka_unit_test(a_wider_ring_that_comes_late),
	};

	http2_test_automaton_init();
	return cmocka_run_group_tests_name("http2 join", tests, NULL, NULL);
}
