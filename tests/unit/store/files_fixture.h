/* SPDX-License-Identifier: GPL-2.0-only */
/* A database and its files as bytes, to be spoiled, replaced and compared. */
#ifndef SLIPROBE_TESTS_FILES_FIXTURE_H
#define SLIPROBE_TESTS_FILES_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>

#include "store/db.h"
#include "tests/unit/store/store_fixture.h"

/* A database with enough in it to have inner pages, closed. */
static inline void make_database(void)
{
	struct store *store = open_good();

	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put_value(store, "kept", "yes"), 0);
	for (int64_t end = 10; end <= 20000; end += 10)
		assert_int_equal(store_put_bucket(store, 1, STORE_EVENTS, SLO_TIER_10S, end,
						  (struct slo_events){1, 1}),
				 0);
	assert_int_equal(store_commit(store), 0);
	store_close(store);
}

static inline void sql(const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), 0);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), 0);
	sqlite3_close(db);
}

static inline void write_at(const char *path, off_t offset, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0640);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, offset), len);
	close(fd);
}

struct bytes {
	size_t len;
	char *data;
};

static inline struct bytes read_file(const char *path)
{
	struct bytes bytes = {};
	struct stat status;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	bytes.len = (size_t)status.st_size;
	bytes.data = malloc(bytes.len + 1);
	assert_int_equal(fread(bytes.data, 1, bytes.len, file), bytes.len);
	fclose(file);
	return bytes;
}

static inline void assert_same(const char *path, struct bytes expected)
{
	struct bytes now = read_file(path);

	assert_int_equal(now.len, expected.len);
	assert_memory_equal(now.data, expected.data, now.len);
	free(now.data);
}

/* Names that were set aside, without the database's companions. */
static inline size_t count_aside(char ret_newest[static 64])
{
	DIR *dir = opendir(state_dir);
	struct dirent *entry;
	size_t n = 0;

	*ret_newest = '\0';
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "sliprobe.db.damaged-", 20) != 0 ||
		    strchr(entry->d_name + 20, '-'))
			continue;
		n++;
		if (!*ret_newest ||
		    strtoll(entry->d_name + 20, NULL, 10) > strtoll(ret_newest + 20, NULL, 10))
			snprintf(ret_newest, 64, "%.63s", entry->d_name);
	}
	closedir(dir);
	return n;
}

/* The files as they are while the store is open, with a WAL. */
static inline void copy_open_files(struct store *store)
{
	char path[128], wal_path[128];
	struct bytes file = read_file(database), wal;

	snprintf(wal_path, sizeof(wal_path), "%s-wal", database);
	wal = read_file(wal_path);
	assert_true(wal.len > 4096);
	store_close(store);
	snprintf(path, sizeof(path), "%s", database);
	unlink(path);
	write_at(path, 0, file.data, file.len);
	write_at(wal_path, 0, wal.data, wal.len);
	free(file.data);
	free(wal.data);
}

#endif
