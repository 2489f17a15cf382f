/* SPDX-License-Identifier: GPL-2.0-only */
/* What another room needs that has an SQLite database of its own. */
#ifndef SLIPROBE_STORE_SQLITE_H
#define SLIPROBE_STORE_SQLITE_H

#include <sqlite3.h>

/*
 * The name of a way to files for sqlite3_open_v2() that leaves the names of base/place as they are, registered. NULL
 * when out of memory.
 */
const char *store_vfs(void);

/* SQLite's code as -errno. */
int store_errno(sqlite3 *db, int code);

#endif
