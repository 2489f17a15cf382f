/* SPDX-License-Identifier: GPL-2.0-only */
/* Heads of samples of HTTP/2 on real sockets, as they leave the kernel, and what is read from them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "tests/bpf/loaded.h"
#include "tests/vectors/http2_user.h"

#include "kernel/ring.h"
#include "samples/stream_head.h"
#include "samples/stream_heads.h"
#include "sliprobe.skel.h"

enum {
	KEPT_MAX = 64,
	BYTES_MAX = 1 << 16,
	HEAD_BYTES = 512,
	PLACES_FOUND = 2048, /* STREAM_HEADS_FOUND */
};

static struct sliprobe_bpf *skel;
static struct ring *ring;
static __u16 port; /* of the server of the test */
static struct stream_heads heads;

/* A sample, and its head as far as it has one. */
static struct kept {
	struct sample sample;
	bool has_head;
	__u16 block_bytes;
	struct head head;
	struct stream_head_texts texts;
} kept[KEPT_MAX];
static int n_kept, n_heads;

/* ---- samples ---- */

static void keep(void *context, const void *record, size_t bytes)
{
	static struct sample_joined joined;
	const struct sample *sample = record;
	const struct stream_head *head =
		(const struct stream_head *)((const struct sample *)joined.bytes + 1);
	struct kept *at = &kept[n_kept];

	(void)context;
	if (sample->kind == RECORD_STREAM_HEAD) {
		assert_true(stream_head_is_whole(record, bytes));
		stream_heads_add(&heads, record, bytes);
		n_heads++;
		return;
	}
	assert_int_equal(sample->kind, RECORD_SAMPLE);
	if (sample->local_port != port)
		return; /* other servers on this host */
	assert_true(sample->flags & SAMPLE_STREAM);
	assert_true(++n_kept <= KEPT_MAX);
	at->sample = *sample;
	at->has_head = stream_heads_join(&heads, sample, &joined);
	if (!at->has_head)
		return;
	at->block_bytes = head->block_bytes;
	stream_head_parse(head, NULL, 0, &at->texts, &at->head);
}

static void drain(int expected)
{
	n_kept = n_heads = 0;
	ring_drain(ring, KEPT_MAX * 2, keep, NULL);
	assert_int_equal(n_kept, expected);
}

static void begin(__u32 head_bytes)
{
	struct sample_settings settings = {
		.on = 1, .bad_per_second = 100000, .good_per_second = 1, .head_bytes = head_bytes};

	ring_drain(ring, ~0UL, keep, NULL);
	skel->bss->sample_settings = settings;
}

/* ---- header blocks ---- */

/* Bytes that one side says. */
static struct said {
	__u8 bytes[BYTES_MAX];
	size_t n;
} asked, answered, block;

static void put(struct said *to, const void *bytes, size_t n)
{
	assert_true(to->n + n <= BYTES_MAX);
	memcpy(to->bytes + to->n, bytes, n);
	to->n += n;
}

static void put_frame(struct said *to, __u32 type, __u32 flags, __u32 stream, const void *payload,
		      size_t n)
{
	const __u8 header[] = {
		(__u8)(n >> 16),     (__u8)(n >> 8), (__u8)n, (__u8)type, (__u8)flags, 0, 0,
		(__u8)(stream >> 8), (__u8)stream};

	put(to, header, sizeof(header));
	put(to, payload, n);
}

/* How a field is sent. */
enum how {
	PLAIN = 0,
	HUFFMAN = 1, /* its value */
	INSERTED = 2,
	NEVER = 4, /* to be inserted */
};

enum {
	AUTHORITY = 1,
	PATH = 4,
	AGENT = 58,
	INDEX_HTML = 5,
};

static void put_integer(__u32 first, __u32 bits, size_t number)
{
	const size_t most = (1U << bits) - 1;
	__u8 byte = (__u8)(first | (number < most ? number : most));

	put(&block, &byte, 1);
	if (number < most)
		return;
	number -= most;
	for (; number > 0x7f; number >>= 7) {
		byte = (__u8)(0x80 | number);
		put(&block, &byte, 1);
	}
	byte = (__u8)number;
	put(&block, &byte, 1);
}

static void put_text(__u32 how, const char *value)
{
	static __u8 code[BYTES_MAX];
	size_t n = strlen(value);

	if (how & HUFFMAN) {
		n = encoder_huffman((struct text){value, n}, code);
		put_integer(0x80, 7, n);
		put(&block, code, n);
		return;
	}
	put_integer(0, 7, n);
	put(&block, value, n);
}

/* With an index of its name. */
static void field(__u32 name, __u32 how, const char *value)
{
	if (how & INSERTED)
		put_integer(0x40, 6, name);
	else
		put_integer(how & NEVER ? 0x10 : 0, 4, name);
	put_text(how, value);
}

/* Of the static table, or behind it: the last insertion is 62. */
static void indexed(__u32 index)
{
	put_integer(0x80, 7, index);
}

/* A block begins: GET, https. */
static void get(void)
{
	block.n = 0;
	put(&block, "\x82\x87", 2);
}

static void headers_as(__u32 flags, __u32 stream)
{
	put_frame(&asked, HTTP2_HEADERS, flags, stream, block.bytes, block.n);
}

static void headers(__u32 stream)
{
	headers_as(HTTP2_END_HEADERS | HTTP2_END_STREAM, stream);
}

/* 503, which ends the stream. */
static void answer(__u32 stream)
{
	put_frame(&answered, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, stream,
		  "\x08\x03"
		  "503",
		  5);
}

/* ---- talking ---- */

/* What was put, in one write, and read in pieces of `step`. */
static void say_all(int from, int to, struct said *said, size_t step)
{
	static char buf[BYTES_MAX];

	assert_int_equal(send(from, said->bytes, said->n, 0), said->n);
	for (size_t n = 0; n < said->n;) {
		size_t want = said->n - n < step ? said->n - n : step;

		assert_int_equal(recv(to, buf, want, MSG_WAITALL), want);
		n += want;
	}
	said->n = 0;
}

static void ask(const struct pair *pair)
{
	say_all(pair->client, pair->server, &asked, BYTES_MAX);
}

static void reply(const struct pair *pair)
{
	say_all(pair->server, pair->client, &answered, BYTES_MAX);
}

/* With the client's preface to come, and the server's SETTINGS. */
static void dial(struct pair *ret)
{
	pair_dial(ret);
	port = ret->server_port;
	asked.n = answered.n = 0;
	put(&asked, http2_preface, HTTP2_PREFACE_BYTES);
	put_frame(&asked, HTTP2_SETTINGS, 0, 0, "", 0);
	put_frame(&answered, HTTP2_SETTINGS, 0, 0, "", 0);
}

static void is(struct head_part part, const char *text)
{
	if (!text) {
		assert_null(part.at);
		return;
	}
	assert_non_null(part.at);
	assert_int_equal(part.len, strlen(text));
	assert_memory_equal(part.at, text, part.len);
	assert_false(part.cut);
}

/* NULL: not known. */
static void has_head(int i, const char *path, const char *agent, const char *authority)
{
	assert_true(kept[i].has_head);
	is(kept[i].head.path, path);
	is(kept[i].head.user_agent, agent);
	is(kept[i].head.host, authority);
}

/* ---- tests ---- */

TEST(literal_fields)
{
	static const __u32 how[] = {PLAIN,	     HUFFMAN,  NEVER,
				    NEVER | HUFFMAN, INSERTED, INSERTED | HUFFMAN};

	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		struct pair pair;

		begin(HEAD_BYTES);
		dial(&pair);
		get();
		field(PATH, how[i], "/items/7?colour=red");
		field(AUTHORITY, how[i], "shop.example");
		field(AGENT, how[i], "ShopApp/2.3 (\x01\x7f\xff)");
		headers(1);
		ask(&pair);
		answer(1);
		reply(&pair);
		drain(1);
		has_head(0, "/items/7", "ShopApp/2.3 (\x01\x7f\xff)", "shop.example");
		is(kept[0].head.query, "colour=red");
		assert_int_equal(kept[0].sample.flags,
				 SAMPLE_BAD | SAMPLE_STREAM | SAMPLE_HEAD_PART);
		assert_int_equal(kept[0].block_bytes, block.n);
		hang_up(&pair);
	}
}

TEST(inserted_and_then_referred_to)
{
	struct pair pair;

	begin(HEAD_BYTES);
	dial(&pair);
	get();
	field(PATH, INSERTED | HUFFMAN, "/items/7?colour=red");
	field(AUTHORITY, INSERTED, "shop.example");
	field(AGENT, INSERTED | HUFFMAN, "ShopApp/2.3");
	headers(1);
	get();
	indexed(64);
	indexed(63);
	indexed(62);
	headers(3);
	get(); /* one more is in front of them, and a static path */
	put_integer(0x40, 6, 0);
	put_text(HUFFMAN, "x-other");
	put_text(PLAIN, "1");
	indexed(INDEX_HTML);
	indexed(64);
	indexed(63);
	headers(5);
	get();
	indexed(65);
	headers(7);
	ask(&pair);
	for (__u32 stream = 1; stream <= 7; stream += 2)
		answer(stream);
	reply(&pair);
	drain(4);
	has_head(0, "/items/7", "ShopApp/2.3", "shop.example");
	is(kept[0].head.query, "colour=red");
	has_head(1, "/items/7", "ShopApp/2.3", "shop.example");
	is(kept[1].head.query, NULL);
	has_head(2, "/index.html", "ShopApp/2.3", "shop.example");
	has_head(3, "/items/7", NULL, NULL);
	hang_up(&pair);
}

/* As gRPC's own library does it. */
TEST(names_that_are_spelled)
{
	for (__u32 how = PLAIN; how <= HUFFMAN; how++) {
		struct pair pair;

		begin(HEAD_BYTES);
		dial(&pair);
		get();
		put_integer(0x40, 6, 0);
		put_text(how, ":path");
		put_text(how, "/e2e.Echo/Unary");
		put_integer(0x40, 6, 0);
		put_text(how, ":authority");
		put_text(how, "shop.example");
		put_integer(0x40, 6, 0);
		put_text(how, "user-agent");
		put_text(how, "grpc-c/1");
		headers(1);
		get();
		indexed(64);
		indexed(63);
		indexed(62);
		headers(3);
		ask(&pair);
		answer(1);
		answer(3);
		reply(&pair);
		drain(2);
		for (int i = 0; i < 2; i++)
			has_head(i, "/e2e.Echo/Unary", "grpc-c/1", "shop.example");
		hang_up(&pair);
	}
}

/* As bpf/kernel/stream_heads has it, for found services. */
static __u32 place_of(const struct sample *sample)
{
	return (((__u32)sample->connection * 0x9e3779b1U >> 16) + sample->number) % PLACES_FOUND;
}

/* On a connection, and of two connections that have the same numbers: but for those whose place is the other's. */
TEST(several_at_once)
{
	__u32 places[2][10];
	bool lacks[2][10];
	struct pair pairs[2];
	char path[32];

	begin(HEAD_BYTES);
	for (int i = 0; i < 2; i++) {
		dial(&pairs[i]);
		for (__u32 stream = 1; stream < 20; stream += 2) {
			snprintf(path, sizeof(path), "/%d/%u", i, stream);
			get();
			field(PATH, stream % 4 == 1 ? HUFFMAN : INSERTED, path);
			headers(stream);
		}
		ask(&pairs[i]);
		reply(&pairs[i]);
	}
	for (int i = 0; i < 2; i++) {
		for (__u32 stream = 19; stream < 20; stream -= 2)
			answer(stream);
		port = pairs[i].server_port;
		reply(&pairs[i]);
		drain(10);
		for (__u32 k = 0; k < 10; k++) {
			snprintf(path, sizeof(path), "/%d/%u", i, 19 - 2 * k);
			places[i][k] = place_of(&kept[k].sample);
			lacks[i][k] = !kept[k].has_head;
			if (kept[k].has_head)
				has_head((int)k, path, NULL, NULL);
		}
		hang_up(&pairs[i]);
	}
	for (int k = 0; k < 10; k++) {
		bool taken = false;

		for (int j = 0; j < 10; j++)
			taken = taken || places[0][k] == places[1][j];
		assert_int_equal(lacks[0][k], taken);
		assert_false(lacks[1][k]);
	}
}

TEST(read_in_parts)
{
	char agent[150];
	size_t whole;

	memset(agent, 'a', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	for (size_t step = 1; step < 60; step += 1 + step / 8) {
		struct pair pair;

		begin(HEAD_BYTES);
		dial(&pair);
		get();
		field(PATH, step % 2 ? PLAIN : HUFFMAN, "/items/7");
		field(AUTHORITY, PLAIN, "shop.example");
		field(AGENT, PLAIN, agent);
		whole = block.n;
		headers(1);
		get();
		field(PATH, INSERTED, "/next");
		headers(3);
		say_all(pair.client, pair.server, &asked, step);
		answer(1);
		answer(3);
		reply(&pair);
		drain(2);
		has_head(0, "/items/7", agent, "shop.example");
		assert_int_equal(kept[0].block_bytes, whole);
		has_head(1, "/next", NULL, NULL);
		hang_up(&pair);
	}
}

/* With a field of that value between those that are told. */
static void get_with(const char *value)
{
	get();
	field(PATH, PLAIN, "/items/7");
	put_integer(0, 4, 0);
	put_text(PLAIN, "x-long");
	put_text(PLAIN, value);
	field(AGENT, PLAIN, "ShopApp/2.3");
	headers(1);
}

/* As far as it is next to what was kept. */
TEST(a_long_block_in_parts_is_cut)
{
	static char value[2000];

	memset(value, 'v', sizeof(value) - 1);
	for (size_t step = 100; step < 2100; step += 500) {
		struct pair pair;

		begin(HEAD_BYTES);
		dial(&pair);
		get_with(value);
		say_all(pair.client, pair.server, &asked, step);
		answer(1);
		reply(&pair);
		drain(1);
		has_head(0, "/items/7", NULL, NULL);
		hang_up(&pair);
	}
}

/* Bytes that nobody has to see are passed unseen: what is behind them is not put next to what is before. */
TEST(a_gap_cuts_the_block)
{
	static char value[100], buf[BYTES_MAX];
	struct pair pair;
	size_t left;

	memset(value, 'v', sizeof(value) - 1);
	begin(HEAD_BYTES);
	dial(&pair);
	get_with(value);
	left = asked.n;
	assert_int_equal(send(pair.client, asked.bytes, left, 0), left);
	/* before the end of the value, and behind that */
	assert_int_equal(recv(pair.server, buf, left - 60, MSG_WAITALL), left - 60);
	assert_int_equal(recv(pair.server, buf, 20, MSG_WAITALL | MSG_TRUNC), 20);
	assert_int_equal(recv(pair.server, buf, 40, MSG_WAITALL), 40);
	asked.n = 0;
	answer(1);
	reply(&pair);
	drain(1);
	has_head(0, "/items/7", NULL, NULL);
	assert_int_equal(kept[0].block_bytes, block.n - 60);
	hang_up(&pair);
}

TEST(segments_of_a_read)
{
	static char rest[BYTES_MAX];

	for (size_t at = 20; at < 90; at++) {
		char first[128];
		struct iovec iov[] = {{first, at}, {first + at, 3}, {rest, sizeof(rest)}};
		struct pair pair;

		begin(HEAD_BYTES);
		dial(&pair);
		get();
		field(PATH, HUFFMAN, "/items/7");
		field(AGENT, PLAIN, "ShopApp/2.3");
		headers(1);
		assert_int_equal(send(pair.client, asked.bytes, asked.n, 0), asked.n);
		assert_int_equal(readv(pair.server, iov, 3), asked.n);
		asked.n = 0;
		answer(1);
		reply(&pair);
		drain(1);
		has_head(0, "/items/7", "ShopApp/2.3", NULL);
		hang_up(&pair);
	}
}

TEST(padding_and_priority)
{
	__u8 payload[512];
	struct pair pair;

	begin(HEAD_BYTES);
	for (size_t step = 1; step < 100; step += 9) {
		dial(&pair);
		get();
		field(PATH, PLAIN, "/items/7");
		memset(payload, 0xff, sizeof(payload));
		payload[0] = 30;
		memcpy(payload + 1, "\0\0\0\0\7", 5);
		memcpy(payload + 6, block.bytes, block.n);
		put_frame(&asked, HTTP2_HEADERS,
			  HTTP2_END_HEADERS | HTTP2_END_STREAM | HTTP2_PADDED | HTTP2_HAS_PRIORITY,
			  1, payload, 6 + block.n + 30);
		get();
		field(PATH, PLAIN, "/next");
		headers(3);
		say_all(pair.client, pair.server, &asked, step);
		answer(1);
		answer(3);
		reply(&pair);
		drain(2);
		has_head(0, "/items/7", NULL, NULL);
		has_head(1, "/next", NULL, NULL);
		hang_up(&pair);
	}
}

/* Of a block in several frames what the table has of it is known. */
TEST(continuation)
{
	struct pair pair;

	begin(HEAD_BYTES);
	dial(&pair);
	get();
	field(PATH, INSERTED, "/items/7");
	put_frame(&asked, HTTP2_HEADERS, HTTP2_END_STREAM, 1, block.bytes, block.n);
	block.n = 0;
	field(AGENT, INSERTED, "ShopApp/2.3");
	field(AUTHORITY, PLAIN, "shop.example");
	put_frame(&asked, HTTP2_CONTINUATION, HTTP2_END_HEADERS, 1, block.bytes, block.n);
	ask(&pair);
	answer(1);
	reply(&pair);
	drain(1);
	has_head(0, "/items/7", "ShopApp/2.3", NULL);
	hang_up(&pair);
}

/* Behind the body of a request: they are no head. */
TEST(trailers)
{
	struct pair pair;

	for (size_t step = 1; step < 60; step += 7) {
		begin(HEAD_BYTES);
		dial(&pair);
		get();
		field(PATH, PLAIN, "/items/7");
		headers_as(HTTP2_END_HEADERS, 1);
		put_frame(&asked, HTTP2_DATA, 0, 1, "body", 4);
		block.n = 0;
		put_integer(0, 4, 0);
		put_text(PLAIN, "x-end");
		put_text(PLAIN, "a value that takes several reads, as they are short");
		field(PATH, PLAIN, "/wrong");
		headers(1);
		say_all(pair.client, pair.server, &asked, step);
		answer(1);
		reply(&pair);
		drain(1);
		has_head(0, "/items/7", NULL, NULL);
		hang_up(&pair);
	}
}

TEST(a_table_that_changes_its_size)
{
	struct pair pair;

	begin(HEAD_BYTES);
	dial(&pair);
	get();
	field(PATH, INSERTED, "/items/7");
	headers(1);
	block.n = 0;
	put(&block, "\x20\x3f\xe1\x1f", 4); /* none, and 4096 bytes again: it is empty */
	indexed(2);
	field(PATH, INSERTED, "/items/8");
	field(AGENT, INSERTED, "ShopApp/2.3");
	headers(3);
	get();
	indexed(63);
	indexed(62);
	headers(5);
	ask(&pair);
	answer(1);
	answer(3);
	answer(5);
	reply(&pair);
	drain(3);
	has_head(0, "/items/7", NULL, NULL);
	has_head(1, "/items/8", "ShopApp/2.3", NULL);
	has_head(2, "/items/8", "ShopApp/2.3", NULL);
	hang_up(&pair);
}

/* Texts that are kept go round: at any place of theirs, and until they are overwritten. */
TEST(texts_go_round)
{
	char path[256], last[256] = "";
	struct pair pair;
	__u32 stream = 1;

	begin(HEAD_BYTES);
	dial(&pair);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/%0*d", 120 + i % 30, i);
		get();
		field(PATH, INSERTED | (i % 2 ? HUFFMAN : PLAIN), path);
		headers(stream);
		get();
		indexed(62);
		headers(stream + 2);
		ask(&pair);
		answer(stream);
		answer(stream + 2);
		reply(&pair);
		drain(2);
		has_head(0, path, NULL, NULL);
		has_head(1, path, NULL, NULL);
		memcpy(last, path, sizeof(last));
		stream += 4;
	}
	/* one waits for its answer while others come */
	get();
	indexed(62);
	headers(stream);
	ask(&pair);
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/%0*d", 120, i);
		get();
		field(PATH, INSERTED, path);
		headers(stream + 2);
		ask(&pair);
		answer(stream + 2);
		reply(&pair);
		drain(1);
		has_head(0, path, NULL, NULL);
		stream += 2;
	}
	answer(stream - 80);
	reply(&pair);
	drain(1);
	has_head(0, NULL, NULL, NULL);
	hang_up(&pair);
}

/* A request whose place another one has taken has no head, and is sampled all the same. */
TEST(places_are_bounded)
{
	struct pair pair;
	__u32 stream = 3;

	begin(HEAD_BYTES);
	dial(&pair);
	get();
	field(PATH, PLAIN, "/first");
	headers(1);
	ask(&pair);
	for (int i = 0; i < PLACES_FOUND; i++, stream += 2) {
		get();
		field(PATH, PLAIN, "/other");
		headers(stream);
		ask(&pair);
		answer(stream);
		reply(&pair);
		drain(1);
		has_head(0, "/other", NULL, NULL);
	}
	answer(1);
	reply(&pair);
	drain(1);
	assert_false(kept[0].has_head);
	assert_int_equal(kept[0].sample.number, 1);
	hang_up(&pair);
}

/* Two requests 2 whose place is the same: the older one has no head, and not the other's. */
TEST(a_place_is_one_connection_s)
{
	struct pair pairs[2];
	__u32 place = 0;

	begin(HEAD_BYTES);
	for (int i = 0; i < 20000; i++) {
		struct pair *pair = &pairs[i > 0];

		dial(pair);
		for (__u32 stream = 1; stream <= 3; stream += 2) {
			get();
			field(PATH, PLAIN, i ? "/other" : "/first");
			headers(stream);
		}
		ask(pair);
		answer(1);
		reply(pair);
		drain(1);
		has_head(0, i ? "/other" : "/first", NULL, NULL);
		if (i && place_of(&kept[0].sample) == place)
			break;
		if (i)
			hang_up(pair);
		else
			place = place_of(&kept[0].sample);
	}
	for (int i = 0; i < 2; i++) {
		port = pairs[i].server_port;
		answer(3);
		reply(&pairs[i]);
		drain(1);
		assert_int_equal(kept[0].sample.number, 2);
		assert_int_equal(kept[0].has_head, i);
		hang_up(&pairs[i]);
	}
	has_head(0, "/other", NULL, NULL);
}

TEST(as_much_as_is_asked_for)
{
	static const __u32 most[] = {0, 4, 12, 1024};

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		struct pair pair;

		begin(most[i]);
		dial(&pair);
		get();
		field(PATH, PLAIN, "/items/7");
		field(AGENT, PLAIN, "ShopApp/2.3");
		headers(1);
		ask(&pair);
		answer(1);
		reply(&pair);
		drain(1);
		assert_int_equal(kept[0].has_head, most[i] > 0);
		if (most[i])
			assert_int_equal(kept[0].block_bytes,
					 most[i] < block.n ? most[i] : block.n);
		if (most[i] == 12) {
			assert_int_equal(kept[0].head.path.len, 8);
			assert_null(kept[0].head.user_agent.at);
		}
		if (most[i] > 12)
			has_head(0, "/items/7", "ShopApp/2.3", NULL);
		hang_up(&pair);
	}
}

TEST(nothing_is_kept_until_asked_for)
{
	static __u8 place[4096], nothing[4096];
	const __u32 bytes = bpf_map__value_size(skel->maps.stream_heads);
	struct pair pair;

	assert_true(bytes <= sizeof(place));
	begin(HEAD_BYTES);
	skel->bss->sample_settings.on = 0;
	for (__u32 i = 0; i < bpf_map__max_entries(skel->maps.stream_heads); i++)
		bpf_map_update_elem(bpf_map__fd(skel->maps.stream_heads), &i, nothing, 0);
	dial(&pair);
	get();
	field(PATH, PLAIN, "/items/7");
	headers(1);
	say_all(pair.client, pair.server, &asked, 5);
	answer(1);
	reply(&pair);
	drain(0);
	assert_int_equal(n_heads, 0);
	for (__u32 i = 0; i < bpf_map__max_entries(skel->maps.stream_heads); i++) {
		bpf_map_lookup_elem(bpf_map__fd(skel->maps.stream_heads), &i, place);
		assert_memory_equal(place, nothing, bytes);
	}
	hang_up(&pair);
}

/* ---- the kernel side ---- */

static int put_program(const struct bpf_map *map, const struct bpf_program *program)
{
	const __u32 only = 0, fd = (__u32)bpf_program__fd(program);

	return bpf_map_update_elem(bpf_map__fd(map), &only, &fd, 0);
}

static int set_up(void **state)
{
	const struct slo_criteria criteria = good_status(0, 500);
	const bool tracepoint = kernel_has("btf_trace_sock_send_length", BTF_KIND_TYPEDEF);
	const struct bpf_program *sent, *received;
	int r;

	(void)state;
	skel = sliprobe_bpf__open();
	if (!skel)
		return -1;
	r = PREPARE(skel);
	skel->bss->tick_ns = 4000000;
	bpf_program__set_autoload(skel->progs.tp_send_http2, tracepoint);
	bpf_program__set_autoload(skel->progs.tp_recv_http2, tracepoint);
	bpf_program__set_autoload(skel->progs.fexit_send_http2, !tracepoint);
	bpf_program__set_autoload(skel->progs.fexit_recv_http2, !tracepoint);
	r = r ?: sliprobe_bpf__load(skel);
	sent = tracepoint ? skel->progs.tp_send_http2 : skel->progs.fexit_send_http2;
	received = tracepoint ? skel->progs.tp_recv_http2 : skel->progs.fexit_recv_http2;
	r = r ?: put_program(skel->maps.http2_sent, sent);
	r = r ?: put_program(skel->maps.http2_received, received);
	bpf_program__set_autoattach(skel->progs.tp_send_http2, false);
	bpf_program__set_autoattach(skel->progs.tp_recv_http2, false);
	bpf_program__set_autoattach(skel->progs.fexit_send_http2, false);
	bpf_program__set_autoattach(skel->progs.fexit_recv_http2, false);
	r = r ?: CONFIGURE(skel, &criteria);
	r = r ?: sliprobe_bpf__attach(skel);
	r = r ?: ring_open(bpf_map__fd(skel->maps.samples_found), SAMPLES_FOUND_BYTES, &ring);
	if (r)
		fprintf(stderr, "test_stream_heads: %s\n", strerror(-r));
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	ring_close(ring);
	sliprobe_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literal_fields),
		cmocka_unit_test(inserted_and_then_referred_to),
		cmocka_unit_test(names_that_are_spelled),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(read_in_parts),
		cmocka_unit_test(a_long_block_in_parts_is_cut),
		cmocka_unit_test(a_gap_cuts_the_block),
		cmocka_unit_test(segments_of_a_read),
		cmocka_unit_test(padding_and_priority),
		cmocka_unit_test(continuation),
		cmocka_unit_test(trailers),
		cmocka_unit_test(a_table_that_changes_its_size),
		cmocka_unit_test(texts_go_round),
		cmocka_unit_test(places_are_bounded),
		cmocka_unit_test(a_place_is_one_connection_s),
		cmocka_unit_test(as_much_as_is_asked_for),
		cmocka_unit_test(nothing_is_kept_until_asked_for),
	};

	return cmocka_run_group_tests_name("heads of streams", tests, set_up, tear_down);
}
