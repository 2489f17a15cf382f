/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another process, looked at by its directory in /proc: held open, that is of this one process for good, whoever gets
 * its number afterwards. And the files that it has mapped, opened and proved to be those.
 */
#ifndef SLIPROBE_HELPER_MAPPED_H
#define SLIPROBE_HELPER_MAPPED_H

#include <linux/types.h>
#include <time.h>

#include "abi/identity.h"
#include "helper/maps.h"

/*
 * Opens /proc/TGID of the process that began at `start_ns` of CLOCK_MONOTONIC; 0: of whichever has that number. Returns
 * a descriptor; or -errno: -ESRCH if it has ended.
 */
int mapped_process(__u32 tgid, __u64 start_ns);

/* When it began, in ticks since the boot (proc_pid_stat(5), 22). Returns 0 or -errno. */
int mapped_began(int process, __u64 *ret_ticks);

/* Of a stat file's text. For tests. Returns 0 or -EINVAL. */
int mapped_began_in(const char *stat, __u64 *ret_ticks);

/* Whether a process that began at those ticks can be the one of start_ns. suspended_ns: of this boot, so far. */
bool mapped_is_start(__u64 ticks, __u64 ticks_per_second, __u64 start_ns, __u64 suspended_ns);

/* Adds the files that it has mapped. Returns 0 or -errno. */
int mapped_files(int process, struct maps *maps);

/*
 * Which of its files is its executable, by the path, as the kernel tells both: nothing is opened. NULL: none of them is,
 * or it has none, as a thread of the kernel.
 */
const struct maps_file *mapped_executable(int process, const struct maps *maps);

/*
 * Opens a file that the process has mapped, for reading: as it sees it, or by the mapping itself, where this process
 * may. What comes out is proved to be the mapped one. Returns a descriptor; or -errno: -ESTALE if another file, or
 * none, is at its path now.
 */
int mapped_open(int process, const struct maps_file *file);

/* As maps name it. */
static inline struct maps_id mapped_id(const struct file_id *file)
{
	return (struct maps_id){.ino = file->ino, .dev = file->dev};
}

/* Not so if the number is used again, for another file. */
bool mapped_same_file(const struct file_id *a, const struct file_id *b);

/* The part of a path below a root; all of it, if it does not lie there. For tests. */
const char *mapped_below(const char *root, const char *path);

/* What is known of a file that is open for reading. */
struct mapped_state {
	struct file_id id;
	struct timespec changed; /* ctime: any write moves it */
	__u64 size;
};

/* Returns 0 or -errno. */
int mapped_state(int fd, struct mapped_state *ret);

#endif
