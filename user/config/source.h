/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the files of a configuration come from: the main file, those of slo_files, url_file and
 * header_file. All of them are found and opened here and nowhere else, so that an agent that may not
 * open them itself any more can put somebody in its place who may.
 */
#ifndef SLIPROBE_CONFIG_SOURCE_H
#define SLIPROBE_CONFIG_SOURCE_H

#include <stddef.h>

/* Paths that were found, in order of their names. */
struct source_paths {
	char **list;
	size_t n;
};

void source_paths_clear(struct source_paths *paths);

struct source_ops {
	/*
	 * Opens for reading, without waiting for anybody at its other end (O_NONBLOCK), closed on exec. Returns
	 * the descriptor, which the caller owns, or -errno.
	 */
	int (*open)(void *context, const char *path);
	/*
	 * The paths that a pattern of glob(3) matches: none is no failure. Returns 0 or -errno; the caller
	 * clears *ret.
	 */
	int (*glob)(void *context, const char *pattern, struct source_paths *ret);
};

/*
 * From now on `ops` opens and finds; NULL: this process does, as at first. *ops must live as long. Not for
 * several threads.
 */
void source_set(const struct source_ops *ops, void *context);

/* As in struct source_ops. */
int source_open(const char *path);
int source_glob(const char *pattern, struct source_paths *ret);

/* How this process does it itself: for who stands in. */
extern const struct source_ops source_own;

#endif
