/* SPDX-License-Identifier: GPL-2.0-only */
/* Small texts by kind and key in memory, each with whether it is on disk. */
#ifndef SLIPROBE_RECORD_TEXTS_H
#define SLIPROBE_RECORD_TEXTS_H

#include <jansson.h>

#include "store/store.h"

struct record_texts {
	json_t *kinds; /* {kind: {key: text}} */
	json_t *unwritten; /* {kind: {key: true}} */
};

int record_texts_init(struct record_texts *texts);
void record_texts_clear(struct record_texts *texts);

/* Reads all kinds there are. Returns 0 or -errno. */
int record_texts_load(struct record_texts *texts, struct store *store);

/* text NULL: drops the key. */
void record_texts_set(struct record_texts *texts, const char *kind, const char *key,
		      const char *text);
int record_texts_each(const struct record_texts *texts, const char *kind,
		      int (*fn)(void *context, const char *key, const char *text), void *context);

/* Puts those that are not on disk. They count as that until record_texts_written(). */
int record_texts_put(struct record_texts *texts, struct store *store);
void record_texts_written(struct record_texts *texts);
/* None is on disk. */
void record_texts_forget(struct record_texts *texts);

#endif
