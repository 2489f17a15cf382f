/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk over TLS records on any bytes, cut anywhere, with the same events; and reconciliation on any records and
 * calls. With right ones nothing is a fault; one that is wrong is found where it can be.
 *
 * Input: a byte of choices, one that seeds the splits, then the stream; or, by the choices, commands.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/vectors/tls_play.h"

enum {
	PREFIX_BYTES = 2,
	CHOICE_FROM_START = 1 << 0,
	CHOICE_WAY = 1 << 1,
	CHOICE_MATCH = 1 << 2, /* commands, not a stream */
	CHOICE_HONEST = 1 << 3, /* they tell what is there */
	RECORDS_MAX = 4096,
};

/* ---- any bytes ---- */

struct walked {
	struct tls_records records;
	struct tls_hello hello;
	uint64_t sum; /* of the events and where they were */
	uint32_t n_records;
};

static void note(struct walked *walked, uint32_t events, uint32_t at)
{
	if (!events)
		return;
	walked->sum = walked->sum * 31 + events;
	walked->sum = walked->sum * 31 + at;
	if (events & TLS_EV_RECORD) {
		require(walked->records.length && walked->records.length <= TLS_LENGTH_MAX,
			"a record of a length that none has");
		walked->sum = walked->sum * 31 + walked->records.length;
		walked->n_records++;
	}
}

/* Each piece in memory of its own size. What is opaque is passed, unless `seen`. */
static void walk_piece(struct walked *walked, enum tls_from from, const uint8_t *data, uint32_t at,
		       uint32_t end, bool seen)
{
	while (at < end) {
		uint64_t opaque = tls_records_opaque(&walked->records);
		uint32_t n = end - at, pos = 0, events;
		uint8_t *piece;

		require(tls_records_wants(&walked->records) == 0 || !opaque,
			"it wants bytes that are opaque");
		if (opaque && !seen) {
			n = opaque < n ? (uint32_t)opaque : n;
			at += n;
			note(walked, tls_records_pass(&walked->records, n), at);
			continue;
		}
		piece = malloc(n);
		require(piece != NULL, "no memory");
		memcpy(piece, data + at, n);
		events = tls_records_feed(&walked->records, &walked->hello, from, piece, &pos, n);
		free(piece);
		require(pos > 0 && pos <= n, "a step consumed nothing, or too much");
		at += pos;
		note(walked, events, at);
	}
}

static void walk(struct walked *walked, uint8_t choices, const uint8_t *data, uint32_t size,
		 int round)
{
	const enum tls_from from = choices & CHOICE_WAY ? TLS_FROM_SERVER : TLS_FROM_CLIENT;
	uint32_t at = 0;

	*walked = (struct walked){};
	tls_records_init(&walked->records, choices & CHOICE_FROM_START);
	tls_records_begin(&walked->records);
	while (at < size) {
		uint32_t n = size - at;

		if (round == 1)
			n = 1;
		else if (round > 1)
			n = 1 + (uint32_t)random_below(n);
		walk_piece(walked, from, data, at, at + n, round & 1);
		at += n;
		require(walked->records.have <= TLS_HEADER_BYTES, "a header is longer than it is");
		require(walked->records.left <= walked->records.length,
			"more is left of a body than it has");
		require(walked->hello.client_have <= TLS_HELLO_SESSION, "a hello goes on");
	}
}

static void fuzz_walk(uint8_t choices, uint8_t seed, const uint8_t *data, uint32_t size)
{
	struct walked whole, pieces;

	walk(&whole, choices, data, size, 0);
	random_seed(seed);
	for (int round = 1; round < 4; round++) {
		walk(&pieces, choices, data, size, round);
		require(!memcmp(&whole, &pieces, sizeof(whole)), "pieces differ from the whole");
	}
}

/* ---- any records and calls ---- */

static const uint16_t suites[] = {0x1301, 0x1302, 0x1305, 0xc02f, 0xcca8,
				  0xc013, 0xc027, 0x0041, 0x0005};

static struct tls_hello hello_of(uint8_t seed)
{
	struct tls_hello hello = {.server = TLS_HELLO_KNOWN, .minor = 3};

	hello.suite = suites[seed % (sizeof(suites) / sizeof(suites[0]))];
	if (hello.suite >> 8 == 0x13)
		hello.minor = TLS_MINOR_13;
	return hello;
}

static void check_match(const struct tls_match *m)
{
	require(m->read.tail - m->read.head <= TLS_RING,
		"more records wait than there is room for");
	require(m->write.n_hidden <= TLS_HIDDEN_SUMS, "more sums than there is room for");
	require(m->read.verdict != TLS_PENDING && m->write.verdict != TLS_PENDING,
		"a verdict that is none");
	require(tls_match_unsent(m) <= m->write.told, "more is unsent than was told");
}

/* Commands of four bytes: what, and a number. */
static void fuzz_hostile(struct tls_match *m, const uint8_t *data, size_t size)
{
	for (; size >= 4; data += 4, size -= 4) {
		const enum tls_way way = data[0] & 1 ? TLS_WAY_WRITE : TLS_WAY_READ;
		const uint32_t n = (uint32_t)(data[1] | data[2] << 8) << (data[0] >> 6 & 1) * 8;
		enum tls_verdict before = tls_match_verdict(m, way), verdict = TLS_PENDING;
		struct tls_hello hello = hello_of(data[3]);

		switch (data[0] >> 1 & 7) {
		case 0:
		case 1:
			verdict = tls_match_record(m, way, n & 0x7fff, data[3] & 1);
			break;
		case 2:
		case 3:
		case 4:
			verdict = tls_match_told(m, way, n, n + (data[3] & 3));
			break;
		case 5:
			verdict = tls_match_settled(m, way, (enum tls_end)(data[3] % 3));
			break;
		case 6:
			tls_match_hello(m, &hello);
			break;
		default:
			if (data[3] > 250)
				tls_match_off(m, way);
			else
				tls_match_unsync(m, way);
		}
		check_match(m);
		if (tls_match_is_fault(before))
			require(tls_match_verdict(m, way) == before, "a fault went away");
		if (tls_match_is_fault(verdict))
			require(tls_match_verdict(m, way) == verdict, "a fault is not kept");
	}
}

/*
 * A server that tells what it reads and writes, in the order that `data` says: requests of any size in reads of any
 * size, answers by descriptor or memory, KeyUpdates in between. Nothing is a fault, until one call is wrong.
 */
static void fuzz_honest(struct tls_match *m, uint8_t seed, const uint8_t *data, size_t size)
{
	const struct tls_hello hello = hello_of(seed % 5); /* those of exact overhead */
	struct tls_cipher cipher = tls_cipher_of(hello.suite, hello.minor);
	const bool hides = hello.minor == TLS_MINOR_13;
	const bool wrong = seed & 0x80;
	uint32_t asked = 0, sent;

	tls_match_hello(m, &hello);
	if (hides) {
		tls_match_record(m, TLS_WAY_READ, cipher.finished + cipher.overhead, 0);
		tls_match_record(m, TLS_WAY_WRITE, cipher.finished + cipher.overhead, 0);
		tls_match_record(m, TLS_WAY_WRITE, 233 + cipher.overhead, 0);
	}
	for (; size >= 4; data += 4, size -= 4, asked++) {
		uint32_t n = 60 + (uint32_t)(data[1] | data[2] << 8) % (TLS_PLAIN_MAX - 60);
		uint32_t step = data[3] & 15 ? n + 1 : 1 + data[3];
		const bool memory = data[0] & 1;

		if (hides && data[0] & 2)
			tls_match_record(m, TLS_WAY_READ, TLS_KEY_UPDATE_BYTES + cipher.overhead,
					 0);
		tls_match_record(m, TLS_WAY_READ, n + cipher.overhead, 0);
		if (n / step > 1000)
			step = n;
		for (uint32_t at = 0; at < n;) {
			uint32_t part = n - at < step ? n - at : step;

			at += part;
			tls_match_told(m, TLS_WAY_READ, part, step);
		}
		require(!tls_match_is_fault(tls_match_verdict(m, TLS_WAY_READ)),
			"an honest read is a fault");
		sent = 1 + data[0] / 16;
		if (memory)
			tls_match_told(m, TLS_WAY_WRITE, (uint64_t)sent * n, 0);
		for (uint32_t i = 0; i < sent; i++)
			tls_match_record(m, TLS_WAY_WRITE, n + cipher.overhead, !memory);
		if (!memory)
			tls_match_told(m, TLS_WAY_WRITE, (uint64_t)sent * n, 0);
		require(!tls_match_unsent(m), "an honest answer is unsent");
		require(!tls_match_is_fault(tls_match_verdict(m, TLS_WAY_WRITE)),
			"an honest write is a fault");
		check_match(m);
	}
	require(!tls_match_is_fault(tls_match_settled(m, TLS_WAY_READ, TLS_ENDED)) &&
			!tls_match_is_fault(tls_match_settled(m, TLS_WAY_WRITE, TLS_ENDED)),
		"an honest end is a fault");
	if (!wrong || !asked)
		return;
	require(tls_match_told(m, TLS_WAY_READ, 70, 71) == TLS_PLAINTEXT_WITHOUT_RECORD,
		"plaintext without a record is no fault");
	tls_match_told(m, TLS_WAY_WRITE, 70, 71);
	require(tls_match_settled(m, TLS_WAY_WRITE, TLS_ENDED) == TLS_PLAINTEXT_WITHOUT_RECORD,
		"plaintext that was never sent is no fault");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_match match;

	if (size < PREFIX_BYTES || size > PREFIX_BYTES + RECORDS_MAX * 4)
		return 0;
	if (!(data[0] & CHOICE_MATCH)) {
		fuzz_walk(data[0], data[1], data + PREFIX_BYTES, (uint32_t)size - PREFIX_BYTES);
		return 0;
	}
	tls_match_init(&match, data[0] & CHOICE_WAY ? TLS_FROM_CLIENT : TLS_FROM_SERVER,
		       data[0] & CHOICE_FROM_START);
	if (data[0] & CHOICE_HONEST) {
		tls_match_init(&match, TLS_FROM_SERVER, 1);
		fuzz_honest(&match, data[1], data + PREFIX_BYTES, size - PREFIX_BYTES);
	} else {
		fuzz_hostile(&match, data + PREFIX_BYTES, size - PREFIX_BYTES);
	}
	return 0;
}
