/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to samples/event_db: the connection and its statements. */
#ifndef SLIPROBE_SAMPLES_EVENT_DB_PRIVATE_H
#define SLIPROBE_SAMPLES_EVENT_DB_PRIVATE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum event_db_statement {
	EVENT_DB_PUT,
	EVENT_DB_SERVICE,
	EVENT_DB_ADD_SERVICE,
	EVENT_DB_OLD,
	EVENT_DB_LARGEST,
	EVENT_DB_OF_SERVICE,
	EVENT_DB_DROP,
	EVENT_DB_DROP_SERVICES,
	EVENT_DB_OLDEST,
	EVENT_DB_STATEMENTS,
};

struct event_db {
	sqlite3 *db;
	sqlite3_stmt *statements[EVENT_DB_STATEMENTS];
	char *path, *wal_path;
	dev_t device;
	ino_t inode;
	int64_t max_pages;
	int64_t events;
	unsigned int n_drops;
	bool damaged;
};

/* SQLite's code as -errno; damage is noted. */
int event_db_errno(struct event_db *db, int code);
int event_db_exec(struct event_db *db, const char *sql);
/* 1: a row; 0: the statement has ended, and is reset, as after -errno. */
int event_db_step(struct event_db *db, sqlite3_stmt *statement);
/* The number in the first row; without one *ret stays. */
int event_db_number(struct event_db *db, const char *sql, int64_t *ret);

#endif
