/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens and closes a store: its directory, its lock, and the sentences for the operator. */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/owner.h"
#include "base/place.h"

#define GOES_ON "counting goes on, but no history is kept"

static char *strdup_in(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Makes the directory, and those above it. */
static int make_dir(char *dir)
{
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = mkdir(dir, 0755) < 0 ? errno : 0;
		*slash = '/';
		if (r && r != EEXIST && r != EROFS && r != EACCES)
			return -r;
	}
	return mkdir(dir, 0750) < 0 && errno != EEXIST ? -errno : 0;
}

/* The process id in the lock file; 0 if there is none. */
static long lock_owner(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n > 0 ? strtol(text, NULL, 10) : 0;
}

/* Sets store->lock_fd. Returns 0 or -errno; -ENOTSUP if that is no file of ours. */
static int open_lock(struct store *store, int flags)
{
	_cleanup_free_ char *path = strdup_in(store->place, "lock");
	struct stat status;

	if (!path)
		return -ENOMEM;
	store->lock_fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (store->lock_fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -ENOTSUP : -errno;
	if (fstat(store->lock_fd, &status))
		return -errno;
	return S_ISREG(status.st_mode) ? 0 : -ENOTSUP;
}

/*
 * The directory itself: its lock holds on a disk that is read-only, and when the lock file is removed. A network
 * file system may not have it. Returns 0 or -EBUSY.
 */
static int lock_dir(struct store *store)
{
	store->dir_fd = open(store->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0)
		return 0;
	return flock(store->dir_fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK ? -EBUSY : 0;
}

static int refuse_second(const struct store *store, struct error *ret_notice)
{
	long pid = store->lock_fd >= 0 ? lock_owner(store->lock_fd) : 0;

	if (pid > 0)
		return error_set(ret_notice, -EBUSY,
				 "%.200s is in use by process %ld: one state directory serves one "
				 "agent: stop that one, or give this one another (--state-dir, "
				 "agent.state_dir)",
				 store->dir, pid);
	return error_set(
		ret_notice, -EBUSY,
		"%.200s is locked by another process: one state directory serves one agent: "
		"give this one another (--state-dir, agent.state_dir)",
		store->dir);
}

static int take_lock(struct store *store, struct error *ret_notice)
{
	int busy = lock_dir(store);
	char text[32];
	int n, r = open_lock(store, O_RDWR | O_CREAT);

	if (busy)
		return refuse_second(store, ret_notice);
	if (r == -ENOTSUP)
		return error_set(ret_notice, r,
				 "%.200s/lock is no regular file: " GOES_ON " (remove it)",
				 store->dir);
	if (r)
		return error_set(ret_notice, r, "%.200s cannot be written to (%s): " GOES_ON,
				 store->dir, strerror(-r));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		if (r == -EWOULDBLOCK)
			return refuse_second(store, ret_notice);
		return error_set(ret_notice, r, "%.200s cannot be locked (%s): " GOES_ON,
				 store->dir, strerror(-r));
	}
	/* the id is only for people to read: no reason to fail */
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(store->lock_fd, 0) < 0 || pwrite(store->lock_fd, text, (size_t)n, 0) < n)
		return 0;
	return 0;
}

/* Says why the database could not be opened, and returns `r`. */
static int refuse(const struct store *store, int r, const struct error *found,
		  struct error *ret_notice)
{
	if (r == -ENOTSUP)
		return error_set(ret_notice, r,
				 "%.200s %s and was left as it is: " GOES_ON
				 " (move the file away to begin a new one)",
				 store->name, found->text);
	if (r == -ENOSPC)
		return error_set(ret_notice, r, "%.200s: no space left on its disk: " GOES_ON,
				 store->name);
	if (r == -EROFS || r == -EACCES || r == -EPERM)
		return error_set(ret_notice, r, "%.200s cannot be written (%s): " GOES_ON,
				 store->name, strerror(-r));
	if (*found->text)
		return error_set(ret_notice, r, "%.200s cannot be opened (%s; %.100s): " GOES_ON,
				 store->name, strerror(-r), found->text);
	return error_set(ret_notice, r, "%.200s cannot be opened (%s): " GOES_ON, store->name,
			 strerror(-r));
}

static int look_and_connect(struct store *store, struct error *ret_found)
{
	int r = store_look(store->path, store->wal_path, ret_found);

	return r ?: store_connect(store, ret_found);
}

static int start_afresh(struct store *store, const struct error *found, struct error *ret_notice)
{
	struct error again = {};
	char name[64];
	int r;

	store_disconnect(store);
	r = store_set_aside(store->place, name);
	if (r)
		return error_set(
			ret_notice, r,
			"%.200s is damaged (%.100s) and cannot be set aside (%s): " GOES_ON,
			store->name, found->text, strerror(-r));
	r = look_and_connect(store, &again);
	if (r)
		return refuse(store, r, &again, ret_notice);
	return error_set(ret_notice, 0,
			 "%.200s is damaged (%.100s) and was set aside as %s: history before now "
			 "is gone; counting goes on in a new one",
			 store->name, found->text, name);
}

/* A backup may have linked it: it is used, but who restores from that must know. */
static void notice_other_names(const struct store *store, struct error *ret_notice)
{
	struct stat status;

	if (!*ret_notice->text && !stat(store->path, &status) && status.st_nlink > 1)
		error_set(
			ret_notice, 0,
			"%.200s is the same file as %lu other (hard links): what is written to the one "
			"is written to the other: a backup must copy it",
			store->name, (unsigned long)status.st_nlink - 1);
}

static int open_database(struct store *store, struct error *ret_notice)
{
	struct error found = {};
	char name[64];
	int r = store_clear_aliens(store, &found, name);

	if (r < 0)
		return refuse(store, r, &found, ret_notice);
	if (r)
		error_set(ret_notice, 0, "%.200s%.100s, and was set aside as %s", store->name,
			  found.text, name);
	found.text[0] = 0;
	r = look_and_connect(store, &found);
	if (r == -EUCLEAN)
		return start_afresh(store, &found, ret_notice);
	if (r)
		return refuse(store, r, &found, ret_notice);
	notice_other_names(store, ret_notice);
	return 0;
}

/* A lock file that is missing is held by nobody. */
static int take_lock_to_read(struct store *store)
{
	int r = lock_dir(store) ?: open_lock(store, O_RDONLY);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int set_paths(struct store *store, const char *dir)
{
	store->dir = strdup(dir);
	store->place = strdup(place_path(dir));
	if (!store->dir || !store->place)
		return -ENOMEM;
	store->name = strdup_in(dir, "sliprobe.db");
	store->path = strdup_in(store->place, "sliprobe.db");
	store->wal_path = strdup_in(store->place, "sliprobe.db-wal");
	return store->name && store->path && store->wal_path ? 0 : -ENOMEM;
}

static void close_store_at(struct store **store)
{
	store_close(*store);
}

static int store_new(const char *dir, struct store **ret)
{
	_cleanup_(close_store_at) struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	store->lock_fd = store->dir_fd = -1;
	store->housekept_seconds = -INFINITY;
	r = set_paths(store, dir);
	if (r)
		return r;
	*ret = TAKE_PTR(store);
	return 0;
}

int store_open_to_read(const char *dir, struct store **ret)
{
	_cleanup_(close_store_at) struct store *store = NULL;
	struct error found;
	int r = store_new(dir, &store);

	r = r ?: take_lock_to_read(store);
	if (!r && store_has_aliens(store))
		r = -ENOTSUP;
	r = r ?: store_look_to_read(store->path, store->wal_path, &found);
	if (r)
		return r;
	r = store_connect_to_read(store);
	if (r)
		return r == -EBUSY ? -EAGAIN : r;
	*ret = TAKE_PTR(store);
	return 0;
}

int store_open(const char *dir, struct store **ret, struct error *ret_notice)
{
	_cleanup_(close_store_at) struct store *store = NULL;
	int r;

	*ret_notice = (struct error){};
	r = store_new(dir, &store);
	if (r)
		return r;
	r = make_dir(store->place);
	if (r)
		return error_set(ret_notice, r, "%.200s cannot be made (%s): " GOES_ON, dir,
				 strerror(-r));
	r = take_lock(store, ret_notice);
	if (r)
		return r;
	if (store->dir_fd >= 0) {
		owner_tighten(store->dir_fd, "sliprobe.db");
		owner_tighten(store->dir_fd, "lock");
	}
	r = open_database(store, ret_notice);
	if (r)
		return r == -EBUSY ? -EAGAIN : r;
	*ret = TAKE_PTR(store);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_disconnect(store);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store->dir);
	free(store->name);
	free(store->place);
	free(store->path);
	free(store->wal_path);
	free(store);
}
