/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's files as bytes: looks at them before SQLite touches them, watches them while they are
 * open, and sets damaged ones aside.
 * Formats: https://www.sqlite.org/fileformat2.html, sections 1.3 (header), 1.6 (b-tree pages) and
 * 4.1 (WAL).
 */
#include "store/db.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/owner.h"

#define DATABASE "sliprobe.db"
#define DAMAGED DATABASE ".damaged-"

enum {
	DAMAGED_KEPT = 3,
	HEADER_BYTES = 100,
	HEADER_USER_VERSION = 60, /* offsets */
	HEADER_APPLICATION_ID = 68,
	PAGE_HEADER_BYTES = 8,
	PAGE_CELLS = 3, /* offset of their number, 16 bit */
	WAL_HEADER_WORDS = STORE_WAL_HEADER_BYTES / 4,
	WAL_MAGIC = 0x377f0682, /* the last bit says whether checksums are of big-endian words */
	BTREE_LEAF_TABLE = 13,
	/* what may have been put in a file's place is neither waited for nor followed */
	LOOK = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
};

static const char magic[16] = "SQLite format 3";

static uint32_t big_endian(const unsigned char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return be32toh(word);
}

int store_judge(const struct store_identity *identity, struct error *ret_found)
{
	if (!identity->has_tables)
		return 0;
	if (identity->application_id != STORE_APPLICATION_ID)
		return error_set(ret_found, -ENOTSUP,
				 "is the database of another application (id %#x, not sliprobe's "
				 "%#x)",
				 identity->application_id, (unsigned int)STORE_APPLICATION_ID);
	if (identity->version > STORE_VERSION)
		return error_set(ret_found, -ENOTSUP,
				 "was written by a newer sliprobe (schema version %u, this one "
				 "knows up to %u)",
				 identity->version, (unsigned int)STORE_VERSION);
	return 0;
}

/* Compares the checksum (section 4.2) of the header's words but the last two, which have it. */
static bool wal_header_holds(const unsigned char header[4 * WAL_HEADER_WORDS])
{
	bool big = big_endian(header) & 1;
	uint32_t a = 0, b = 0;

	for (size_t i = 0; i < WAL_HEADER_WORDS - 2; i += 2) {
		uint32_t words[2];

		memcpy(words, header + 4 * i, sizeof(words));
		a += (big ? be32toh(words[0]) : le32toh(words[0])) + b;
		b += (big ? be32toh(words[1]) : le32toh(words[1])) + a;
	}
	return a == big_endian(header + 24) && b == big_endian(header + 28);
}

/*
 * SQLite takes a WAL with a bad header for an empty one, and loses its steps. A checkpoint may have
 * been half done, too: the database cannot be trusted. A WAL of zeros, or shorter than a header,
 * was never committed to.
 */
static int look_at_wal(const char *path, struct error *ret_found)
{
	static const unsigned char zeros[4 * WAL_HEADER_WORDS];
	unsigned char header[4 * WAL_HEADER_WORDS];
	_cleanup_close_ int fd = open(path, LOOK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (pread(fd, header, sizeof(header), 0) < (ssize_t)sizeof(header))
		return 0;
	if (!memcmp(header, zeros, sizeof(header)))
		return 0;
	if ((big_endian(header) & ~1U) == WAL_MAGIC && wal_header_holds(header))
		return 0;
	return error_set(ret_found, -EUCLEAN, "has a write-ahead log that is damaged");
}

/* The WAL's size, or 0 without a whole header. It has no locks that the close would drop. */
static off_t read_wal(const char *path, unsigned char ret_header[static STORE_WAL_HEADER_BYTES])
{
	_cleanup_close_ int fd = open(path, LOOK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 ||
	    pread(fd, ret_header, STORE_WAL_HEADER_BYTES, 0) < STORE_WAL_HEADER_BYTES)
		return 0;
	return status.st_size;
}

/* SQLite goes on where the WAL should end, so that a part cut off becomes a hole of zeros. */
bool store_wal_torn(const struct store *store)
{
	unsigned char header[STORE_WAL_HEADER_BYTES];
	off_t bytes = read_wal(store->wal_path, header);

	if (!bytes)
		return false;
	if (!memcmp(header, store->wal_header, sizeof(header)))
		return bytes < store->wal_bytes;
	return (big_endian(header) & ~1U) != WAL_MAGIC || !wal_header_holds(header);
}

void store_note_wal(struct store *store)
{
	store->wal_bytes = read_wal(store->wal_path, store->wal_header);
}

bool store_vanished(const struct store *store)
{
	struct stat file, wal;

	if (stat(store->path, &file) < 0 || stat(store->wal_path, &wal) < 0)
		return true;
	return file.st_dev != store->device || file.st_ino != store->inode ||
	       wal.st_ino != store->wal_inode || file.st_size < store->least_bytes ||
	       store->wal_torn || store_wal_torn(store);
}

uint64_t store_bytes(const struct store *store)
{
	struct stat file, wal;
	uint64_t bytes = 0;

	if (!stat(store->path, &file))
		bytes += (uint64_t)file.st_size;
	if (!stat(store->wal_path, &wal))
		bytes += (uint64_t)wal.st_size;
	return bytes;
}

/* flags may have O_CREAT: SQLite would make a file that all may read. */
static int look_at_database(const char *path, int flags, struct error *ret_found)
{
	unsigned char header[HEADER_BYTES + PAGE_HEADER_BYTES];
	const unsigned char *page = header + HEADER_BYTES;
	struct store_identity identity;
	_cleanup_close_ int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	/* root's, put there: one that is no database is set aside all the same */
	const bool denied = fd < 0 && errno == EACCES;

	if (denied)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (pread(fd, header, sizeof(header), 0) < (ssize_t)sizeof(header) ||
	    memcmp(header, magic, sizeof(magic)) != 0)
		return 0; /* it is new, or SQLite will refuse it */
	identity = (struct store_identity){
		.application_id = big_endian(header + HEADER_APPLICATION_ID),
		.version = big_endian(header + HEADER_USER_VERSION),
		.has_tables =
			page[0] != BTREE_LEAF_TABLE || page[PAGE_CELLS] || page[PAGE_CELLS + 1],
	};
	return store_judge(&identity, ret_found) ?: (denied ? -EACCES : 0);
}

/* Whether the file at the path may be opened: a link would lead to another, and its WAL be beside that. */
static int look_at_owner(const char *path, struct error *ret_found)
{
	struct stat status;
	const char *what;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	what = owner_no_file(status.st_mode);
	if (S_ISLNK(status.st_mode))
		return error_set(ret_found, -ENOTSUP, "is %s, which is not followed", what);
	if (what)
		return error_set(ret_found, -EUCLEAN, "is %s, not a database", what);
	if (!owner_is_ours(status.st_uid))
		return error_set(ret_found, -ENOTSUP, "is a file of user %u, not the agent's",
				 status.st_uid);
	return 0;
}

static int look(const char *path, const char *wal_path, int flags, struct error *ret_found)
{
	int r = look_at_owner(path, ret_found);

	r = r ?: look_at_database(path, flags, ret_found);
	return r ?: look_at_wal(wal_path, ret_found);
}

int store_look(const char *path, const char *wal_path, struct error *ret_found)
{
	return look(path, wal_path, O_RDWR | O_CREAT, ret_found);
}

int store_look_to_read(const char *path, const char *wal_path, struct error *ret_found)
{
	return look(path, wal_path, O_RDONLY, ret_found);
}

/* -1: not the name of a file that was set aside */
static long long damaged_time(const char *name)
{
	char *end;
	long long t;

	if (strncmp(name, DAMAGED, strlen(DAMAGED)) != 0)
		return -1;
	name += strlen(DAMAGED);
	if (*name < '0' || *name > '9')
		return -1;
	t = strtoll(name, &end, 10);
	if (*end && strcmp(end, "-wal") != 0 && strcmp(end, "-shm") != 0 &&
	    strcmp(end, "-journal") != 0)
		return -1;
	return t;
}

static void dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The newest time before `before`, -1 if there is none. */
static long long newest_damaged(int dir_fd, long long before)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(dir_close) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	long long newest = -1;
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while ((entry = readdir(dir))) {
		long long t = damaged_time(entry->d_name);

		if (t < before && t > newest)
			newest = t;
	}
	return newest;
}

static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

/* A directory that is not empty stays, as it was not ours. */
static void remove_damaged(int dir_fd, long long t)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char name[96];

		snprintf(name, sizeof(name), DAMAGED "%lld%s", t, suffixes[i]);
		if (unlinkat(dir_fd, name, 0) < 0 && errno == EISDIR)
			unlinkat(dir_fd, name, AT_REMOVEDIR);
	}
}

static void keep_newest(int dir_fd)
{
	long long t = INT64_MAX;

	for (size_t i = 0; (t = newest_damaged(dir_fd, t)) >= 0; i++) {
		if (i >= DAMAGED_KEPT)
			remove_damaged(dir_fd, t);
	}
}

/* A time at which nothing was set aside. */
static long long free_time(int dir_fd)
{
	long long now = (long long)time(NULL), newest = newest_damaged(dir_fd, INT64_MAX);

	return newest >= now ? newest + 1 : now;
}

/* What is wrong with it, "" if nothing. hard links: of a file that SQLite would write to unseen. */
static void judge_beside(const struct stat *status, const char *suffix, char *ret, size_t size)
{
	const char *what = owner_no_file(status->st_mode);

	if (what)
		snprintf(ret, size, "%s is %s", suffix, what);
	else if (!owner_is_ours(status->st_uid))
		snprintf(ret, size, "%s is a file of user %u", suffix, status->st_uid);
	else if (status->st_nlink > 1 && strcmp(suffix, "-wal") != 0)
		snprintf(ret, size, "%s is another file, too, by a hard link", suffix);
	else
		*ret = 0;
}

bool store_has_aliens(const struct store *store)
{
	for (size_t i = 1; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		_cleanup_free_ char *path = NULL;
		struct stat status;
		char what[96];

		if (asprintf(&path, "%s%s", store->path, suffixes[i]) < 0) {
			path = NULL;
			return true;
		}
		if (lstat(path, &status) < 0)
			continue;
		judge_beside(&status, suffixes[i], what, sizeof(what));
		if (*what)
			return true;
	}
	return false;
}

int store_clear_aliens(struct store *store, struct error *ret_found, char ret_name[static 64])
{
	_cleanup_close_ int dir_fd = open(store->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long long t;
	int n = 0;

	if (dir_fd < 0)
		return -errno;
	t = free_time(dir_fd);
	for (size_t i = 1; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char from[64], to[96], what[96];
		struct stat status;

		snprintf(from, sizeof(from), DATABASE "%s", suffixes[i]);
		if (fstatat(dir_fd, from, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		judge_beside(&status, suffixes[i], what, sizeof(what));
		if (!*what)
			continue;
		snprintf(to, sizeof(to), DAMAGED "%lld%s", t, suffixes[i]);
		if (renameat(dir_fd, from, dir_fd, to) < 0)
			return error_set(ret_found, -errno, "%s", what);
		if (!n++) {
			error_set(ret_found, 0, "%s", what);
			snprintf(ret_name, 64, "%.63s", to);
		}
	}
	store->tampered = n > 0;
	if (n)
		keep_newest(dir_fd);
	return n > 0;
}

int store_set_aside(const char *dir, char ret_name[static 64])
{
	_cleanup_close_ int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long long t;

	if (dir_fd < 0)
		return -errno;
	t = free_time(dir_fd);
	/* the database last: while it is there, the next opening does all of this again */
	for (size_t i = sizeof(suffixes) / sizeof(suffixes[0]); i-- > 0;) {
		char from[64], to[96];

		snprintf(from, sizeof(from), DATABASE "%s", suffixes[i]);
		snprintf(to, sizeof(to), DAMAGED "%lld%s", t, suffixes[i]);
		if (renameat(dir_fd, from, dir_fd, to) < 0 && errno != ENOENT)
			return -errno;
	}
	if (fsync(dir_fd) < 0)
		return -errno;
	keep_newest(dir_fd);
	snprintf(ret_name, 64, DAMAGED "%lld", t);
	return 0;
}
