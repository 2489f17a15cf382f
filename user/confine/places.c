/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/place.h"
#include "kernel/pins.h"

/* The directory of samples, and what begins the names of the files in it. */
#define SAMPLES "samples"

/* Makes a directory and those above it. */
static void make_dirs(const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return;
	for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		mkdir(copy, 0755);
		*slash = '/';
	}
	mkdir(copy, mode);
}

/* ---- giving ---- */

/* Root's alone may be given away: whoever owns a file already keeps it. */
static int give_fd(const struct privilege_user *user, int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid == user->uid)
		return 0;
	if (status.st_uid ||
	    (!S_ISDIR(status.st_mode) && (!S_ISREG(status.st_mode) || status.st_nlink != 1)))
		return -EPERM;
	return fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) ? -errno : 0;
}

/*
 * The group stays, and may look into it: the keeper has root's group, but no capability, and the configuration
 * may be in there.
 */
static int give_dir(const struct privilege_user *user, int fd)
{
	const struct privilege_user owner = {user->uid, (gid_t)-1};
	struct stat status;
	int r = give_fd(&owner, fd);

	if (!r && !fstat(fd, &status) && !status.st_gid)
		fchmod(fd, (status.st_mode & 07777) | S_IRGRP | S_IXGRP);
	return r;
}

static void give_entry(const struct privilege_user *user, int dir_fd, const char *name)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		give_fd(user, fd);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The entries whose names begin with one of the prefixes. */
static void give_entries(const struct privilege_user *user, int dir_fd, const char *const *prefixes)
{
	const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_dir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		close_descriptor_at(&fd);
		return;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		for (size_t i = 0; prefixes[i]; i++) {
			if (!strncmp(entry->d_name, prefixes[i], strlen(prefixes[i]))) {
				give_entry(user, dir_fd, entry->d_name);
				break;
			}
		}
	}
}

/* Whether an agent holds the lock. */
static bool is_in_use(int dir_fd, const char *lock)
{
	_cleanup_close_ int fd =
		openat(dir_fd, lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

/* ---- the places ---- */

static int open_dir(int dir_fd, const char *path, int flags)
{
	return openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static int keep(const char *dir, int fd)
{
	int r = place_keep(dir, fd);

	return r == -ENOMEM ? r : 0;
}

/*
 * A directory that has others' directories in it, or that others write to, is not the agent's alone, such as
 * /tmp or /var/lib.
 */
static bool is_the_agents(int dir_fd)
{
	const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(close_dir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat status;

	if (!dir) {
		close_descriptor_at(&fd);
		return false;
	}
	if (fstat(fd, &status) || status.st_mode & (S_ISVTX | S_IWOTH | S_IWGRP))
		return false;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, SAMPLES) != 0 &&
		    strncmp(entry->d_name, "sliprobe.db", 11) != 0 &&
		    strcmp(entry->d_name, "lost+found") != 0 &&
		    !fstatat(dir_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) &&
		    S_ISDIR(status.st_mode))
			return false;
	}
	return true;
}

/* What is in the one directory below it. */
static void give_samples(const struct privilege_user *user, int state_fd)
{
	static const char *const names[] = {SAMPLES ".", NULL};
	_cleanup_close_ int fd = open_dir(state_fd, SAMPLES, O_NOFOLLOW);
	struct stat status;

	if (fd >= 0 && !fstat(fd, &status) && status.st_uid == user->uid)
		give_entries(user, fd, names);
}

static int give_state(const struct privilege_user *user, const char *dir)
{
	static const char *const names[] = {"sliprobe.db", SAMPLES, "lock", NULL};
	int fd;

	make_dirs(dir, 0750);
	fd = open_dir(AT_FDCWD, dir, 0);
	if (fd < 0)
		return 0;
	if (is_the_agents(fd) && !is_in_use(fd, "lock") && !give_dir(user, fd))
		give_entries(user, fd, names);
	give_samples(user, fd);
	return keep(dir, fd);
}

static int give_notes(const struct privilege_user *user, const struct pins_names *names)
{
	const char *const dir = pins_dirs_host.notes, *const lock = strrchr(names->lock, '/') + 1;
	const char *const prefixes[] = {lock, names->notes_prefix, NULL};
	int fd;

	mkdir(dir, 0755);
	fd = open_dir(AT_FDCWD, dir, O_NOFOLLOW);
	if (fd < 0)
		return 0;
	if (!give_dir(user, fd) && !is_in_use(fd, lock))
		give_entries(user, fd, prefixes);
	return keep(dir, fd);
}

static int give_pins(const struct privilege_user *user, const struct pins_names *names)
{
	static const char *const all[] = {"", NULL};
	const char *const root = pins_dirs_host.pins, *const key = strrchr(names->dir, '/') + 1;
	_cleanup_close_ int fd = -1;
	struct error error;
	int root_fd;

	if (pins_dirs_host.mount(&error))
		return 0;
	mkdir(root, 0700);
	root_fd = open_dir(AT_FDCWD, root, O_NOFOLLOW);
	if (root_fd < 0)
		return 0;
	give_dir(user, root_fd);
	fd = open_dir(root_fd, key, O_NOFOLLOW);
	if (fd >= 0 && !is_in_use(AT_FDCWD, names->lock) && !give_dir(user, fd))
		give_entries(user, fd, all);
	return keep(root, root_fd);
}

int places_give(const struct privilege_user *user, const char *state_dir)
{
	struct pins_names names;
	int r;

	r = give_state(user, state_dir);
	/* the state directory's real path decides: it is there now */
	pins_names(&pins_dirs_host, state_dir, &names);
	r = r ?: give_notes(user, &names);
	return r ?: give_pins(user, &names);
}
