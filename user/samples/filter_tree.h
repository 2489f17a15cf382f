/* SPDX-License-Identifier: GPL-2.0-only */
/* What a filter is compiled to: for samples/filter and its parts. */
#ifndef SLIPROBE_SAMPLES_FILTER_TREE_H
#define SLIPROBE_SAMPLES_FILTER_TREE_H

#include <stdint.h>

#include "samples/fields.h"
#include "samples/filter.h"

enum filter_op {
	FILTER_IS, /* known; of FIELD_BOOL: true */
	FILTER_EQUAL,
	FILTER_UNEQUAL,
	FILTER_LESS,
	FILTER_LESS_EQUAL,
	FILTER_MORE,
	FILTER_MORE_EQUAL,
	FILTER_LIKE,
	FILTER_UNLIKE,
	FILTER_IN,
	FILTER_NOT_IN,
};

struct filter_network {
	int family; /* 0: the value is no network */
	unsigned int bits;
	unsigned char bytes[FIELD_ADDRESS_BYTES];
};

/* Of a field with numbers: those from low to high are equal to it. */
struct filter_value {
	const char *text;
	double low;
	double high;
	bool is_part; /* of FILTER_LIKE: without `*` and `?` */
	struct filter_network network;
};

enum filter_node_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_COMPARISON,
};

/* Nodes and values are named by their index; 0 of `next` and `child` is none: the root has no number but 0. */
struct filter_node {
	enum filter_node_kind kind;
	uint16_t child; /* of and, or, not: the first one */
	uint16_t next; /* child of the same node */
	enum filter_op op; /* of a comparison */
	uint16_t value; /* the first one */
	uint16_t n_values;
	struct field_ref field;
};

struct filter {
	struct filter_node nodes[FILTER_NODES_MAX + 1]; /* from 1 on */
	size_t n_nodes;
	uint16_t root; /* 0: true of all */
	struct filter_value values[FILTER_VALUES_MAX];
	size_t n_values;
	char texts[2 * FILTER_TEXT_MAX]; /* that values have */
	size_t texts_len;
};

/*
 * Reads a value's text into *ret by the type of the field, whatever its text is in `value->text`. Returns 0, or -EINVAL
 * with what was expected.
 */
int filter_value_read(const struct field_ref *field, enum filter_op op, struct filter_value *value,
		      struct error *ret_error);

/* Whether `op` can be asked of the field; else what can: "expected =, != or in". */
bool filter_op_fits(const struct field_ref *field, enum filter_op op, struct error *ret_error);

#endif
