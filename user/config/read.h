/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads values of a YAML document into structs by tables: a schema lists a mapping's keys, and for
 * each how its value is read and where it goes.
 */
#ifndef SLIPROBE_CONFIG_READ_H
#define SLIPROBE_CONFIG_READ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/document.h"

enum {
	SCHEMA_MAX_FIELDS = 32,
};

struct schema_field;

/*
 * Reads `node` into the struct at `base`, at the field's offset. Returns 0, -ENOMEM, or -EINVAL, with
 * doc->refusals added to. The struct owns what was allocated, after failure, too. doc->path is left as it was.
 */
typedef int value_reader(struct document *doc, yaml_node_t *node, const struct schema_field *field,
			 void *base);

struct schema {
	const struct schema_field *fields;
	size_t n_fields;
	void (*init)(void *base); /* sets defaults; may be NULL */
	const char *own_prefix; /* keys without it may be unknown; NULL: none may */
	bool one_key; /* exactly one of the fields must be given */
};

/* Readers of items get the item as base; or, if item_bytes is 0, the base of the list. */
struct schema_items {
	const struct schema_field *item;
	size_t item_bytes;
	size_t count_offset;
	size_t refused_offset; /* of a bool in the item, set if it was refused; 0: none */
	size_t min, max;
};

struct schema_choice {
	const char *name;
	unsigned char value; /* of a bool, or of an enum in one byte */
};

struct schema_field {
	const char *key;
	value_reader *read;
	size_t offset;
	const char *expected; /* completes "expected ..." */
	bool required;
	bool check_only; /* validated, not stored */
	bool late; /* read after the other fields, because it needs their values */
	bool secret; /* no message quotes its value */
	/* arguments of `read` */
	bool multiline; /* read_text: line breaks and tabs may be in it */
	bool (*valid)(const char *text); /* read_text; may be NULL */
	uint64_t min, max; /* bytes of read_text (max), ns of read_duration_* */
	const struct schema *schema; /* read_mapping */
	const struct schema_items *items; /* read_list */
	const struct schema_choice *choices; /* read_choice; ends with {NULL} */
};

/* of struct schema */
#define FIELDS(array) .fields = (array), .n_fields = sizeof(array) / sizeof((array)[0])

/* A field: a key whose value must be there, and be a mapping. */
#define MAPPING(name, of_schema, text)                                                             \
	{                                                                                          \
		.key = name, .read = read_mapping, .required = true, .schema = &(of_schema),       \
		.expected = text,                                                                  \
	}

/* A field whose value must be one of the choices, and is not stored. Other members may follow. */
#define CONSTANT(name, of_choices, text, ...)                                                      \
	{                                                                                          \
		.key = name, .read = read_choice, .choices = (of_choices), .check_only = true,     \
		.expected = text, __VA_ARGS__                                                      \
	}

/*
 * Reading goes on after a refusal, as the next value may have to be refused, too, and ends when memory does.
 * first_failure() keeps the reason for that, else the first refusal.
 */
static inline bool may_go_on(int r)
{
	return r != -ENOMEM;
}

static inline int first_failure(int r, int next)
{
	return !r || next == -ENOMEM ? next : r;
}

/* The place of a field's value in the struct at `base`. */
#define VALUE_AT(type, base, field) ((type *)(void *)((char *)(base) + (field)->offset))

/* Text goes to a char * as a copy, seconds and ns to uint64_t, a choice to bool. */
value_reader read_mapping, read_list, read_text, read_choice, read_duration_ns,
	read_duration_seconds, read_unsupported;

#endif
