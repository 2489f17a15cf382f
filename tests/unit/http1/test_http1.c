/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/1.x parser over the vectors, in every way an input can arrive in pieces, with each piece
 * at the end of its page and at the start of one.
 */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/guard.h"
#include "tests/vectors/http1_user.h"

typedef const uint8_t *(*place_fn)(const struct guard *guard, const uint8_t *bytes, size_t len);

static struct guard guard;
static struct splits splits;
static __u8 input[VECTOR_BYTES_MAX];

/* How a run is done. */
struct way {
	place_fn place;
	bool ready; /* the parser is told its automata beforehand */
	bool unseen; /* bytes that are opaque at a piece's beginning are not there */
};

static void run_pieces(const struct http1_vector *vector, const struct way *way,
		       struct http1_run *ret)
{
	__u32 begin = 0;

	vector_run_init(vector, way->ready, ret);
	for (__u32 i = 0; i < splits.n; i++) {
		__u32 len;

		if (way->unseen)
			begin += http1_run_unseen(ret, splits.end[i] - begin);
		len = splits.end[i] - begin;
		http1_run_feed(ret, way->place(&guard, input + begin, len), len);
		begin = splits.end[i];
	}
	http1_run_finish(ret);
}

static void check_vector(const struct http1_vector *vector, place_fn place)
{
	size_t len = vector_bytes(vector, input);
	struct way way = {.place = place};
	struct http1_run whole, run;

	assert_true(splits_plan((__u32)len, 0, &splits));
	run_pieces(vector, &way, &whole);
	if (!vector_check(vector, &whole))
		fail_msg("\"%s\", whole", vector->name);
	for (__u32 plan = 0; splits_plan((__u32)len, plan, &splits); plan++) {
		way.ready = !(plan & 1);
		way.unseen = plan & 2;
		run_pieces(vector, &way, &run);
		if (!runs_same(&run, &whole)) {
			(void)vector_check(vector, &run);
			fail_msg("\"%s\", plan %u, %u pieces, first one of %u bytes", vector->name,
				 plan, splits.n, splits.end[0]);
		}
	}
}

TEST(vectors_before_a_guard_page)
{
	for (size_t i = 0; i < N_HTTP1_VECTORS; i++)
		check_vector(&http1_vectors[i], guard_at_end);
}

TEST(vectors_behind_a_guard_page)
{
	for (size_t i = 0; i < N_HTTP1_VECTORS; i++)
		check_vector(&http1_vectors[i], guard_at_start);
}

/* A message behind another one is read as if it stood alone. */
TEST(vectors_behind_other_messages)
{
	static const char request[] =
		"POST /checkout HTTP/1.1\r\nUser-Agent: wrk\r\nTransfer-Encoding: "
		"gzip, chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n";
	static const char response[] = "HTTP/1.1 206 Part\r\nTransfer-Encoding: chunked\r\n"
				       "Content-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n";

	for (size_t i = 0; i < N_HTTP1_VECTORS; i++) {
		const struct http1_vector *vector = &http1_vectors[i];
		const char *before = vector->response ? response : request;
		struct http1_run run;

		vector_run_init(vector, i & 1, &run);
		run.head_mask <<= 1;
		run.connect_mask <<= 1;
		http1_run_feed(&run, (const __u8 *)before, (__u32)strlen(before));
		assert_int_equal(run.n_results, 1);
		assert_int_equal(run.results[0].kind, HTTP1_COMPLETE);
		assert_int_equal(run.results[0].end, strlen(before));
		http1_run_feed(&run, input, (__u32)vector_bytes(vector, input));
		http1_run_finish(&run);
		run.n_results--;
		memmove(&run.results[0], &run.results[1],
			sizeof(run.results) - sizeof(run.results[0]));
		if (!vector_check(vector, &run))
			fail_msg("\"%s\", behind another message", vector->name);
	}
}

/* Each final byte of a complete message is where the next one begins. */
TEST(message_ends)
{
	static const char stream[] =
		"GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
		"abcPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		"0\r\nA: b\r\n\r\nG";
	struct http1_vector vector = {};
	struct http1_run run;

	vector_run_init(&vector, false, &run);
	http1_run_feed(&run, (const __u8 *)stream, sizeof(stream) - 1);
	http1_run_finish(&run);
	assert_int_equal(run.n_results, 4);
	assert_int_equal(run.results[0].end, 18);
	assert_int_equal(run.results[1].end, 18 + 38 + 3);
	assert_int_equal(run.results[2].end, sizeof(stream) - 1 - 1);
	assert_int_equal(run.results[3].kind, HTTP1_IN_HEAD);
	assert_int_equal(run.results[3].end, 0);
}

/* A request that is answered before its head is complete, as the parser has it at that moment. */
TEST(method_is_known_before_the_head_is)
{
	static const char stream[] = "DELETE /items/5 HTTP/1.1\r\nHost: ";
	struct http1_vector vector = {};
	struct http1_run run;

	vector_run_init(&vector, false, &run);
	http1_run_feed(&run, (const __u8 *)stream, sizeof(stream) - 1);
	assert_int_equal(run.parser.method, HTTP_METHOD_DELETE);
	assert_int_not_equal(http1_test_accept(run.parser.dfa), 0);
	assert_true(http1_in_head(&run.parser));
	assert_true(http1_has_start_line(&run.parser));
}

/* Bytes that the hooks never see, such as those of sendfile(), count as body all the same. */
TEST(unseen_body)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n";
	struct http1_vector vector = {.response = 1};
	struct http1_run run;

	vector_run_init(&vector, false, &run);
	http1_run_feed(&run, (const __u8 *)head, sizeof(head) - 1);
	assert_int_equal(http1_opaque(&run.parser), 5000000000);
	assert_int_equal(http1_pass(&run.parser, 4999999999), HTTP1_EV_NONE);
	assert_int_equal(http1_opaque(&run.parser), 1);
	assert_int_equal(http1_pass(&run.parser, 1), HTTP1_EV_END);
	assert_int_equal(run.parser.body, 5000000000);
}

/* Feeds a head, and returns whether its body is all there with these bytes behind it, unseen. */
static bool body_is_there(const char *head, __u64 unread, const char *tail)
{
	struct http1 parser = {};
	__u32 pos = 0, len = (__u32)strlen(head);
	__u64 word = 0;

	memcpy((char *)&word + sizeof(word) - strlen(tail), tail, strlen(tail));
	while (pos < len) {
		if (http1_feed(&parser, (const __u8 *)head, &pos, len) == HTTP1_EV_HEAD)
			assert_int_equal(http1_body_begin(&parser, 0), HTTP1_EV_NONE);
	}
	assert_true(http1_in_body(&parser));
	return http1_body_is_there(&parser, unread, word);
}

TEST(a_body_that_nobody_has_read_yet)
{
	static const char length[] = "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc";
	static const char chunks[] =
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc";

	assert_false(body_is_there(length, 0, ""));
	assert_false(body_is_there(length, 6, "\n0\r\n\r\n"));
	assert_true(body_is_there(length, 7, "defghij"));
	assert_true(body_is_there(length, 100, "/1.1\r\n\r\n"));
	assert_false(body_is_there(chunks, 0, ""));
	assert_true(body_is_there(chunks, 5, "0\r\n\r\n"));
	assert_true(body_is_there(chunks, 9, "de\r\n0\r\n\r\n" + 1));
	assert_false(body_is_there(chunks, 9, "e\r\n10\r\n\r\n" + 2));
	assert_false(body_is_there(chunks, 9, "e\r\n0\r\n\r"));
	assert_false(body_is_there(chunks, 9, "\r\n\r\n"));
}

/* A feed stops behind each event, and says what it has consumed. */
TEST(one_event_at_a_time)
{
	static const char stream[] = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET";
	const __u32 len = sizeof(stream) - 1, body = len - 5;
	const __u8 *bytes = guard_at_end(&guard, (const __u8 *)stream, len);
	struct http1 parser = {};
	__u32 pos = 0;

	assert_int_equal(http1_feed(&parser, bytes, &pos, len), HTTP1_EV_METHOD);
	assert_int_equal(parser.method, HTTP_METHOD_POST);
	assert_int_equal(pos, 5);
	assert_int_equal(http1_feed(&parser, bytes, &pos, len), HTTP1_EV_HEAD);
	assert_int_equal(pos, body);
	assert_int_equal(http1_body_begin(&parser, 0), HTTP1_EV_NONE);
	assert_int_equal(http1_opaque(&parser), 2);
	assert_int_equal(http1_feed(&parser, bytes, &pos, len), HTTP1_EV_END);
	assert_int_equal(pos, body + 2);
	http1_reset(&parser);
	while (pos < len)
		assert_int_equal(http1_feed(&parser, bytes, &pos, len), HTTP1_EV_NONE);
	assert_int_equal(pos, len);
	assert_true(http1_in_head(&parser));
}

/* With its automata known beforehand, a head that is all there is one event, in one call. */
TEST(a_whole_head_at_once)
{
	static const char request[] = "GET /items/5 HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char response[] = "HTTP/1.1 204 None\r\nServer: s\r\n\r\n";
	struct http1 parser = {};
	__u32 pos = 0;

	http1_ready(&parser, vector_automata.path_start, vector_automata.agent_start);
	assert_int_equal(http1_feed_first_request(&parser, (const __u8 *)request, &pos,
						  sizeof(request) - 1),
			 HTTP1_EV_HEAD);
	assert_int_equal(pos, sizeof(request) - 1);
	assert_int_not_equal(http1_test_accept(parser.dfa), 0);
	parser = (struct http1){.flags = HTTP1_RESPONSE};
	pos = 0;
	assert_int_equal(http1_feed_first_response(&parser, (const __u8 *)response, &pos,
						   sizeof(response) - 1),
			 HTTP1_EV_HEAD);
	assert_int_equal(pos, sizeof(response) - 1);
	assert_int_equal(parser.status, 204);
}

/* Nothing moves a parser on that its caller has lost. */
TEST(lost_by_the_caller)
{
	struct http1 parser = {.state = HTTP1_PATH};

	assert_true(http1_has_path(&parser));
	http1_lose(&parser);
	assert_true(http1_is_lost(&parser));
	assert_int_equal(http1_lost_in(&parser), HTTP1_BAD);
	assert_false(http1_has_path(&parser));
	assert_int_equal(http1_opaque(&parser), ~0ULL);
	assert_int_equal(http1_pass(&parser, 100), HTTP1_EV_NONE);
	assert_true(http1_is_lost(&parser));
	assert_int_equal(parser.body, 0);
}

/* A line without a version: an answer will tell whether it was one of HTTP. */
TEST(lost_in_the_path)
{
	static const char stream[] = "GET /a\n";
	struct http1_vector vector = {};
	struct http1_run run;

	vector_run_init(&vector, true, &run);
	http1_run_feed(&run, (const __u8 *)stream, sizeof(stream) - 1);
	assert_true(http1_is_lost(&run.parser));
	assert_int_equal(http1_lost_in(&run.parser), HTTP1_PATH);
	assert_true(http1_has_path(&run.parser));
}

static int setup(void **state)
{
	(void)state;
	return guard_init(&guard, VECTOR_BYTES_MAX) && vector_automata_init() ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	guard_clear(&guard);
	vector_automata_clear();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_before_a_guard_page),
		cmocka_unit_test(vectors_behind_a_guard_page),
		cmocka_unit_test(vectors_behind_other_messages),
		cmocka_unit_test(message_ends),
		cmocka_unit_test(method_is_known_before_the_head_is),
		cmocka_unit_test(unseen_body),
		cmocka_unit_test(a_body_that_nobody_has_read_yet),
		cmocka_unit_test(one_event_at_a_time),
		cmocka_unit_test(a_whole_head_at_once),
		cmocka_unit_test(lost_by_the_caller),
		cmocka_unit_test(lost_in_the_path),
	};

	return cmocka_run_group_tests_name("http1", tests, setup, teardown);
}
