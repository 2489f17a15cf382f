/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to samples/event_db: the files of the database, before SQLite looks at them. */
#ifndef SLIPROBE_SAMPLES_EVENT_FILES_H
#define SLIPROBE_SAMPLES_EVENT_FILES_H

#include "base/error.h"

#define EVENT_FILES_NAME "samples.db"
#define EVENT_FILES_ASIDE EVENT_FILES_NAME ".damaged"

/*
 * Whether SQLite may open them: neither a link, a FIFO or the like, nor another user's, nor a file with a second name.
 * Returns 0; -EUCLEAN with what is wrong; or another -errno. Makes the database's file, for its mode.
 */
int event_files_look(const char *dir, struct error *ret_found);

/* Renames all of them, in the place of those that were set aside before. Returns 0 or -errno. */
int event_files_set_aside(const char *dir);

#endif
