/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_MAX = 8 };

static struct {
	struct {
		char *dir;
		int fd;
		char path[32];
	} kept[KEPT_MAX];
	size_t n;
	place_remove_fn *remove;
	void *context;
} place;

int place_keep(const char *dir, int fd)
{
	char *copy = place.n < KEPT_MAX ? strdup(dir) : NULL;

	if (!copy) {
		close(fd);
		return place.n < KEPT_MAX ? -ENOMEM : -ENOSPC;
	}
	place.kept[place.n].dir = copy;
	place.kept[place.n].fd = fd;
	snprintf(place.kept[place.n].path, sizeof(place.kept[place.n].path), "/proc/self/fd/%d",
		 fd);
	place.n++;
	return 0;
}

const char *place_path(const char *dir)
{
	for (size_t i = 0; i < place.n; i++) {
		if (strcmp(place.kept[i].dir, dir) != 0)
			continue;
		/*
		 * Others make an absolute name of a relative one, SQLite for one. access() looks
		 * without the capabilities of a process that is not root's.
		 */
		if (*dir != '/' || access(dir, W_OK | X_OK))
			return place.kept[i].path;
	}
	return dir;
}

void place_clear(void)
{
	while (place.n) {
		place.n--;
		close(place.kept[place.n].fd);
		free(place.kept[place.n].dir);
	}
}

void place_set_remover(place_remove_fn *fn, void *context)
{
	place.remove = fn;
	place.context = context;
}

static int removed(int result, const char *path)
{
	const int r = result ? -errno : 0;

	if ((r == -EACCES || r == -EPERM) && place.remove)
		return place.remove(place.context, path);
	return r;
}

int place_unlink(const char *path)
{
	return removed(unlink(path), path);
}

int place_rmdir(const char *path)
{
	return removed(rmdir(path), path);
}
