/* SPDX-License-Identifier: GPL-2.0-only */
/* The last changes of alerts in memory, each with whether it is on disk. */
#ifndef SLIPROBE_RECORD_CHANGES_H
#define SLIPROBE_RECORD_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

enum { RECORD_CHANGES_MAX = 1000 };

struct record_changed; /* one of them, with its own texts */

struct record_changes {
	struct record_changed *list[RECORD_CHANGES_MAX]; /* oldest first */
	size_t n;
};

void record_changes_clear(struct record_changes *changes);
int record_changes_load(struct record_changes *changes, struct store *store);
/* Takes a copy. Without memory the change is lost; the alert's state is not. */
void record_changes_add(struct record_changes *changes, const struct store_change *change);
/* Newest first. */
int record_changes_each(const struct record_changes *changes, double from_seconds, size_t limit,
			int (*fn)(void *context, const struct store_change *change), void *context);
/* Puts those that are not on disk. They count as that until record_changes_written(). */
int record_changes_put(const struct record_changes *changes, struct store *store);
void record_changes_written(struct record_changes *changes);
/* None is on disk. */
void record_changes_forget(struct record_changes *changes);

#endif
