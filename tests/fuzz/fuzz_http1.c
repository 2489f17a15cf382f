/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP/1.x parser on any bytes: however they are cut into pieces, the same messages come out.
 *
 * Input: one byte of direction and requests answered, one that seeds the splits, then the stream.
 * The vectors are the seeds: the mutator takes one of them now and then.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vectors/http1_user.h"

enum {
	PREFIX_BYTES = 2,
	VECTOR_ONE_IN = 32,
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct splits splits;

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_http1: %s\n", what);
	abort();
}

static void init(uint8_t choice, bool ready, struct http1_run *ret)
{
	struct http1_vector vector = {
		.response = choice & 1,
		.head_mask = choice >> 1 & 7,
		.connect_mask = choice >> 4 & 15,
	};

	vector_run_init(&vector, ready, ret);
}

/*
 * Each piece in memory of its own size, for AddressSanitizer. `unseen`: bytes that are opaque at a
 * piece's beginning are not there at all.
 */
static void run_pieces(uint8_t choice, bool ready, bool unseen, const uint8_t *stream,
		       struct http1_run *ret)
{
	uint32_t begin = 0;

	init(choice, ready, ret);
	for (uint32_t i = 0; i < splits.n && !ret->stopped; i++) {
		uint32_t len;
		uint8_t *piece;

		if (unseen)
			begin += http1_run_unseen(ret, splits.end[i] - begin);
		len = splits.end[i] - begin;
		piece = malloc(len ? len : 1);
		require(piece != NULL, "no memory");
		memcpy(piece, stream + begin, len);
		http1_run_feed(ret, piece, len);
		require(!ret->faulty, "a step consumed nothing, or too much");
		free(piece);
		begin = splits.end[i];
	}
	http1_run_finish(ret);
}

/* What holds for any input. */
static void check_run(const struct http1_run *run, size_t size)
{
	uint64_t body = 0, end = 0;

	require(!run->faulty, "a step consumed nothing, or too much");
	require(run->offset <= size, "more was consumed than there is");
	require(run->stopped || run->offset == size, "not all was consumed");
	for (uint32_t i = 0; i < run->n_results && run->n_results <= HTTP1_RESULTS_MAX; i++) {
		const struct http1_result *result = &run->results[i];

		require(result->kind != HTTP1_NOTHING, "a result without a kind");
		body += result->body;
		if (result->end) {
			require(result->end > end + result->body, "messages overlap");
			end = result->end;
		} else {
			require(i + 1 == run->n_results, "an unfinished message is not the last");
		}
	}
	require(body <= size, "more body than input");
	require(end <= size, "a message ends behind the input");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	require(vector_automata_init(), "no automata");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http1_run whole, pieces;
	const uint8_t *stream = data + PREFIX_BYTES;

	if (size < PREFIX_BYTES || size - PREFIX_BYTES > VECTOR_BYTES_MAX)
		return 0;
	size -= PREFIX_BYTES;

	init(data[0], data[1] & 1, &whole);
	http1_run_feed(&whole, stream, (uint32_t)size);
	http1_run_finish(&whole);
	check_run(&whole, size);

	for (uint32_t round = 0; round < 3; round++) {
		if (round)
			splits_random((uint32_t)size, data[1] * 4U + round, &splits);
		else
			splits_plan((uint32_t)size, 1, &splits);
		run_pieces(data[0], round & 1, round == 2, stream, &pieces);
		check_run(&pieces, size);
		require(runs_same(&whole, &pieces), "pieces differ from the whole");
	}
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static uint8_t bytes[VECTOR_BYTES_MAX];

	random_seed(seed);
	if (random_below(VECTOR_ONE_IN) == 0) {
		const struct http1_vector *vector = &http1_vectors[random_below(N_HTTP1_VECTORS)];
		size_t len = vector_bytes(vector, bytes);

		if (len + PREFIX_BYTES <= max_size) {
			data[0] = (uint8_t)(vector->response | (vector->head_mask & 7) << 1 |
					    (vector->connect_mask & 15) << 4);
			data[1] = (uint8_t)seed;
			memcpy(data + PREFIX_BYTES, bytes, len);
			size = len + PREFIX_BYTES;
		}
	}
	return LLVMFuzzerMutate(data, size, max_size);
}
