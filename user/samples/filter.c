/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/format.h"
#include "samples/filter_token.h"
#include "samples/filter_tree.h"

/* A text that is being read. */
struct reader {
	struct filter *filter;
	const char *text;
	const char *rest; /* behind `token` */
	struct filter_token token; /* that is next */
	int depth;
	struct error *error;
};

static void next(struct reader *reader)
{
	reader->token = filter_token_take(&reader->rest);
}

/* In characters: bytes that go on a character of UTF-8 do not count. */
static size_t column(const struct reader *reader, const char *at)
{
	size_t n = 1;

	for (const char *c = reader->text; c < at; c++)
		n += ((unsigned char)*c & 0xc0) != 0x80;
	return n;
}

/* The sentence with its place before it. Returns -EINVAL. */
static int refuse_at(const struct reader *reader, const char *at, const char *sentence)
{
	return error_set(reader->error, -EINVAL, "filter, column %zu: %s", column(reader, at),
			 sentence);
}

/* "expected X, got Y" */
static int expected(const struct reader *reader, const char *what)
{
	const struct filter_token *token = &reader->token;
	char got[FIELD_SENTENCE_SHOWN * 2], sentence[256];
	_cleanup_free_ char *shown = NULL;

	if (token->kind == TOKEN_ENDLESS)
		return refuse_at(reader, token->at, "this quote is not closed");
	snprintf(got, sizeof(got), "%.*s", (int)token->len, token->text);
	shown = format_escape(got, FIELD_SENTENCE_SHOWN);
	if (token->kind == TOKEN_END)
		snprintf(sentence, sizeof(sentence), "expected %s, got the end", what);
	else
		snprintf(sentence, sizeof(sentence), "expected %s, got \"%s\"", what, shown ?: "");
	return refuse_at(reader, token->at, sentence);
}

/* ---- the tree ---- */

/* Returns 0 if there is no room. */
static uint16_t new_node(struct reader *reader, enum filter_node_kind kind)
{
	struct filter *filter = reader->filter;

	if (filter->n_nodes == FILTER_NODES_MAX)
		return 0;
	filter->nodes[++filter->n_nodes] = (struct filter_node){.kind = kind};
	return (uint16_t)filter->n_nodes;
}

static int refuse_size(const struct reader *reader)
{
	char sentence[64];

	snprintf(sentence, sizeof(sentence), "expected up to %d comparisons and values",
		 FILTER_NODES_MAX);
	return refuse_at(reader, reader->token.at, sentence);
}

static int refuse_with(const struct reader *reader, const char *at, const struct error *why)
{
	const struct error copy = *why;

	return refuse_at(reader, at, copy.text);
}

/* ---- comparisons ---- */

static int read_value(struct reader *reader, struct filter_node *node)
{
	struct filter *filter = reader->filter;
	const struct filter_token token = reader->token;
	struct filter_value *value;
	struct error why;

	if (token.kind != TOKEN_WORD && token.kind != TOKEN_QUOTED)
		return expected(reader, "a value");
	if (filter->n_values == FILTER_VALUES_MAX ||
	    filter->texts_len + token.len >= sizeof(filter->texts))
		return refuse_size(reader);
	value = &filter->values[filter->n_values];
	*value = (struct filter_value){.text = filter->texts + filter->texts_len};
	filter->texts_len += filter_token_text(&token, filter->texts + filter->texts_len) + 1;
	if (filter_value_read(&node->field, node->op, value, &why) < 0)
		return refuse_with(reader, token.at, &why);
	if (!node->n_values)
		node->value = (uint16_t)filter->n_values;
	node->n_values++;
	filter->n_values++;
	next(reader);
	return 0;
}

static int read_list(struct reader *reader, struct filter_node *node)
{
	if (reader->token.kind != TOKEN_OPEN)
		return expected(reader, "a list such as (500, 503)");
	do {
		int r;

		next(reader);
		r = read_value(reader, node);
		if (r < 0)
			return r;
	} while (reader->token.kind == TOKEN_COMMA);
	if (reader->token.kind != TOKEN_CLOSE)
		return expected(reader, "\",\" or \")\"");
	next(reader);
	return 0;
}

static int take_signs(struct reader *reader, enum filter_op *ret)
{
	static const struct {
		const char *signs;
		enum filter_op op;
	} known[] = {
		{"=", FILTER_EQUAL},	   {"==", FILTER_EQUAL},      {"!=", FILTER_UNEQUAL},
		{"<", FILTER_LESS},	   {"<=", FILTER_LESS_EQUAL}, {">", FILTER_MORE},
		{">=", FILTER_MORE_EQUAL}, {"~", FILTER_LIKE},	      {"!~", FILTER_UNLIKE},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!filter_token_signs(&reader->token, known[i].signs))
			continue;
		*ret = known[i].op;
		next(reader);
		return 0;
	}
	return expected(reader, "one of = != < <= > >= ~ !~ in");
}

/* FIELD_IS if no operator follows. */
static int take_op(struct reader *reader, enum filter_op *ret)
{
	const bool is_not = filter_token_is(&reader->token, "not");

	*ret = FILTER_IS;
	if (reader->token.kind == TOKEN_SIGNS)
		return take_signs(reader, ret);
	if (is_not)
		next(reader);
	if (filter_token_is(&reader->token, "in")) {
		*ret = is_not ? FILTER_NOT_IN : FILTER_IN;
		next(reader);
		return 0;
	}
	return is_not ? expected(reader, "\"in\"") : 0;
}

static int read_comparison(struct reader *reader, uint16_t *ret)
{
	const struct filter_token name = reader->token;
	const uint16_t index = new_node(reader, FILTER_COMPARISON);
	struct filter_node *node = &reader->filter->nodes[index];
	const char *at;
	struct error why;
	int r;

	if (!index)
		return refuse_size(reader);
	if (name.kind != TOKEN_WORD)
		return expected(reader, "a field");
	if (field_find(name.text, name.len, &node->field, &why) < 0)
		return refuse_with(reader, name.at, &why);
	next(reader);
	at = reader->token.at;
	r = take_op(reader, &node->op);
	if (r < 0)
		return r;
	if (!filter_op_fits(&node->field, node->op, &why))
		return refuse_with(reader, at, &why);
	if (node->op == FILTER_IN || node->op == FILTER_NOT_IN)
		r = read_list(reader, node);
	else if (node->op != FILTER_IS)
		r = read_value(reader, node);
	*ret = index;
	return r;
}

/* ---- and, or, not ---- */

static int read_any(struct reader *reader, uint16_t *ret);

static int read_nested(struct reader *reader, uint16_t *ret)
{
	int r;

	next(reader);
	r = read_any(reader, ret);
	if (r < 0)
		return r;
	if (reader->token.kind != TOKEN_CLOSE)
		return expected(reader, "\"and\", \"or\" or \")\"");
	next(reader);
	return 0;
}

static int read_term(struct reader *reader, uint16_t *ret);

static int read_not(struct reader *reader, uint16_t *ret)
{
	const uint16_t index = new_node(reader, FILTER_NOT);
	uint16_t child = 0;
	int r;

	if (!index)
		return refuse_size(reader);
	next(reader);
	r = read_term(reader, &child);
	reader->filter->nodes[index].child = child;
	*ret = index;
	return r;
}

static int read_term(struct reader *reader, uint16_t *ret)
{
	const bool is_not = filter_token_is(&reader->token, "not");
	char sentence[64];
	int r;

	if (!is_not && reader->token.kind != TOKEN_OPEN)
		return read_comparison(reader, ret);
	if (reader->depth == FILTER_DEPTH_MAX) {
		snprintf(sentence, sizeof(sentence), "expected a depth of up to %d",
			 FILTER_DEPTH_MAX);
		return refuse_at(reader, reader->token.at, sentence);
	}
	reader->depth++;
	r = is_not ? read_not(reader, ret) : read_nested(reader, ret);
	reader->depth--;
	return r;
}

/* One or more that `read` reads, with `word` between them. */
static int read_joined(struct reader *reader, enum filter_node_kind kind, const char *word,
		       int (*read)(struct reader *, uint16_t *), uint16_t *ret)
{
	uint16_t first = 0, last, joint, child = 0;
	int r = read(reader, &first);

	if (r < 0 || !filter_token_is(&reader->token, word)) {
		*ret = first;
		return r;
	}
	joint = new_node(reader, kind);
	if (!joint)
		return refuse_size(reader);
	reader->filter->nodes[joint].child = last = first;
	while (filter_token_is(&reader->token, word)) {
		next(reader);
		r = read(reader, &child);
		if (r < 0)
			return r;
		reader->filter->nodes[last].next = child;
		last = child;
	}
	*ret = joint;
	return 0;
}

static int read_all(struct reader *reader, uint16_t *ret)
{
	return read_joined(reader, FILTER_AND, "and", read_term, ret);
}

static int read_any(struct reader *reader, uint16_t *ret)
{
	return read_joined(reader, FILTER_OR, "or", read_all, ret);
}

int filter_new(const char *text, struct filter **ret, struct error *ret_error)
{
	_cleanup_(filter_freep) struct filter *filter = NULL;
	struct reader reader = {.text = text, .rest = text, .error = ret_error};
	int r = 0;

	if (strlen(text) > FILTER_TEXT_MAX)
		return error_set(ret_error, -EINVAL, "filter: expected up to %d bytes",
				 FILTER_TEXT_MAX);
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return error_set(ret_error, -ENOMEM, "filter: no memory");
	reader.filter = filter;
	next(&reader);
	if (reader.token.kind != TOKEN_END)
		r = read_any(&reader, &filter->root);
	if (r < 0)
		return r;
	if (reader.token.kind != TOKEN_END)
		return expected(&reader, "\"and\" or \"or\"");
	*ret = TAKE_PTR(filter);
	return 0;
}

void filter_free(struct filter *filter)
{
	free(filter);
}

void filter_write_value(const char *text, FILE *out)
{
	if (filter_token_is_word(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
