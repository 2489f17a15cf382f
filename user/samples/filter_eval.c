/* SPDX-License-Identifier: GPL-2.0-only */
#include <math.h>
#include <string.h>

#include "samples/filter.h"
#include "samples/filter_tree.h"

/* Moves *pattern behind the byte, the escape, or `?` at its begin if that is what `byte` may be. */
static bool glob_takes(const char **pattern, char byte)
{
	const char *at = *pattern;

	if (*at == '\\' && (at[1] == '*' || at[1] == '?' || at[1] == '\\'))
		at++;
	else if (*at == '?') {
		*pattern = at + 1;
		return true;
	}
	if (*at != byte)
		return false;
	*pattern = at + 1;
	return true;
}

/* The last `*` takes a byte more whenever what follows it does not fit: at most the product of both lengths. */
bool filter_glob(const char *pattern, const char *text)
{
	const char *after_star = NULL, *star_text = NULL;

	while (*text) {
		if (*pattern == '*') {
			after_star = ++pattern;
			star_text = text;
		} else if (*pattern && glob_takes(&pattern, *text)) {
			text++;
		} else if (after_star) {
			pattern = after_star;
			text = ++star_text;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool is_in_network(const struct filter_network *network, const char *address)
{
	unsigned char bytes[FIELD_ADDRESS_BYTES];
	const unsigned int whole = network->bits / 8, rest = network->bits % 8;

	if (field_address(address, bytes) != network->family ||
	    memcmp(bytes, network->bytes, whole) != 0)
		return false;
	return !rest || !((bytes[whole] ^ network->bytes[whole]) >> (8 - rest));
}

static bool text_is(const struct filter_value *value, bool like, const char *text)
{
	if (like)
		return value->is_part ? strstr(text, value->text) != NULL :
					filter_glob(value->text, text);
	if (value->network.family)
		return is_in_network(&value->network, text);
	return !strcmp(value->text, text);
}

/* Whether the text is equal to (or like) one of the node's values. */
static bool text_is_any(const struct filter *filter, const struct filter_node *node, bool like,
			const char *text)
{
	for (size_t i = 0; i < node->n_values; i++) {
		if (text_is(&filter->values[node->value + i], like, text))
			return true;
	}
	return false;
}

static bool texts_are(const struct filter *filter, const struct filter_node *node,
		      const struct event *event, bool like)
{
	char buffer[FIELD_TEXT_BYTES];
	const char *text, *const *texts;

	if (node->field.field->list) {
		const size_t n = node->field.field->list(event, &texts);

		for (size_t i = 0; i < n; i++) {
			if (text_is_any(filter, node, like, texts[i]))
				return true;
		}
		return false;
	}
	text = field_text(&node->field, event, buffer);
	return text && text_is_any(filter, node, like, text);
}

static bool number_is_any(const struct filter *filter, const struct filter_node *node,
			  double number)
{
	for (size_t i = 0; i < node->n_values; i++) {
		const struct filter_value *value = &filter->values[node->value + i];

		if (number >= value->low && number <= value->high)
			return true;
	}
	return false;
}

/* Comparisons with NAN are false. */
static bool compare(const struct filter *filter, const struct filter_node *node,
		    const struct event *event)
{
	const struct filter_value *value = &filter->values[node->value];
	const bool like = node->op == FILTER_LIKE || node->op == FILTER_UNLIKE;
	const bool opposite = node->op == FILTER_UNEQUAL || node->op == FILTER_UNLIKE ||
			      node->op == FILTER_NOT_IN;
	double number;

	if (node->op == FILTER_IS)
		return node->field.field->type == FIELD_BOOL ?
			       field_number(&node->field, event) > 0 :
			       field_is_known(&node->field, event);
	if (field_is_text(node->field.field))
		return texts_are(filter, node, event, like) != opposite;
	number = field_number(&node->field, event);
	switch (node->op) {
	case FILTER_LESS:
		return number < value->low;
	case FILTER_LESS_EQUAL:
		return number <= value->high;
	case FILTER_MORE:
		return number > value->high;
	case FILTER_MORE_EQUAL:
		return number >= value->low;
	default:
		return number_is_any(filter, node, number) != opposite;
	}
}

/* As deep as FILTER_DEPTH_MAX and what is between. */
static bool evaluate(const struct filter *filter, uint16_t index, const struct event *event)
{
	const struct filter_node *node = &filter->nodes[index];

	if (node->kind == FILTER_COMPARISON)
		return compare(filter, node, event);
	if (node->kind == FILTER_NOT)
		return !evaluate(filter, node->child, event);
	for (uint16_t child = node->child; child; child = filter->nodes[child].next) {
		if (evaluate(filter, child, event) == (node->kind == FILTER_OR))
			return node->kind == FILTER_OR;
	}
	return node->kind == FILTER_AND;
}

bool filter_is_true(const struct filter *filter, const struct event *event)
{
	return !filter || !filter->root || evaluate(filter, filter->root, event);
}

/* The comparison of this field that is the filter, or one of those that "and" joins, from `index` on. */
static const struct filter_node *find_needed(const struct filter *filter, const char *field,
					     enum filter_op op)
{
	const struct filter_node *root = &filter->nodes[filter->root];
	uint16_t index = filter->root;

	if (root->kind == FILTER_AND)
		index = root->child;
	for (; index; index = filter->nodes[index].next) {
		const struct filter_node *node = &filter->nodes[index];

		if (node->kind == FILTER_COMPARISON && node->op == op &&
		    !strcmp(node->field.field->name, field))
			return node;
	}
	return NULL;
}

const char *filter_needs_text(const struct filter *filter, const char *field)
{
	const struct filter_node *node = filter ? find_needed(filter, field, FILTER_EQUAL) : NULL;

	return node ? filter->values[node->value].text : NULL;
}

bool filter_needs_bad(const struct filter *filter)
{
	return filter && find_needed(filter, "bad", FILTER_IS);
}
