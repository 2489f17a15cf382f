/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ids: numbers for names, 1, 2, ... in the order first asked for. They last as long as the agent.
 */
#ifndef SLIPROBE_BASE_IDS_H
#define SLIPROBE_BASE_IDS_H

#include <linux/types.h>

struct ids;

/* `max`: the highest id. Returns 0 or -ENOMEM. */
int ids_new(__u32 max, struct ids **ret);
void ids_free(struct ids *ids);

/* The name's id; a name not met before gets the next one. 0: `max` are given out, or no memory. */
__u32 ids_number(struct ids *ids, const char *name);

/* The name with that id, valid as long as `ids`; NULL if the id is not given out. */
const char *ids_name(const struct ids *ids, __u32 number);

#endif
