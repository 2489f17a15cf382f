/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/2 follower over the vectors, in every way an input can arrive in two pieces, and byte by byte, with each piece
 * at the end of its page and at the start of one.
 */
#include "tests/unit/fixtures/test.h"
#include "tests/unit/fixtures/guard.h"
#include "tests/vectors/http2_user.h"

typedef const uint8_t *(*place_fn)(const struct guard *guard, const uint8_t *bytes, size_t len);

static struct guard guard;
static struct http2_run whole, run;
static __u8 input[VECTOR_BYTES];

/* `unseen`: bytes that are opaque at the piece's beginning are not there. */
static void feed(struct http2_run *to, place_fn place, __u32 begin, __u32 end, bool unseen)
{
	while (begin < end && unseen) {
		__u32 n = http2_run_unseen(to, end - begin);

		if (!n)
			break;
		begin += n;
	}
	if (begin < end)
		http2_run_feed(to, place(&guard, input + begin, end - begin), end - begin);
}

static void check_split(const struct http2_vector *vector, place_fn place, __u32 at, __u32 len,
			bool unseen)
{
	vector_run_init(vector, &run);
	feed(&run, place, 0, at, unseen);
	feed(&run, place, at, len, unseen);
	if (!runs_same(&run, &whole)) {
		(void)vector_check(vector, &run);
		fail_msg("\"%s\", split at %u", vector->name, at);
	}
}

static void check_vector(const struct http2_vector *vector, place_fn place)
{
	__u32 len = vector_bytes(vector, input);

	vector_run_init(vector, &whole);
	feed(&whole, place, 0, len, false);
	if (!vector_check(vector, &whole))
		fail_msg("\"%s\", whole", vector->name);
	for (__u32 at = 1; at < len; at++) {
		check_split(vector, place, at, len, false);
		check_split(vector, place, at, len, true);
	}
	vector_run_init(vector, &run);
	for (__u32 at = 0; at < len; at++)
		feed(&run, place, at, at + 1, at & 1);
	if (!runs_same(&run, &whole))
		fail_msg("\"%s\", byte by byte", vector->name);
}

TEST(vectors_before_a_guard_page)
{
	for (size_t i = 0; i < N_HTTP2_VECTORS; i++)
		check_vector(&http2_vectors[i], guard_at_end);
}

TEST(vectors_behind_a_guard_page)
{
	for (size_t i = 0; i < N_HTTP2_VECTORS; i++)
		check_vector(&http2_vectors[i], guard_at_start);
}

/* What a vector leaves behind in the state does not change what a joined connection is. */
TEST(vectors_behind_other_connections)
{
	for (size_t i = 0; i < N_HTTP2_VECTORS; i++) {
		const struct http2_vector *vector = &http2_vectors[i];

		if (vector->ahead != AHEAD_JOINED)
			continue;
		for (size_t j = 0; j < N_HTTP2_VECTORS; j++) {
			const struct http2_vector *before = &http2_vectors[j];

			if (before->side != vector->side)
				continue;
			vector_run_init(before, &run);
			http2_run_feed(&run, input, vector_bytes(before, input));
			http2_join(&run.conn.side[vector->side]);
			run.n_results = 0;
			run.announced = 0;
			http2_run_feed(&run, input, vector_bytes(vector, input));
			if (!vector_check(vector, &run))
				fail_msg("\"%s\" behind \"%s\"", vector->name, before->name);
		}
	}
}

static int setup(void **state)
{
	(void)state;
	http2_test_automaton_init();
	return guard_init(&guard, VECTOR_BYTES) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	guard_clear(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_before_a_guard_page),
		cmocka_unit_test(vectors_behind_a_guard_page),
		cmocka_unit_test(vectors_behind_other_connections),
	};

	return cmocka_run_group_tests_name("http2", tests, setup, teardown);
}
