/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a YAML document into structs by tables: a schema lists a mapping's keys, and for each how
 * its value is read and where it goes. Every refusal names file, line and key path.
 *
 * YAML is cut to what a configuration needs: no aliases, no tags, UTF-8, and one document, unless
 * the file is one of several by its nature.
 */
#ifndef SLIPROBE_CONFIG_YAML_H
#define SLIPROBE_CONFIG_YAML_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "base/error.h"

enum {
	WALK_PATH_BYTES = 256,
	WALK_QUOTED_BYTES = 64, /* of a refused value, in messages */
	WALK_MAX_DEPTH = 32,
	WALK_MAX_FIELDS = 32, /* of a schema */
	WALK_MAX_NODES = 1 << 19, /* bounds what 4 MiB of "[,,,," can make of memory */
};

struct walk {
	const char *file;
	const char *subject; /* which document of several, for messages; or NULL */
	struct error *error;
	yaml_document_t document;
	char path[WALK_PATH_BYTES]; /* of the value being read, e.g. slos[0].good.latency */
	size_t path_len;
};

struct walk_field;

/*
 * Reads `node` into the struct at `base`, at the field's offset. Returns 0, -ENOMEM, or -EINVAL
 * with walk->error written. What it has allocated by then belongs to the struct.
 */
typedef int walk_read(struct walk *walk, yaml_node_t *node, const struct walk_field *field,
		      void *base);

struct walk_schema {
	const struct walk_field *fields;
	size_t n_fields;
	void (*init)(void *base); /* sets defaults; may be NULL */
	const char *own_prefix; /* unknown keys without it are others' business; or NULL */
	bool one_key; /* exactly one of the fields is to be given */
};

/* Items are read with `base` at the item, or at the list's own base if item_bytes is 0. */
struct walk_items {
	const struct walk_field *item;
	size_t item_bytes;
	size_t count_offset;
	size_t min, max;
};

struct walk_choice {
	const char *name;
	bool value;
};

struct walk_field {
	const char *key;
	walk_read *read;
	size_t offset;
	const char *expected; /* completes "expected ..." */
	bool required;
	bool check_only; /* validated, not stored */
	bool late; /* read after the others of its mapping, because it needs what they hold */
	/* what the reader needs */
	bool multiline; /* walk_text: line breaks and tabs may be in it */
	bool (*valid)(const char *text); /* walk_text; may be NULL */
	uint64_t min, max; /* bytes of walk_text (max), ns of walk_duration_* */
	const struct walk_schema *schema; /* walk_mapping */
	const struct walk_items *items; /* walk_list */
	const struct walk_choice *choices; /* walk_choose; ends with {NULL} */
};

/* Readers. Text is copied to a char *; seconds and ns to uint64_t; a choice to bool. */
walk_read walk_mapping, walk_list, walk_text, walk_choose, walk_duration_ns, walk_duration_seconds,
	walk_unsupported;

/*
 * Parses text into walk->document, which the caller deletes (also after failure). walk->file and
 * walk->error are set by the caller. Returns 0, -ENOMEM, -EINVAL.
 */
int walk_open(struct walk *walk, const char *text, size_t len);

/*
 * The same for a file of up to `max` documents: a walk for each that is not empty, to be given to
 * walk_close_all() (not after failure).
 */
int walk_open_all(const char *file, const char *text, size_t len, size_t max, struct error *error,
		  struct walk **ret_walks, size_t *ret_n);
void walk_close_all(struct walk *walks, size_t n);

yaml_node_t *walk_root(struct walk *walk);

/* The node at an absolute path such as "slos[0].good", or NULL. */
yaml_node_t *walk_find(struct walk *walk, const char *path);

/* The text of a scalar that is not null and holds no NUL byte, or NULL. */
const char *walk_scalar(const yaml_node_t *node);

/* Each writes walk->error and returns -EINVAL. */
int walk_refuse(struct walk *walk, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "expected EXPECTED, got NODE" */
int walk_expected(struct walk *walk, const yaml_node_t *node, const char *expected);
/* About another place than the one being read; what was got there is not repeated. */
int walk_refuse_at(struct walk *walk, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* About another file, of which only the line is known. */
int walk_refuse_in(struct walk *walk, const char *file, unsigned int line, const char *key,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* As much of a value as a message can bear: whole characters, controls shown as '?'. */
void walk_abridge(const char *text, size_t len, char ret_text[static WALK_QUOTED_BYTES + 4]);

#endif
