/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/yaml_out.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static int write_bytes(void *context, unsigned char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, context) == n;
}

static void fail(struct yaml_out *out, int r)
{
	if (!out->failed)
		out->failed = r;
}

/* After a failure libyaml has nothing left to write to. */
static void emit(struct yaml_out *out, yaml_event_t *event, int made)
{
	if (!made)
		fail(out, -ENOMEM);
	else if (out->failed)
		yaml_event_delete(event);
	else if (!yaml_emitter_emit(&out->emitter, event))
		fail(out, out->emitter.error == YAML_MEMORY_ERROR ? -ENOMEM : -EIO);
}

void yaml_out_start(struct yaml_out *out, FILE *file)
{
	yaml_event_t event;

	*out = (struct yaml_out){.file = file};
	if (!yaml_emitter_initialize(&out->emitter)) {
		fail(out, -ENOMEM);
		return;
	}
	yaml_emitter_set_output(&out->emitter, write_bytes, file);
	yaml_emitter_set_unicode(&out->emitter, 1);
	yaml_emitter_set_width(&out->emitter, -1);
	emit(out, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
}

int yaml_out_finish(struct yaml_out *out)
{
	yaml_event_t event;

	emit(out, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&out->emitter);
	if (fflush(out->file) || ferror(out->file))
		fail(out, -EIO);
	return out->failed;
}

void yaml_out_document(struct yaml_out *out)
{
	yaml_event_t event;

	emit(out, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0));
}

void yaml_out_document_implicit(struct yaml_out *out)
{
	yaml_event_t event;

	emit(out, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
}

void yaml_out_document_end(struct yaml_out *out)
{
	yaml_event_t event;

	emit(out, &event, yaml_document_end_event_initialize(&event, 1));
}

void yaml_out_map(struct yaml_out *out, bool flow)
{
	yaml_event_t event;

	emit(out, &event,
	     yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
						 flow ? YAML_FLOW_MAPPING_STYLE :
							YAML_BLOCK_MAPPING_STYLE));
}

void yaml_out_map_end(struct yaml_out *out)
{
	yaml_event_t event;

	emit(out, &event, yaml_mapping_end_event_initialize(&event));
}

void yaml_out_list(struct yaml_out *out, bool flow)
{
	yaml_event_t event;

	emit(out, &event,
	     yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
						  flow ? YAML_FLOW_SEQUENCE_STYLE :
							 YAML_BLOCK_SEQUENCE_STYLE));
}

void yaml_out_list_end(struct yaml_out *out)
{
	yaml_event_t event;

	emit(out, &event, yaml_sequence_end_event_initialize(&event));
}

/* Whether YAML 1.1 reads it as text, too, which takes "on" for true and "1_000" for a number. */
static bool is_plainly_text(const char *text)
{
	static const char *const words[] = {"true", "false", "yes",  "no",  "on", "off",
					    "y",    "n",     "null", "nan", "inf"};

	if (!isalpha((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcasecmp(text, words[i]))
			return false;
	}
	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("_-/.:", *c))
			return false;
	}
	return true;
}

static void scalar(struct yaml_out *out, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t event;

	if (!text) {
		fail(out, -ENOMEM);
		return;
	}
	emit(out, &event,
	     yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
					  (int)strlen(text), 1, 1, style));
}

void yaml_out_text(struct yaml_out *out, const char *text)
{
	yaml_scalar_style_t style = YAML_SINGLE_QUOTED_SCALAR_STYLE;

	if (text && strchr(text, '\n'))
		style = YAML_LITERAL_SCALAR_STYLE;
	else if (text && is_plainly_text(text))
		style = YAML_PLAIN_SCALAR_STYLE;
	scalar(out, text, style);
}

void yaml_out_plain(struct yaml_out *out, const char *text)
{
	scalar(out, text, YAML_PLAIN_SCALAR_STYLE);
}

void yaml_out_pair(struct yaml_out *out, const char *key, const char *text)
{
	yaml_out_text(out, key);
	yaml_out_text(out, text);
}

void yaml_out_plain_pair(struct yaml_out *out, const char *key, const char *text)
{
	yaml_out_text(out, key);
	yaml_out_plain(out, text);
}

void yaml_out_map_at(struct yaml_out *out, const char *key, bool flow)
{
	yaml_out_text(out, key);
	yaml_out_map(out, flow);
}

void yaml_out_list_at(struct yaml_out *out, const char *key, bool flow)
{
	yaml_out_text(out, key);
	yaml_out_list(out, flow);
}
