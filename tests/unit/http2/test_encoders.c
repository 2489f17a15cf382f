/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/2 follower over header blocks of other encoders: libnghttp2, python-hpack, and, where SLIPROBE_HPACK_CORPUS
 * names a checkout of github.com/http2jp/hpack-test-case, fourteen more.
 */
#include "tests/unit/fixtures/test.h"
#include <nghttp2/nghttp2.h>

#include "tests/vectors/http2_user.h"

static struct traffic traffic;
static struct http2_run run;

/* Of how many blocks something is hidden. */
static __u32 check(bool widens, bool exact)
{
	static const __u32 pieces[] = {1, 7, 1400, 4000};
	__u32 hidden = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		traffic_play(&traffic, pieces[i], widens, &run);
		if (!traffic_check(&traffic, &run, exact, &hidden))
			fail_msg("pieces of %u", pieces[i]);
	}
	return hidden;
}

/* ---- libnghttp2 ---- */

/* The next block, by libnghttp2. */
static void deflate_block(nghttp2_hd_deflater *deflater)
{
	struct http2_result block = traffic_block_begin(&traffic);
	nghttp2_nv fields[TRAFFIC_FIELDS];
	size_t n = 1 + random_below(TRAFFIC_FIELDS - 1);
	ssize_t size;

	for (size_t i = 0; i < n; i++) {
		struct field field = traffic_field(&traffic);

		fields[i] = (nghttp2_nv){
			.name = (uint8_t *)field.name.bytes,
			.namelen = field.name.len,
			.value = (uint8_t *)field.value.bytes,
			.valuelen = field.value.len,
			.flags = random_below(8) ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX,
		};
		http2_expect(traffic.plan.side, &traffic.segments[traffic.n_segments - 1].starts,
			     field, &block);
	}
	size = nghttp2_hd_deflate_hd(deflater, traffic.block, sizeof(traffic.block), fields, n);
	assert_true(size > 0);
	traffic.encoder.n_out = (size_t)size;
	traffic_block_end(&traffic, block);
}

static void deflate(enum http2_side side, __u64 seed)
{
	struct traffic_plan plan = {.seed = seed, .side = side, .room = HTTP2_TABLE_BYTES};
	nghttp2_hd_deflater *deflater;

	assert_int_equal(nghttp2_hd_deflate_new(&deflater, HTTP2_TABLE_BYTES), 0);
	traffic_begin(&traffic, &plan);
	for (int i = 0; i < 200; i++) {
		if (i && !(i % 70))
			traffic_segment(&traffic);
		if (!random_below(30))
			assert_int_equal(nghttp2_hd_deflate_change_table_size(
						 deflater, random_below(HTTP2_TABLE_BYTES + 1)),
					 0);
		traffic_between(&traffic);
		deflate_block(deflater);
	}
	traffic_end(&traffic);
	nghttp2_hd_deflate_del(deflater);
}

TEST(blocks_of_libnghttp2)
{
	for (__u64 seed = 1; seed <= 20; seed++) {
		deflate(seed & 1 ? HTTP2_RESPONSES : HTTP2_REQUESTS, 20000 + seed);
		assert_int_equal(check(false, true), 0);
	}
	traffic_clear(&traffic);
}

/* ---- recordings ---- */

/* How many connections. With the wider ring for large tables nothing is hidden. */
static __u32 check_recording(const char *arguments)
{
	FILE *file = recording_open(arguments);
	__u32 n = 0;

	assert_non_null(file);
	while (recorded_next(file, 30000 + n, &traffic)) {
		bool large = traffic.plan.room > HTTP2_TABLE_BYTES;

		if (large)
			(void)check(false, false);
		assert_int_equal(check(large, !large), 0);
		n++;
	}
	traffic_clear(&traffic);
	assert_true(feof(file));
	assert_int_equal(pclose(file), 0);
	return n;
}

TEST(blocks_of_python_hpack)
{
	assert_int_equal(check_recording("hpack 1 30"), 30);
}

TEST(blocks_of_the_public_corpus)
{
	const char *directory = getenv("SLIPROBE_HPACK_CORPUS");
	char arguments[256];

	if (!directory) {
		print_message("skipped: SLIPROBE_HPACK_CORPUS names no corpus\n");
		skip();
	}
	(void)snprintf(arguments, sizeof(arguments), "corpus '%s'", directory);
	assert_true(check_recording(arguments) > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_libnghttp2),
		cmocka_unit_test(blocks_of_python_hpack),
		cmocka_unit_test(blocks_of_the_public_corpus),
	};

	http2_test_automaton_init();
	return cmocka_run_group_tests_name("http2 encoders", tests, NULL, NULL);
}
