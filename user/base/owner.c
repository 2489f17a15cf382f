/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/privilege.h"

enum {
	OTHERS_WRITE = S_IWGRP | S_IWOTH,
	OWNER_MODE = S_IRUSR | S_IWUSR | S_IRGRP, /* of a file at most */
};

bool owner_is_ours(uid_t uid)
{
	struct privilege_user user;

	if (uid == 0 || uid == geteuid())
		return true;
	privilege_user(&user);
	return user.uid == uid;
}

const char *owner_no_file(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return NULL;
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

static void dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Whether it is empty, or has the agent's files in it. */
static bool is_for_the_agent(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(dir_close) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (!faccessat(dir_fd, "sliprobe.db", F_OK, AT_SYMLINK_NOFOLLOW))
		return true;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	}
	return true;
}

static int close_to_others(const char *dir, int fd, mode_t mode, say_fn *tell,
			   struct error *ret_error)
{
	mode &= 07777;
	if (mode & S_ISVTX) {
		tell("%s may be written to by others (mode %04o): they could put files of theirs where the "
		     "agent's are to be: give it a directory of its own",
		     dir, mode);
		return 0;
	}
	if (!is_for_the_agent(fd))
		return error_set(
			ret_error, -EPERM,
			"%.200s may be written to by others (mode %04o), and has other files "
			"in it: take that right away (chmod go-w), or name another directory "
			"(--state-dir, agent.state_dir)",
			dir, mode);
	if (fchmod(fd, mode & ~(mode_t)OTHERS_WRITE))
		return error_set(
			ret_error, -EPERM,
			"%.200s may be written to by others (mode %04o), and that cannot be "
			"changed (%s): chmod go-w",
			dir, mode, strerror(errno));
	tell("%s could be written to by others (mode %04o): its mode is %04o now", dir, mode,
	     mode & ~(mode_t)OTHERS_WRITE);
	return 0;
}

/* Who may rename what is in a directory above can put another one in its place. */
static void tell_above(const char *dir, say_fn *tell)
{
	_cleanup_free_ char *path = realpath(dir, NULL);
	struct stat status;
	char *slash;

	while (path && (slash = strrchr(path, '/'))) {
		slash[slash == path] = 0; /* "/" is the last */
		if (stat(path, &status))
			return;
		if (!owner_is_ours(status.st_uid) ||
		    (!(status.st_mode & S_ISVTX) &&
		     ((status.st_mode & S_IWOTH) ||
		      ((status.st_mode & S_IWGRP) && status.st_gid != 0)))) {
			tell("%s, above %s, may be changed by others (user %u, group %u, mode %04o): they "
			     "could put another directory in its place",
			     path, dir, status.st_uid, status.st_gid, status.st_mode & 07777);
			return;
		}
		if (slash == path)
			return;
	}
}

int owner_check_dir(const char *dir, say_fn *tell, struct error *ret_error)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && errno == ENOTDIR)
		return error_set(ret_error, -ENOTDIR,
				 "%.200s is no directory, or is below a file: name another "
				 "(--state-dir, agent.state_dir)",
				 dir);
	if (fd < 0)
		return 0; /* it is made, or told of, by who uses it */
	if (fstat(fd, &status))
		return error_set(ret_error, -errno, "%.200s: %s", dir, strerror(errno));
	if (!owner_is_ours(status.st_uid))
		return error_set(
			ret_error, -EPERM,
			"%.200s belongs to user %u, who could change the history: give it to "
			"root (chown root), or name another directory (--state-dir, "
			"agent.state_dir)",
			dir, status.st_uid);
	tell_above(dir, tell);
	if (status.st_mode & OTHERS_WRITE)
		return close_to_others(dir, fd, status.st_mode, tell, ret_error);
	return 0;
}

static void tighten(int dir_fd, const char *name)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) &&
	    status.st_mode & ~(mode_t)(S_IFREG | OWNER_MODE))
		fchmod(fd, status.st_mode & OWNER_MODE);
}

void owner_tighten(int dir_fd, const char *prefix)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(dir_close) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			tighten(dir_fd, entry->d_name);
	}
}
