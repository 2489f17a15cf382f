/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void source_paths_clear(struct source_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->list[i]);
	free(paths->list);
	*paths = (struct source_paths){};
}

static int own_open(void *context, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	(void)context;
	return fd < 0 ? -errno : fd;
}

static int own_glob(void *context, const char *pattern, struct source_paths *ret)
{
	_cleanup_(globfree) glob_t found = {};
	_cleanup_(source_paths_clear) struct source_paths paths = {};
	int result = glob(pattern, 0, NULL, &found);

	(void)context;
	if (result == GLOB_NOSPACE)
		return -ENOMEM;
	/* a directory that cannot be read has no matches */
	if (!result && found.gl_pathc) {
		paths.list = calloc(found.gl_pathc, sizeof(*paths.list));
		if (!paths.list)
			return -ENOMEM;
		for (size_t i = 0; i < found.gl_pathc; i++) {
			paths.list[i] = strdup(found.gl_pathv[i]);
			if (!paths.list[i])
				return -ENOMEM;
			paths.n++;
		}
	}
	*ret = paths;
	paths = (struct source_paths){};
	return 0;
}

const struct source_ops source_own = {own_open, own_glob};

static struct {
	const struct source_ops *ops;
	void *context;
} source = {.ops = &source_own};

void source_set(const struct source_ops *ops, void *context)
{
	source.ops = ops ? ops : &source_own;
	source.context = context;
}

int source_open(const char *path)
{
	return source.ops->open(source.context, path);
}

int source_glob(const char *pattern, struct source_paths *ret)
{
	return source.ops->glob(source.context, pattern, ret);
}
