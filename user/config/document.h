/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML document that is being read. Every refusal names file, line and key path.
 *
 * YAML is cut to what a configuration needs: no aliases, no tags, UTF-8, and one document, unless
 * the file is one of several by its nature.
 */
#ifndef SLIPROBE_CONFIG_DOCUMENT_H
#define SLIPROBE_CONFIG_DOCUMENT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "config/refusals.h"

enum {
	DOCUMENT_PATH_BYTES = 256,
	DOCUMENT_QUOTED_BYTES = 64, /* of a refused value, in messages */
	DOCUMENT_MAX_DEPTH = 32,
	DOCUMENT_MAX_NODES = 1 << 19, /* bounds what 4 MiB of "[,,,," can make of memory */
};

struct document {
	const char *file;
	const char *subject; /* names it in messages if the file has several; or NULL */
	struct refusals *refusals;
	bool exposed; /* others may read the file */
	bool elsewhere; /* not read where it is in force: files with secrets may be missing */
	bool secret; /* the value being read is shown to nobody */
	yaml_document_t yaml;
	char path[DOCUMENT_PATH_BYTES]; /* of the value being read, e.g. slos[0].good.latency */
	size_t path_len;
};

/*
 * Parses text into doc->yaml. The caller sets doc->file and doc->refusals, and calls document_close(),
 * also after failure. Returns 0, -ENOMEM, -EINVAL.
 */
int document_open(struct document *doc, const char *text, size_t len);
void document_close(struct document *doc);

/*
 * Parses a file of up to `max` documents and returns those that are not empty, for
 * document_close_all() (not after failure). Returns 0, -ENOMEM, -EINVAL.
 */
int document_open_all(const char *file, const char *text, size_t len, size_t max,
		      struct refusals *refusals, struct document **ret_documents, size_t *ret_n);
void document_close_all(struct document *documents, size_t n);

yaml_node_t *document_root(struct document *doc);

/* The node at an absolute path such as "slos[0].good", or NULL. */
yaml_node_t *document_find(struct document *doc, const char *path);

/* The text of a scalar that is not null and holds no NUL byte, or NULL. */
const char *scalar_text(const yaml_node_t *node);

/* The text of the scalar at an absolute path; NULL also if nothing is there. */
const char *document_text_at(struct document *doc, const char *path);

/* Goes down to a child of doc->path. Returns what document_leave() takes to come back. */
size_t document_enter(struct document *doc, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
size_t document_enter_key(struct document *doc, const char *key);
void document_leave(struct document *doc, size_t before);

/* Each adds to doc->refusals and returns -EINVAL; or -ENOMEM. */
int document_refuse(struct document *doc, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "expected EXPECTED, got NODE" */
int document_expected(struct document *doc, const yaml_node_t *node, const char *expected);
/* Refuses another place than doc->path. The message does not show the node there. */
int document_refuse_at(struct document *doc, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Refuses a place in another file, of which only the line is known. */
int document_refuse_in(struct document *doc, const char *file, unsigned int line, const char *key,
		       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Cuts a value to what a message can bear: whole characters, controls shown as '?'. */
void abridge_text(const char *text, size_t len, char ret_text[static DOCUMENT_QUOTED_BYTES + 4]);

/* Prints into the caller's array `path`, and is that array. */
#define PATH(...)                                                                                  \
	({                                                                                         \
		snprintf(path, sizeof(path), __VA_ARGS__);                                         \
		path;                                                                              \
	})

#endif
