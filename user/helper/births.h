/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that were forked since the last look: a server's workers, perhaps. Those that have executed no other program
 * neither listen nor look at their own code, so that they can be probed before they serve.
 */
#ifndef SLIPROBE_HELPER_BIRTHS_H
#define SLIPROBE_HELPER_BIRTHS_H

#include <linux/types.h>
#include <stdbool.h>

struct births {
	__u32 last; /* id that was given out last; 0: nobody has looked yet */
};

/* Of a text of /proc/loadavg (proc_loadavg(5)): the process id that was given out last. 0: there is none. */
__u32 births_last_in(const char *loadavg);

struct birth {
	__u32 tgid, parent;
	bool executed; /* a program, since it was forked */
};

/* Of a stat file's text: all but the id. Returns false if that is not there. */
bool births_read(const char *stat, struct birth *ret);

/* Whether `id` can have been given out behind `before`, and up to `now`: they begin anew at the highest one. */
bool births_is_new(__u32 id, __u32 before, __u32 now);

typedef void births_fn(void *context, const struct birth *birth);

/* Calls fn() for each of them. The first time it only notes how far ids have got. */
void births_each(struct births *births, births_fn *fn, void *context);

#endif
