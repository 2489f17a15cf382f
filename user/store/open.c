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

#define GOES_ON "counting goes on, but no history is kept"

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

/* Sets store->lock_fd. Returns 0 or -errno. */
static int open_lock(struct store *store, int flags)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/lock", store->dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	store->lock_fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	return store->lock_fd < 0 ? -errno : 0;
}

static int take_lock(struct store *store, struct error *ret_notice)
{
	char text[32];
	int n, r;

	r = open_lock(store, O_RDWR | O_CREAT);
	if (r)
		return error_set(ret_notice, r, "%.200s cannot be written to (%s): " GOES_ON,
				 store->dir, strerror(-r));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		long pid = lock_owner(store->lock_fd);

		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (r == -EBUSY && pid > 0)
			return error_set(ret_notice, r, "%.200s is in use by process %ld: " GOES_ON,
					 store->dir, pid);
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
				 store->path, found->text);
	if (r == -ENOSPC)
		return error_set(ret_notice, r, "%.200s: no space left on its disk: " GOES_ON,
				 store->path);
	if (r == -EROFS || r == -EACCES || r == -EPERM)
		return error_set(ret_notice, r, "%.200s cannot be written (%s): " GOES_ON,
				 store->path, strerror(-r));
	if (*found->text)
		return error_set(ret_notice, r, "%.200s cannot be opened (%s; %.100s): " GOES_ON,
				 store->path, strerror(-r), found->text);
	return error_set(ret_notice, r, "%.200s cannot be opened (%s): " GOES_ON, store->path,
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
	r = store_set_aside(store->dir, name);
	if (r)
		return error_set(
			ret_notice, r,
			"%.200s is damaged (%.100s) and cannot be set aside (%s): " GOES_ON,
			store->path, found->text, strerror(-r));
	r = look_and_connect(store, &again);
	if (r)
		return refuse(store, r, &again, ret_notice);
	return error_set(ret_notice, 0,
			 "%.200s is damaged (%.100s) and was set aside as %s: history before now "
			 "is gone; counting goes on in a new one",
			 store->path, found->text, name);
}

static int open_database(struct store *store, struct error *ret_notice)
{
	struct error found = {};
	int r = look_and_connect(store, &found);

	if (r == -EUCLEAN)
		return start_afresh(store, &found, ret_notice);
	return r ? refuse(store, r, &found, ret_notice) : 0;
}

/* A lock file that is missing is held by nobody. */
static int take_lock_to_read(struct store *store)
{
	int r = open_lock(store, O_RDONLY);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int set_paths(struct store *store, const char *dir)
{
	store->dir = strdup(dir);
	if (asprintf(&store->path, "%s/sliprobe.db", dir) < 0)
		store->path = NULL;
	if (asprintf(&store->wal_path, "%s/sliprobe.db-wal", dir) < 0)
		store->wal_path = NULL;
	return store->dir && store->path && store->wal_path ? 0 : -ENOMEM;
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
	store->lock_fd = -1;
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
	r = make_dir(store->dir);
	if (r)
		return error_set(ret_notice, r, "%.200s cannot be made (%s): " GOES_ON, dir,
				 strerror(-r));
	r = take_lock(store, ret_notice);
	if (r)
		return r;
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
	free(store->dir);
	free(store->path);
	free(store->wal_path);
	free(store);
}
