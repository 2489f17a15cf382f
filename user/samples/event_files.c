/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/event_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/owner.h"

static const char *const suffixes[] = {"-journal", "-shm", "-wal", ""};

enum { N_SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]), NAME_BYTES = 64 };

static int open_dir(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int look_at(int dir_fd, const char *suffix, struct error *ret_found)
{
	char name[NAME_BYTES];
	struct stat status;
	const char *what;

	snprintf(name, sizeof(name), EVENT_FILES_NAME "%s", suffix);
	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	what = owner_no_file(status.st_mode);
	if (what)
		return error_set(ret_found, -EUCLEAN, "%s is %s", name, what);
	if (!owner_is_ours(status.st_uid))
		return error_set(ret_found, -EUCLEAN, "%s is a file of user %u", name,
				 status.st_uid);
	if (status.st_nlink > 1)
		return error_set(ret_found, -EUCLEAN, "%s is another file, too, by a hard link",
				 name);
	return 0;
}

int event_files_look(const char *dir, struct error *ret_found)
{
	_cleanup_close_ int dir_fd = open_dir(dir);
	int r = dir_fd < 0 ? -errno : 0;

	for (size_t i = 0; i < N_SUFFIXES && !r; i++)
		r = look_at(dir_fd, suffixes[i], ret_found);
	if (!r) {
		/* SQLite would make one that all may read */
		_cleanup_close_ int fd =
			openat(dir_fd, EVENT_FILES_NAME,
			       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);

		r = fd < 0 ? -errno : 0;
	}
	return r;
}

/* A directory is in the way of a file's rename, and stays. */
int event_files_set_aside(const char *dir)
{
	_cleanup_close_ int dir_fd = open_dir(dir);

	if (dir_fd < 0)
		return -errno;
	/* the database last: while it is there, the next opening does all of this again */
	for (size_t i = 0; i < N_SUFFIXES; i++) {
		char from[NAME_BYTES], to[NAME_BYTES];

		snprintf(from, sizeof(from), EVENT_FILES_NAME "%s", suffixes[i]);
		snprintf(to, sizeof(to), EVENT_FILES_ASIDE "%s", suffixes[i]);
		if (unlinkat(dir_fd, to, 0) && errno == EISDIR)
			unlinkat(dir_fd, to, AT_REMOVEDIR);
		if (renameat(dir_fd, from, dir_fd, to) && errno != ENOENT)
			return -errno;
	}
	return 0;
}
