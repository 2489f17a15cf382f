/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names given numbers that last as long as the agent: 1, 2, ... in the order first asked for.
 */
#ifndef SLIPROBE_BASE_IDS_H
#define SLIPROBE_BASE_IDS_H

#include <linux/types.h>

struct names;

/* `max`: the highest number to give out. Returns 0 or -ENOMEM. */
int names_new(__u32 max, struct names **ret);
void names_free(struct names *names);

/* The name's number, a new one if need be; 0 if there are no more, or no memory. */
__u32 names_number(struct names *names, const char *name);

/* The name of a number given out, else NULL. Stays valid as long as `names`. */
const char *names_name(const struct names *names, __u32 number);

#endif
