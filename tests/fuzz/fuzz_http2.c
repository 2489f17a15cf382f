/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/2 follower on any bytes: however they are cut into pieces, the same events come out. On header blocks that
 * libnghttp2 can read, it makes of each what libnghttp2 makes of it, and nothing is hidden.
 *
 * Input: one byte of direction and kind, one that seeds the splits, then a stream, or header blocks, each behind its
 * length in two bytes. The vectors and the encoder of the tests are the seeds: the mutator takes from them now and then.
 */
#include <nghttp2/nghttp2.h>

#include "tests/fuzz/fuzz.h"
#include "tests/vectors/http2_user.h"

enum {
	PREFIX_BYTES = 2,
	IS_RESPONSE = 1, /* bits of the first byte */
	IS_JOINED = 2,
	IS_BLOCKS = 4,
	SEED_ONE_IN = 32,
	STREAM_MAX = 1 << 14,
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct http2_run whole, pieces;

static void init(uint8_t choice, struct http2_run *ret)
{
	enum http2_side side = choice & IS_RESPONSE ? HTTP2_RESPONSES : HTTP2_REQUESTS;

	http2_run_init(ret, side, true);
	http2_run_decide(ret, HTTP2_TEST_PATHS, HTTP2_TEST_AGENTS);
	if (choice & (IS_JOINED | IS_BLOCKS))
		http2_join(&ret->conn.side[side]);
}

/* Each piece in memory of its own size, for AddressSanitizer. */
static void feed(struct http2_run *run, const uint8_t *bytes, uint32_t len)
{
	uint8_t *piece = malloc(len ? len : 1);

	require(piece != NULL, "no memory");
	memcpy(piece, bytes, len);
	http2_run_feed(run, piece, len);
	require(!run->faulty, "a step consumed nothing, or too much");
	free(piece);
}

/* ---- any stream ---- */

/* Pieces of up to `most` bytes. `unseen`: bytes that are opaque at a piece's beginning are not there at all. */
static void feed_pieces(const uint8_t *stream, uint32_t size, uint32_t most, bool unseen)
{
	uint32_t at = 0;

	while (at < size) {
		uint32_t n = 1 + (uint32_t)random_below(most), passed = 0;

		if (n > size - at)
			n = size - at;
		if (unseen)
			passed = http2_run_unseen(&pieces, n);
		if (!passed)
			feed(&pieces, stream + at, n);
		at += passed ? passed : n;
	}
}

static void check_stream(uint8_t choice, uint8_t seed, const uint8_t *stream, uint32_t size)
{
	init(choice, &whole);
	feed(&whole, stream, size);
	require(whole.offset == size, "not all was consumed");
	for (uint32_t round = 0; round < 3; round++) {
		random_seed(seed * 4U + round);
		init(choice, &pieces);
		feed_pieces(stream, size, round ? 1U << random_below(10) : 1, round == 2);
		require(runs_same(&whole, &pieces), "pieces differ from the whole");
	}
}

/* ---- header blocks ---- */

/* What libnghttp2 makes of a block. Returns false if it is none. */
static bool inflate(nghttp2_hd_inflater *inflater, enum http2_side side, uint8_t *block, size_t len,
		    struct http2_result *ret)
{
	*ret = http2_expect_nothing(side, &http2_starts_first);
	for (;;) {
		int flags = 0;
		nghttp2_nv nv;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, block, len, 1);

		if (n < 0)
			return false;
		block += n;
		len -= (size_t)n;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			struct field field = {{(char *)nv.name, nv.namelen},
					      {(char *)nv.value, nv.valuelen}};

			http2_expect(side, &http2_starts_first, field, ret);
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !len)
			break;
	}
	nghttp2_hd_inflate_end_headers(inflater);
	return true;
}

static void feed_block(const uint8_t *block, uint32_t len)
{
	static uint8_t frame[HTTP2_HEADER_BYTES + STREAM_MAX];

	memcpy(frame,
	       (uint8_t[]){0, (uint8_t)(len >> 8), (uint8_t)len, HTTP2_HEADERS, HTTP2_END_HEADERS,
			   0, 0, 0, 1},
	       HTTP2_HEADER_BYTES);
	memcpy(frame + HTTP2_HEADER_BYTES, block, len);
	whole.n_results = 0;
	feed(&whole, frame, HTTP2_HEADER_BYTES + len);
}

static void check_blocks(uint8_t choice, uint8_t *data, size_t size)
{
	enum http2_side side = choice & IS_RESPONSE ? HTTP2_RESPONSES : HTTP2_REQUESTS;
	nghttp2_hd_inflater *inflater;

	require(!nghttp2_hd_inflate_new(&inflater), "no memory");
	init(choice, &whole);
	while (size > 2) {
		size_t len = (size_t)data[0] << 8 | data[1];
		struct http2_result expected, actual;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (!inflate(inflater, side, data, len, &expected))
			break;
		feed_block(data, (uint32_t)len);
		expected.stream = 1;
		actual = whole.results[0];
		actual.type = 0;
		actual.end = 0;
		require(whole.n_results == 1, "a block is not one event");
		if (memcmp(&expected, &actual, sizeof(actual))) {
			result_print("libnghttp2", &expected);
			result_print("follower", &actual);
			require(false, "it differs from libnghttp2");
		}
		data += len;
		size -= len;
	}
	nghttp2_hd_inflate_del(inflater);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	http2_test_automaton_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t blocks[STREAM_MAX];

	if (size < PREFIX_BYTES || size - PREFIX_BYTES > STREAM_MAX)
		return 0;
	size -= PREFIX_BYTES;
	if (!(data[0] & IS_BLOCKS)) {
		check_stream(data[0], data[1], data + PREFIX_BYTES, (uint32_t)size);
		return 0;
	}
	memcpy(blocks, data + PREFIX_BYTES, size);
	check_blocks(data[0], blocks, size);
	return 0;
}

/* ---- seeds ---- */

static size_t vector_seed(uint8_t *data)
{
	const struct http2_vector *vector = &http2_vectors[random_below(N_HTTP2_VECTORS)];

	data[0] = vector->side == HTTP2_RESPONSES ? IS_RESPONSE : 0;
	if (vector->ahead == AHEAD_JOINED)
		data[0] |= IS_JOINED;
	data[1] = (uint8_t)random_next();
	return PREFIX_BYTES + vector_bytes(vector, data + PREFIX_BYTES);
}

static size_t blocks_seed(uint8_t *data, size_t room)
{
	static struct traffic traffic;
	size_t size = PREFIX_BYTES;

	traffic_clear(&traffic);
	traffic.plan.plain = random_below(2);
	traffic.encoder.n = 0;
	traffic.encoder.bytes = 0;
	traffic.encoder.room = HTTP2_TABLE_BYTES;
	memset(traffic.pool, 0, sizeof(traffic.pool));
	data[0] = IS_BLOCKS | (random_below(2) ? IS_RESPONSE : 0);
	data[1] = 0;
	for (uint64_t n = 1 + random_below(8); n; n--) {
		struct encoder *e = &traffic.encoder;

		e->out = traffic.block;
		e->n_out = 0;
		for (uint64_t fields = random_below(10); fields; fields--)
			encoder_field(e, traffic_field(&traffic));
		if (size + 2 + e->n_out > room)
			break;
		data[size++] = (uint8_t)(e->n_out >> 8);
		data[size++] = (uint8_t)e->n_out;
		memcpy(data + size, e->out, e->n_out);
		size += e->n_out;
	}
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	random_seed(seed);
	if (!random_below(SEED_ONE_IN) && max_size >= VECTOR_BYTES)
		size = random_below(2) ? vector_seed(data) : blocks_seed(data, max_size);
	if (!random_below(SEED_ONE_IN))
		return size; /* as it is */
	return LLVMFuzzerMutate(data, size, max_size);
}
