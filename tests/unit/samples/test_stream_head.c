/* SPDX-License-Identifier: GPL-2.0-only */
/* Heads of requests of HTTP/2, and how they meet their samples. */
#include <stdlib.h>
#include <string.h>

#include "samples/stream_head.h"
#include "samples/stream_heads.h"
#include "tests/unit/fixtures/test.h"
#include "tests/vectors/http2_user.h"

static struct stream_head *record;
static struct stream_head_texts *texts;
static struct head *head;
static __u8 block[1 << 16];
static struct encoder encoder;

static const char *const names[] = {"x-user-id", "accept-language"};

/* ---- what is read ---- */

static void begin(void)
{
	memset(record, 0, sizeof(*record));
	record->kind = RECORD_STREAM_HEAD;
	memset(&encoder, 0, sizeof(encoder));
	encoder.out = block;
}

static void put(const void *bytes, size_t n)
{
	memcpy(block + encoder.n_out, bytes, n);
	encoder.n_out += n;
}

#define PUT(literal) put(literal, sizeof(literal) - 1)

/* Not in Huffman's code. */
static void put_plain(const char *text)
{
	encoder_integer(&encoder, 0, 7, (__u32)strlen(text));
	put(text, strlen(text));
}

static void put_huffman(const char *text)
{
	__u8 code[4096];
	const size_t n = encoder_huffman((struct text){text, strlen(text)}, code);

	encoder_integer(&encoder, 0x80, 7, (__u32)n);
	put(code, n);
}

static void put_field(const char *name, const char *value)
{
	PUT("\0");
	put_plain(name);
	put_huffman(value);
}

/* Of the table: `split` is where its bytes are parted. */
static void put_text(enum stream_text_of of, const char *text, size_t split)
{
	struct stream_text *to = &record->texts[of];
	size_t n = strlen(text);

	record->has_texts = 1;
	to->bytes = (__u16)n;
	if (n > STREAM_TEXT_MAX)
		n = STREAM_TEXT_MAX;
	if (split > n)
		split = n;
	to->first = (__u16)split;
	memcpy(to->text, text, split);
	memcpy(to->rest, text + split, n - split);
}

/* The block's first `n` bytes. The record has its own size, for AddressSanitizer. */
static void parse_part(size_t n)
{
	const size_t bytes =
		record->has_texts ? sizeof(*record) : offsetof(struct stream_head, texts);
	struct stream_head *own = malloc(bytes);

	assert_non_null(own);
	if (n > STREAM_BLOCK_MAX)
		n = STREAM_BLOCK_MAX;
	memset(record->block, 0x5a, sizeof(record->block));
	memcpy(record->block, block, n);
	record->block_bytes = (__u16)n;
	record->cut = n < encoder.n_out;
	memcpy(own, record, bytes);
	assert_true(stream_head_is_whole(own, bytes));
	stream_head_parse(own, names, 2, texts, head);
	free(own);
}

static void parse(void)
{
	parse_part(encoder.n_out);
}

static void is(struct head_part part, const char *text)
{
	assert_non_null(part.at);
	assert_int_equal(part.len, strlen(text));
	assert_memory_equal(part.at, text, part.len);
	assert_false(part.cut);
}

TEST(fields_of_all_kinds)
{
	begin();
	PUT("\x82\x87"); /* GET, https */
	PUT("\x04"); /* :path, not inserted */
	put_huffman("/items/7?colour=red#top");
	PUT("\x41"); /* :authority, inserted */
	put_plain("user:secret@shop.example");
	PUT("\x0f\x2b"); /* user-agent, not inserted */
	put_huffman("ShopApp/2.3");
	PUT("\x1f\x02"); /* accept-language, never inserted */
	put_plain(" de ");
	PUT("\x10"); /* never inserted */
	put_huffman("x-user-id");
	put_plain("7");
	PUT("\x40"); /* inserted */
	put_huffman("x-request-id");
	put_huffman("r-1");
	put_field("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	put_field("x-forwarded-for", "9.9.9.9");
	put_field("x-forwarded-for", "8.8.8.8");
	parse();
	is(head->path, "/items/7");
	is(head->query, "colour=red");
	is(head->host, "shop.example");
	is(head->user_agent, "ShopApp/2.3");
	is(head->headers[0], "7");
	is(head->headers[1], "de");
	is(head->request_id, "r-1");
	is(head->traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	assert_string_equal(head->x_forwarded_for, "9.9.9.9,8.8.8.8");
	is(head->method, "GET");
}

/* RFC 7541, appendix C.4.1 */
TEST(an_example_of_the_specification)
{
	begin();
	PUT("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff");
	parse();
	is(head->path, "/");
	is(head->host, "www.example.com");
	assert_null(head->query.at);
	assert_null(head->user_agent.at);
}

TEST(static_fields)
{
	begin();
	PUT("\x3f\xe1\x1f\x85\xba"); /* size of the table; /index.html; an empty user agent */
	PUT("\x02"); /* a method that is none of HTTP's */
	put_plain("BREW");
	parse();
	is(head->path, "/index.html");
	is(head->user_agent, "");
	is(head->method, "BREW");
}

TEST(a_method_is_a_token)
{
	begin();
	PUT("\x02");
	put_plain("GE\nT");
	parse();
	assert_null(head->method.at);
}

TEST(texts_of_the_table)
{
	for (size_t split = 0; split < 12; split++) {
		begin();
		put_text(STREAM_PATH, "/items/7", split);
		put_text(STREAM_AGENT, "ShopApp/2.3", split);
		put_text(STREAM_AUTHORITY, "user:secret@shop.example", split);
		PUT("\xc0\xbf\xbe");
		parse();
		is(head->path, "/items/7");
		is(head->user_agent, "ShopApp/2.3");
		is(head->host, "shop.example");
		assert_null(head->query.at);
	}
	/* what the block says itself comes first */
	PUT("\x04");
	put_plain("/a?b=c");
	parse();
	is(head->path, "/a");
	is(head->query, "b=c");
}

TEST(long_texts_of_the_table_are_cut)
{
	char text[STREAM_TEXT_MAX + 2] = "/";

	begin();
	memset(text + 1, 'x', STREAM_TEXT_MAX);
	put_text(STREAM_PATH, text, 100);
	put_text(STREAM_AGENT, text, 100);
	parse();
	assert_int_equal(head->path.len, STREAM_TEXT_MAX);
	assert_memory_equal(head->path.at, text, STREAM_TEXT_MAX);
	assert_true(head->path.cut);
	assert_null(head->user_agent.at);
	text[STREAM_TEXT_MAX] = '\0';
	put_text(STREAM_AGENT, text, 0);
	parse();
	is(head->user_agent, text);
}

/* What is hidden may be what a proxy has put behind. */
TEST(who_forwarded_is_told_if_all_names_are_known)
{
	for (int i = 0; i < 4; i++) {
		begin();
		put_field("x-forwarded-for", "9.9.9.9");
		put_field("forwarded", "for=9.9.9.9");
		PUT("\x84");
		if (i == 1)
			PUT("\xbe");
		if (i == 2)
			PUT("\x7e\0");
		if (i == 3)
			PUT("\x80"); /* no index */
		parse();
		is(head->path, "/");
		assert_string_equal(head->x_forwarded_for, i ? "" : "9.9.9.9");
		assert_string_equal(head->forwarded, i ? "" : "for=9.9.9.9");
	}
}

TEST(two_traceparents_are_none)
{
	begin();
	for (int i = 0; i < 2; i++)
		put_field("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	parse();
	assert_null(head->traceparent.at);
}

/* A text is there as far as its codes are; a path says that it is cut, others are left out. */
TEST(cut_at_each_byte)
{
	static const char path[] = "/items/7/and/more~\x7f\xff";
	size_t path_at, agent_at, agent_end;

	begin();
	path_at = encoder.n_out + 2;
	PUT("\x04");
	put_huffman(path);
	agent_at = encoder.n_out;
	PUT("\x0f\x2b");
	put_huffman("ShopApp/2.3");
	agent_end = encoder.n_out;
	put_field("x-forwarded-for", "9.9.9.9");
	for (size_t n = 0; n < encoder.n_out; n++) {
		parse_part(n);
		if (n <= path_at) {
			assert_true(!head->path.at || !head->path.len);
		} else {
			assert_true(head->path.len <= strlen(path));
			assert_memory_equal(head->path.at, path, head->path.len);
			assert_int_equal(head->path.cut, n < agent_at);
			if (n >= agent_at)
				assert_int_equal(head->path.len, strlen(path));
		}
		if (n < agent_end)
			assert_null(head->user_agent.at);
		else
			is(head->user_agent, "ShopApp/2.3");
		assert_string_equal(head->x_forwarded_for, "");
	}
}

TEST(what_is_malformed_ends_the_block)
{
	static const struct {
		const char *bytes;
		size_t n;
	} cases[] = {
		{"\x80", 1}, /* index 0 */
		{"\x04\x84\xff\xff\xff\xff", 6}, /* EOS */
		{"\x04\x81\x00", 3}, /* padding of zeros */
		{"\x04\x82\x07\xff", 4}, /* padding of a byte */
		{"\xff\xff\xff\xff\xff\xff\xff", 7}, /* an integer that is too large */
		{"\x04\x7f\xff\xff\xff\xff\x0f", 7}, /* likewise, of a length */
		{"\x3f\xff\xff\xff\xff\xff\x7f", 7},
		{"\x00\x05:pat", 6}, /* a name that is cut */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		PUT("\x0f\x2b");
		put_plain("before");
		put(cases[i].bytes, cases[i].n);
		PUT("\x84");
		parse();
		is(head->user_agent, "before");
		assert_null(head->path.at);
	}
}

/* The shortest codes fill the room for texts, and no more. */
TEST(the_longest_text)
{
	begin();
	PUT("\x04");
	PUT("\xff\xf5\x02"); /* 500 bytes, not all of which are there */
	memset(block + encoder.n_out, 0, 443);
	encoder.n_out += 443;
	parse();
	assert_int_equal(head->path.len, 443 * 8 / 5);
	assert_true(head->path.cut);
	for (size_t i = 0; i < head->path.len; i++)
		assert_int_equal(head->path.at[i], '0');
}

/* All bytes of any block: nothing is read or written beyond. */
TEST(any_bytes)
{
	random_seed(77);
	for (int i = 0; i < 200000; i++) {
		const size_t n = random_below(STREAM_BLOCK_MAX + 1);

		begin();
		for (size_t k = 0; k < n; k++)
			block[k] = (__u8)(random_below(4) ? random_below(256) : random_below(64));
		encoder.n_out = n;
		if (random_below(2)) {
			record->has_texts = 1;
			for (int k = 0; k < STREAM_TEXTS; k++) {
				record->texts[k].bytes = (__u16)random_below(65536);
				record->texts[k].first = (__u16)random_below(65536);
			}
		}
		parse();
	}
}

TEST(any_text_is_what_it_was)
{
	random_seed(78);
	for (int i = 0; i < 20000; i++) {
		char text[101] = "/";
		const size_t n = 1 + random_below(100);

		for (size_t k = 1; k < n; k++) {
			text[k] = (char)random_below(256);
			if (!text[k] || strchr("?#", text[k]))
				text[k] = 'x';
		}
		text[n] = '\0';
		begin();
		PUT("\x04");
		put_huffman(text);
		parse();
		is(head->path, text);
	}
}

TEST(records_that_are_not_whole)
{
	begin();
	assert_true(stream_head_is_whole(record, offsetof(struct stream_head, texts)));
	assert_false(stream_head_is_whole(record, offsetof(struct stream_head, texts) - 1));
	record->has_texts = 1;
	assert_false(stream_head_is_whole(record, sizeof(*record) - 1));
	assert_true(stream_head_is_whole(record, sizeof(*record)));
	record->block_bytes = STREAM_BLOCK_MAX + 1;
	assert_false(stream_head_is_whole(record, sizeof(*record)));
	record->block_bytes = 0;
	record->kind = RECORD_SAMPLE;
	assert_false(stream_head_is_whole(record, sizeof(*record)));
}

/* ---- joined to its sample ---- */

static struct stream_heads *heads;
static struct sample_joined joined;

static void come(__u64 connection, __u32 number)
{
	begin();
	record->connection = connection;
	record->number = number;
	record->has_texts = number & 1;
	stream_heads_add(heads, record,
			 record->has_texts ? sizeof(*record) : offsetof(struct stream_head, texts));
}

static size_t join(__u64 connection, __u32 number)
{
	const struct sample sample = {.kind = RECORD_SAMPLE,
				      .flags = SAMPLE_STREAM,
				      .connection = connection,
				      .number = number};
	const struct sample *const got = (const struct sample *)joined.bytes;
	const struct stream_head *const of = (const struct stream_head *)(got + 1);
	const size_t bytes = stream_heads_join(heads, &sample, &joined);

	if (!bytes)
		return 0;
	assert_int_equal(got->flags, SAMPLE_STREAM | SAMPLE_STREAM_HEAD);
	assert_int_equal(got->connection, connection);
	assert_true(of->connection == connection && of->number == number);
	return bytes - sizeof(*got);
}

TEST(a_head_meets_its_sample_once)
{
	memset(heads, 0, sizeof(*heads));
	assert_int_equal(join(0, 0), 0);
	come(7, 1);
	come(7, 2);
	come(8, 1);
	assert_int_equal(join(8, 2), 0);
	assert_int_equal(join(7, 1), sizeof(struct stream_head));
	assert_int_equal(join(7, 1), 0);
	assert_int_equal(join(8, 1), sizeof(struct stream_head));
	assert_int_equal(join(7, 2), offsetof(struct stream_head, texts));
}

TEST(heads_that_nobody_takes_make_room)
{
	memset(heads, 0, sizeof(*heads));
	for (__u32 i = 1; i <= STREAM_HEADS_WAITING + 1; i++)
		come(7, i);
	assert_int_equal(join(7, 1), 0);
	for (__u32 i = 2; i <= STREAM_HEADS_WAITING + 1; i++)
		assert_int_not_equal(join(7, i), 0);
}

static int set_up(void **state)
{
	(void)state;
	record = malloc(sizeof(*record));
	texts = malloc(sizeof(*texts));
	head = malloc(sizeof(*head));
	heads = malloc(sizeof(*heads));
	return record && texts && head && heads ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(record);
	free(texts);
	free(head);
	free(heads);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_all_kinds),
		cmocka_unit_test(an_example_of_the_specification),
		cmocka_unit_test(static_fields),
		cmocka_unit_test(a_method_is_a_token),
		cmocka_unit_test(texts_of_the_table),
		cmocka_unit_test(long_texts_of_the_table_are_cut),
		cmocka_unit_test(who_forwarded_is_told_if_all_names_are_known),
		cmocka_unit_test(two_traceparents_are_none),
		cmocka_unit_test(cut_at_each_byte),
		cmocka_unit_test(what_is_malformed_ends_the_block),
		cmocka_unit_test(the_longest_text),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(any_text_is_what_it_was),
		cmocka_unit_test(records_that_are_not_whole),
		cmocka_unit_test(a_head_meets_its_sample_once),
		cmocka_unit_test(heads_that_nobody_takes_make_room),
	};

	return cmocka_run_group_tests_name("heads of HTTP/2", tests, set_up, tear_down);
}
