/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes YAML through libyaml's emitter, which knows what must be quoted. A failure is remembered
 * and told once, at the end.
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

/* To `file`, which must outlive it. */
void yaml_out_start(struct yaml_out *out, FILE *file);
/* Returns 0, -ENOMEM, or -EIO when something could not be written. Needed after _start() only. */
int yaml_out_finish(struct yaml_out *out);

/* A document begins with "---", but need not if it is the only one. */
void yaml_out_document(struct yaml_out *out);
void yaml_out_document_implicit(struct yaml_out *out);
void yaml_out_document_end(struct yaml_out *out);

/* flow: on one line, {a: 1} */
void yaml_out_map(struct yaml_out *out, bool flow);
void yaml_out_map_end(struct yaml_out *out);
void yaml_out_list(struct yaml_out *out, bool flow);
void yaml_out_list_end(struct yaml_out *out);

/*
 * A string: quoted unless any reader takes it for one without, a literal block if it has several
 * lines. NULL counts as failed memory, so that the result of an allocation can be passed on.
 */
void yaml_out_text(struct yaml_out *out, const char *text);
/* As it is: numbers, booleans and durations. */
void yaml_out_plain(struct yaml_out *out, const char *text);

void yaml_out_pair(struct yaml_out *out, const char *key, const char *text);
void yaml_out_plain_pair(struct yaml_out *out, const char *key, const char *text);
void yaml_out_map_at(struct yaml_out *out, const char *key, bool flow);
void yaml_out_list_at(struct yaml_out *out, const char *key, bool flow);

#endif
