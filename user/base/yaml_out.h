/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes YAML through libyaml's emitter, which knows the text that must be quoted. A failure is
 * remembered, and yaml_out_finish() returns it.
 */
#ifndef SLIPROBE_BASE_YAML_OUT_H
#define SLIPROBE_BASE_YAML_OUT_H

#include <stdbool.h>
#include <stdio.h>
#include <yaml.h>

struct yaml_out {
	yaml_emitter_t emitter;
	FILE *file;
	int failed; /* -errno of the first failure */
};

/* Writes to `file`, which must outlive `out`. */
void yaml_out_start(struct yaml_out *out, FILE *file);
/* Returns 0, -ENOMEM, or -EIO if not all could be written. Call it after every yaml_out_start(). */
int yaml_out_finish(struct yaml_out *out);

/* Begins a document by "---", which a file with one document may leave out. */
void yaml_out_document(struct yaml_out *out);
void yaml_out_document_implicit(struct yaml_out *out);
void yaml_out_document_end(struct yaml_out *out);

/* flow: in one line, {a: 1} */
void yaml_out_map(struct yaml_out *out, bool flow);
void yaml_out_map_end(struct yaml_out *out);
void yaml_out_list(struct yaml_out *out, bool flow);
void yaml_out_list_end(struct yaml_out *out);

/*
 * A string. It is quoted unless every reader takes it for a string without; one of several lines is
 * a literal block. NULL counts as out of memory, so that an allocation's result can be passed on.
 */
void yaml_out_text(struct yaml_out *out, const char *text);
/* Never quoted: numbers, booleans and durations. */
void yaml_out_plain(struct yaml_out *out, const char *text);

void yaml_out_pair(struct yaml_out *out, const char *key, const char *text);
void yaml_out_plain_pair(struct yaml_out *out, const char *key, const char *text);
void yaml_out_map_at(struct yaml_out *out, const char *key, bool flow);
void yaml_out_list_at(struct yaml_out *out, const char *key, bool flow);

#endif
