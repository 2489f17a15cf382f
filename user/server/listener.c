/* SPDX-License-Identifier: GPL-2.0-only */
#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/address.h"
#include "base/cleanup.h"
#include "base/place.h"

/* Makes the directories above `path`. */
static int make_parents(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
		*slash = 0;
		if (mkdir(copy, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/*
 * The lock decides who may remove and bind the socket. Its file is removed by the holder on the way
 * out, so one that was just locked could be gone from its path: then another is tried.
 */
static int lock_take(const char *lock_path)
{
	for (;;) {
		struct stat held, named;
		int r, fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &held)) {
			r = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
			close(fd);
			return r;
		}
		if (!stat(lock_path, &named) && named.st_dev == held.st_dev &&
		    named.st_ino == held.st_ino)
			return fd;
		close(fd);
	}
}

static int remove_stale(const char *path)
{
	struct stat stat;

	if (lstat(path, &stat))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(stat.st_mode))
		return -EEXIST; /* somebody's file: not ours to remove */
	return unlink(path) ? -errno : 0;
}

static int listen_at(const char *path, struct listener *listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct group *group = getgrnam("sliprobe");
	_cleanup_free_ char *copy = strdup(path);
	int r = copy ? remove_stale(path) : -ENOMEM;

	if (r)
		return r;
	memcpy(address.sun_path, path, strlen(path) + 1);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	/* before bind(): the file then never has a wider mode; the umask can narrow it, though */
	if (fchmod(listener->fd, 0660) ||
	    bind(listener->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	listener->path = TAKE_PTR(copy);
	if (chmod(path, 0660))
		return -errno;
	/* without root this may fail: then the group stays the process's own, which is no wider */
	if (group && chown(path, (uid_t)-1, group->gr_gid) && errno != EPERM)
		return -errno;
	return listen(listener->fd, SOMAXCONN) ? -errno : 0;
}

int listener_open(const char *path, struct listener *ret)
{
	_cleanup_(listener_close) struct listener listener = LISTENER_NONE;
	const size_t len = strlen(path);
	_cleanup_free_ char *lock_path = NULL;
	int r;

	if (len >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -ENAMETOOLONG;
	lock_path = malloc(len + sizeof(".lock"));
	if (!lock_path)
		return -ENOMEM;
	snprintf(lock_path, len + sizeof(".lock"), "%s.lock", path);
	r = make_parents(path);
	if (r)
		return r;
	r = lock_take(lock_path);
	if (r < 0)
		return r;
	listener.lock_fd = r;
	listener.lock_path = TAKE_PTR(lock_path);
	r = listen_at(path, &listener);
	if (r)
		return r;
	*ret = listener;
	listener = LISTENER_NONE;
	return 0;
}

static int listen_on(const struct sockaddr_storage *address, socklen_t len,
		     struct listener *listener)
{
	const int on = 1;

	listener->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return -errno;
	/* connections of the agent before, in TIME_WAIT, must not keep the port from this one */
	if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(listener->fd, (const struct sockaddr *)address, len) ||
	    listen(listener->fd, SOMAXCONN))
		return -errno;
	return 0;
}

int listener_open_tcp(const char *address, struct listener *ret)
{
	_cleanup_(listener_close) struct listener listener = LISTENER_NONE;
	struct sockaddr_storage storage;
	socklen_t len;
	int r = address_parse(address, &storage, &len);

	r = r ?: listen_on(&storage, len, &listener);
	if (r)
		return r;
	*ret = listener;
	listener = LISTENER_NONE;
	return 0;
}

void listener_unlink(struct listener *listener)
{
	if (listener->path)
		place_unlink(listener->path);
	free(listener->path);
	listener->path = NULL;
}

void listener_close(struct listener *listener)
{
	listener_unlink(listener);
	if (listener->fd >= 0)
		close(listener->fd);
	/* the lock goes last, and its file while it is held */
	if (listener->lock_path)
		place_unlink(listener->lock_path);
	if (listener->lock_fd >= 0)
		close(listener->lock_fd);
	free(listener->lock_path);
	*listener = LISTENER_NONE;
}
