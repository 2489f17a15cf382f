/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/stream_head.h"

#include <stdint.h>
#include <string.h>

#include "http2/huffman.h"
#include "samples/head_fields.h"

enum {
	INTEGER_MAX = 1 << 28,
	STATIC_FIELDS = 61,
};

/* RFC 7541, appendix A */
static const struct {
	const char *name, *value;
} static_fields[STATIC_FIELDS + 1] = {
	[1] = {":authority", ""},
	{":method", "GET"},
	{":method", "POST"},
	{":path", "/"},
	{":path", "/index.html"},
	{":scheme", "http"},
	{":scheme", "https"},
	{":status", "200"},
	{":status", "204"},
	{":status", "206"},
	{":status", "304"},
	{":status", "400"},
	{":status", "404"},
	{":status", "500"},
	{"accept-charset", ""},
	{"accept-encoding", "gzip, deflate"},
	{"accept-language", ""},
	{"accept-ranges", ""},
	{"accept", ""},
	{"access-control-allow-origin", ""},
	{"age", ""},
	{"allow", ""},
	{"authorization", ""},
	{"cache-control", ""},
	{"content-disposition", ""},
	{"content-encoding", ""},
	{"content-language", ""},
	{"content-length", ""},
	{"content-location", ""},
	{"content-range", ""},
	{"content-type", ""},
	{"cookie", ""},
	{"date", ""},
	{"etag", ""},
	{"expect", ""},
	{"expires", ""},
	{"from", ""},
	{"host", ""},
	{"if-match", ""},
	{"if-modified-since", ""},
	{"if-none-match", ""},
	{"if-range", ""},
	{"if-unmodified-since", ""},
	{"last-modified", ""},
	{"link", ""},
	{"location", ""},
	{"max-forwards", ""},
	{"proxy-authenticate", ""},
	{"proxy-authorization", ""},
	{"range", ""},
	{"referer", ""},
	{"refresh", ""},
	{"retry-after", ""},
	{"server", ""},
	{"set-cookie", ""},
	{"strict-transport-security", ""},
	{"transfer-encoding", ""},
	{"user-agent", ""},
	{"vary", ""},
	{"via", ""},
	{"www-authenticate", ""},
};

/* What is left to read, and to write texts to. */
struct block {
	const uint8_t *at;
	size_t left;
	char *room;
	size_t room_left;
};

static struct head_part constant(const char *text)
{
	return (struct head_part){text, strlen(text), false};
}

/* Of `bits` bits in its first byte. False: it is cut, or too large. */
static bool take_integer(struct block *in, unsigned int bits, uint32_t *ret)
{
	const uint32_t mask = (1U << bits) - 1;
	uint64_t value;
	unsigned int shift = 0;
	uint8_t byte;

	if (!in->left)
		return false;
	value = *in->at++ & mask;
	in->left--;
	if (value == mask) {
		do {
			if (!in->left || shift > 28)
				return false;
			byte = *in->at++;
			in->left--;
			value += (uint64_t)(byte & 0x7f) << shift;
			shift += 7;
		} while (byte & 0x80);
	}
	*ret = (uint32_t)value;
	return value < INTEGER_MAX;
}

static bool put(struct block *in, uint32_t symbol)
{
	if (!in->room_left)
		return false;
	*in->room++ = (char)symbol;
	in->room_left--;
	return true;
}

/* `n` bytes of Huffman's code, those of a text's beginning if `cut`. False: it is none. */
static bool take_codes(struct block *in, size_t n, bool cut)
{
	const uint8_t *at = in->at;
	uint64_t bits = 0;
	unsigned int n_bits = 0;

	for (;;) {
		uint32_t code;

		for (; n && n_bits <= 56; n--, n_bits += 8)
			bits |= (uint64_t)*at++ << (56 - n_bits);
		code = http2_code(bits);
		if (http2_code_length(code) > n_bits)
			break;
		if (http2_code_symbol(code) == HTTP2_EOS || !put(in, http2_code_symbol(code)))
			return false;
		bits <<= http2_code_length(code);
		n_bits -= http2_code_length(code);
	}
	/* section 5.2: less than a byte of ones */
	return cut || (n_bits < 8 && (!n_bits || !(~bits >> (64 - n_bits))));
}

static bool take_string(struct block *in, struct head_part *ret)
{
	const bool huffman = in->left && *in->at & 0x80;
	uint32_t bytes;
	size_t n;

	if (!take_integer(in, 7, &bytes))
		return false;
	n = bytes < in->left ? bytes : in->left;
	*ret = (struct head_part){in->room, 0, n < bytes};
	if (huffman) {
		if (!take_codes(in, n, ret->cut))
			return false;
	} else {
		for (size_t i = 0; i < n; i++) {
			if (!put(in, in->at[i]))
				return false;
		}
	}
	ret->len = (size_t)(in->room - ret->at);
	in->at += n;
	in->left -= n;
	return true;
}

/* A field. Its name is NULL if it is the table's; so is its value. */
struct field {
	struct head_part name, value;
};

/* False: it cannot be read. */
static bool take_indexed(struct block *in, struct field *ret)
{
	uint32_t index;

	if (!take_integer(in, 7, &index) || !index)
		return false;
	if (index > STATIC_FIELDS)
		return true;
	ret->name = constant(static_fields[index].name);
	ret->value = constant(static_fields[index].value);
	return true;
}

/* Of `bits` bits of an index of its name. */
static bool take_literal(struct block *in, unsigned int bits, struct field *ret)
{
	uint32_t index;

	if (!take_integer(in, bits, &index))
		return false;
	if (!index) {
		if (!take_string(in, &ret->name) || ret->name.cut)
			return false;
	} else if (index <= STATIC_FIELDS) {
		ret->name = constant(static_fields[index].name);
	}
	return take_string(in, &ret->value);
}

/* The next field; or none, if the table's size is told. */
static bool take_field(struct block *in, struct field *ret, bool *ret_is_field)
{
	const uint8_t first = *in->at;
	uint32_t size;

	*ret = (struct field){};
	*ret_is_field = true;
	if (first & 0x80)
		return take_indexed(in, ret);
	if (first & 0x40)
		return take_literal(in, 6, ret);
	if (first & 0x20) {
		*ret_is_field = false;
		return take_integer(in, 5, &size);
	}
	/* not to be inserted, or never */
	return take_literal(in, 4, ret);
}

static bool is_named(const struct field *field, const char *name)
{
	return field->name.len == strlen(name) && !memcmp(field->name.at, name, field->name.len);
}

static void read_pseudo(const struct field *field, struct head *ret)
{
	if (is_named(field, ":path") && !ret->path.at)
		head_target(field->value, false, ret);
	else if (field->value.cut)
		return;
	else if (is_named(field, ":authority") && !ret->host.at)
		ret->host = head_without_user(field->value);
	else if (is_named(field, ":method") && !ret->method.at)
		head_method(field->value, ret);
}

/* Returns whether all fields of the block are known by their names. */
static bool read_block(struct block *in, const char *const *names, size_t n, struct head_seen *seen,
		       struct head *ret)
{
	bool all = true, is_field;
	struct field field;

	while (in->left) {
		if (!take_field(in, &field, &is_field))
			return false;
		if (!is_field)
			continue;
		if (!field.name.at || field.value.cut)
			all = false;
		if (!field.name.at)
			continue;
		if (field.name.len && *field.name.at == ':')
			read_pseudo(&field, ret);
		else
			head_field(field.name, head_trimmed(field.value), names, n, seen, ret);
	}
	return all;
}

/* A text of the table; its part is NULL if there is none. */
static struct head_part table_text(const struct stream_head *record, enum stream_text_of of,
				   char ret[static STREAM_TEXT_MAX])
{
	const struct stream_text *text = &record->texts[of];
	size_t kept, first;

	if (!record->has_texts || !text->bytes)
		return (struct head_part){};
	kept = text->bytes < STREAM_TEXT_MAX ? text->bytes : STREAM_TEXT_MAX;
	first = text->first < kept ? text->first : kept;
	memcpy(ret, text->text, first);
	memcpy(ret + first, text->rest, kept - first);
	return (struct head_part){ret, kept, kept < text->bytes};
}

static void read_texts(const struct stream_head *record, struct stream_head_texts *texts,
		       struct head *ret)
{
	struct head_part part[STREAM_TEXTS];

	for (int i = 0; i < STREAM_TEXTS; i++)
		part[i] = table_text(record, i, texts->of[i]);
	if (part[STREAM_PATH].at && !ret->path.at)
		head_target(part[STREAM_PATH], false, ret);
	if (part[STREAM_AGENT].at && !part[STREAM_AGENT].cut && !ret->user_agent.at)
		ret->user_agent = head_trimmed(part[STREAM_AGENT]);
	if (part[STREAM_AUTHORITY].at && !part[STREAM_AUTHORITY].cut && !ret->host.at)
		ret->host = head_without_user(part[STREAM_AUTHORITY]);
}

bool stream_head_is_whole(const struct stream_head *record, size_t bytes)
{
	return bytes >= offsetof(struct stream_head, texts) && record->kind == RECORD_STREAM_HEAD &&
	       (!record->has_texts || bytes >= sizeof(*record)) &&
	       record->block_bytes <= STREAM_BLOCK_MAX;
}

void stream_head_parse(const struct stream_head *record, const char *const *names, size_t n,
		       struct stream_head_texts *texts, struct head *ret)
{
	struct block in = {
		.at = (const uint8_t *)record->block,
		.left = record->block_bytes,
		.room = texts->block,
		.room_left = sizeof(texts->block),
	};
	struct head_seen seen = {};

	head_begin(ret);
	if (n > EVENT_HEADERS_MAX)
		n = EVENT_HEADERS_MAX;
	seen.end = read_block(&in, names, n, &seen, ret) && !record->cut;
	read_texts(record, texts, ret);
	head_end(&seen, ret);
}
