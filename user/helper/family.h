/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that serve together: of one executable, and parent, child or sibling of each other. */
#ifndef SLIPROBE_HELPER_FAMILY_H
#define SLIPROBE_HELPER_FAMILY_H

#include <linux/types.h>

/* Of a stat file's text (proc_pid_stat(5)): field 4. 0: there is none. */
__u32 family_parent_in(const char *stat);

typedef void family_fn(void *context, __u32 tgid);

/* Calls fn() for each other process of the family of `tgid`. */
void family_each(__u32 tgid, family_fn *fn, void *context);

#endif
