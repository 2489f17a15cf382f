/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories that stay in reach when this process gives up its rights. One below a directory that
 * it may then not search any more is reached by a descriptor that was opened before:
 * /proc/self/fd/N leads there without a look at the directories above (proc(5)).
 * For one thread, as the agent's loop.
 */
#ifndef SLIPROBE_BASE_PLACE_H
#define SLIPROBE_BASE_PLACE_H

/*
 * Keeps a directory that is open as `fd`, and takes the descriptor. `dir` is its name. Returns 0 or
 * -errno.
 */
int place_keep(const char *dir, int fd);

/*
 * What to begin the paths of files in `dir` with: `dir`, unless it is kept and cannot be reached by name
 * without a capability. Valid as long as it is kept or `dir` lives.
 */
const char *place_path(const char *dir);

/* Closes what is kept. */
void place_clear(void);

/* ---- names in directories that only another may write ---- */

/* Removes a file, or an empty directory, that it knows. Returns 0 or -errno. */
typedef int place_remove_fn(void *context, const char *path);

/* Who is asked where this process may not remove a name itself. NULL: nobody. */
void place_set_remover(place_remove_fn *fn, void *context);

/* As unlink(2) and rmdir(2). Each returns 0 or -errno. */
int place_unlink(const char *path);
int place_rmdir(const char *path);

#endif
